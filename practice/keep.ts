import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive } from './postgres/scratch';
import { canEnter, serverAccount } from './postgres/server-account';

const portsSchema = z.object({
  legacy: z.number(),
  managed: z.number(),
  supabase: z.number(),
  minio: z.number(),
  r2: z.number(),
  ssh: z.number(),
});

const stateSchema = z.object({
  version: z.literal(1),
  /** Set once the objects are in: a start that was stopped half-way puts them in again. */
  objectsSeeded: z.boolean(),
  ports: portsSchema,
});
export type KeptState = z.infer<typeof stateSchema>;

/** Where the parts of an environment lie. */
export interface PracticeFolders {
  workspace: string;
  legacyData: string;
  managedData: string;
  minio: string;
  r2: string;
}

const stateFile = 'practice-state.json';

/** What an earlier start left in a kept folder. Undefined for a new or unreadable one. */
export async function readKeptState(keep: string): Promise<KeptState | undefined> {
  try {
    return stateSchema.safeParse(JSON.parse(await readFile(join(keep, stateFile), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

export async function writeKeptState(keep: string, state: KeptState): Promise<void> {
  await writeFile(join(keep, stateFile), `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

const lockFile = 'practice.pid';

/**
 * Takes a kept folder for this process; the returned function gives it back.
 *
 * @throws Error when another process that still runs has it.
 */
export async function lockKept(keep: string): Promise<() => Promise<void>> {
  const path = join(keep, lockFile);
  await mkdir(keep, { recursive: true });
  const owner = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  if (!Number.isNaN(owner) && owner !== process.pid && isAlive(owner)) {
    throw new Error(
      `process ${owner} is using ${keep}; stop it, or remove ${path} when it is another program`,
    );
  }
  await writeFile(path, `${process.pid}\n`, { mode: 0o600 });
  return () => rm(path, { force: true });
}

/**
 * Where the clusters of a kept environment lie: in the folder itself, or, when the account of PostgreSQL may not enter
 * that (a folder under root's home), in one of /var/tmp that belongs to it.
 */
async function clusterFolder(keep: string): Promise<string> {
  const account = await serverAccount();
  const real = await realpath(keep);
  if (account === undefined || (await canEnter(real, account))) return keep;
  const folder = join(
    '/var/tmp',
    `cutover-kept-${createHash('sha256').update(real).digest('hex').slice(0, 16)}`,
  );
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  return folder;
}

/** Lays out the folders of an environment; `root` is kept or thrown away by the caller. */
export async function practiceFolders(root: string): Promise<PracticeFolders> {
  await mkdir(root, { recursive: true });
  const clusters = await clusterFolder(root);
  const folders = {
    workspace: join(root, 'workspace'),
    legacyData: join(clusters, 'postgres-15'),
    managedData: join(clusters, 'postgres-17'),
    minio: join(root, 'minio'),
    r2: join(root, 'r2'),
  };
  for (const folder of [folders.workspace, folders.minio, folders.r2]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  return folders;
}
