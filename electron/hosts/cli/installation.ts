import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

/** Where the parts of this installation are. */
export interface Installation {
  version: string;
  /** Folder of the program and of the templates that ship with it. */
  root: string;
  /** Folder of the built page. */
  pageDir: string;
  /** The practice environment's program; undefined in an installation without it. */
  practice: string | undefined;
}

const packageSchema = z.object({ name: z.literal('cutover'), version: z.string() });

/** Finds the installation that this program belongs to, built or from its sources. */
export function findInstallation(): Installation {
  let folder = import.meta.dirname;
  for (;;) {
    const version = versionIn(folder);
    if (version !== undefined) {
      const practice = path.join(folder, 'out/practice/practice.js');
      return {
        version,
        root: folder,
        pageDir: path.join(folder, 'out/renderer'),
        practice: existsSync(practice) ? practice : undefined,
      };
    }
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('The installation has no package.json.');
    folder = parent;
  }
}

function versionIn(folder: string): string | undefined {
  const file = path.join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  const parsed = packageSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  return parsed.success ? parsed.data.version : undefined;
}

/** Where Cutover keeps what belongs to no workspace: `CUTOVER_HOME`, or the place that the operating system has for it. */
export function dataFolder(env: Readonly<Record<string, string | undefined>>): string {
  const given = (name: string) => (env[name] === '' ? undefined : env[name]);
  const own = given('CUTOVER_HOME');
  if (own !== undefined) return path.resolve(own);
  const home = homedir();
  if (process.platform === 'win32') {
    return path.join(given('APPDATA') ?? path.join(home, 'AppData', 'Roaming'), 'Cutover');
  }
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Cutover');
  return path.join(given('XDG_DATA_HOME') ?? path.join(home, '.local', 'share'), 'cutover');
}
