import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { accepts, type Program, run, startProgram } from './program';

/** What Next puts into the pages while it builds. */
export interface PageSettings {
  NEXT_PUBLIC_SUPABASE_URL: string;
  NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY: string;
  NEXT_PUBLIC_API_URL: string;
}

const environment = (folder: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  NODE_ENV: 'production',
  NEXT_TELEMETRY_DISABLED: '1',
  // A browser's profile and other caches stay in the test's own folder.
  XDG_CACHE_HOME: join(folder, '.cache'),
});

const packageSchema = z.looseObject({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

/** Installs the application's packages as its lock file names them, where it has one, or with these versions in the place of its own. */
export async function installPackages(
  folder: string,
  versions: Record<string, string> = {},
  { locked }: { locked: boolean } = { locked: true },
): Promise<void> {
  const file = join(folder, 'package.json');
  const { dependencies, devDependencies, ...rest } = packageSchema.parse(
    JSON.parse(await readFile(file, 'utf8')),
  );
  const changed = (list: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(list).map(([name, version]) => [name, versions[name] ?? version]));
  const own = Object.keys(versions).length === 0;
  if (!own) {
    const content = {
      ...rest,
      dependencies: changed(dependencies),
      devDependencies: changed(devDependencies),
    };
    await writeFile(file, JSON.stringify(content, undefined, 2));
  }
  await run('npm', [own && locked ? 'ci' : 'install', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: folder,
    env: environment(folder),
  });
}

/** Builds the application and puts together what its image holds. Gives the folder to run in. */
export async function buildApp(folder: string, settings: PageSettings): Promise<string> {
  await mkdir(join(folder, 'public'), { recursive: true });
  await run('npm', ['run', 'build'], { cwd: folder, env: { ...environment(folder), ...settings } });
  const image = join(folder, 'image');
  await cp(join(folder, '.next/standalone'), image, { recursive: true, verbatimSymlinks: true });
  await cp(join(folder, '.next/static'), join(image, '.next/static'), { recursive: true });
  await cp(join(folder, 'public'), join(image, 'public'), { recursive: true });
  await cp(join(folder, 'start.mjs'), join(image, 'start.mjs'));
  return image;
}

/** Runs a script of the application's package.json. */
export const runScript = (folder: string, name: string): Promise<string> =>
  run('npm', ['run', name], { cwd: folder, env: environment(folder) });

/** Starts a built application as its image does. */
export const startApp = (image: string, port: number): Promise<Program> =>
  startProgram('node', ['start.mjs'], {
    cwd: image,
    env: {
      ...environment(image),
      HOSTNAME: '127.0.0.1',
      PORT: String(port),
      APP_VERSION: '1.4.2',
      DRAIN_SECONDS: '2',
    },
    ready: () => accepts(port),
  });
