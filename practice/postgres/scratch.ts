import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { enterableTemporaryFolder, serverAccount } from './server-account';
import { guard } from './watchdog';

const prefix = 'cutover-practice-';
const ownerFile = 'owner.pid';

/** A throwaway folder that the PostgreSQL account can enter. */
export interface Scratch {
  path: string;
  remove(): Promise<void>;
}

/** Whether a process with this id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Removes what a killed start left behind, when its watchdog was killed as well: folders of ours whose process is gone. */
export async function sweepLeftovers(): Promise<void> {
  const parent = await enterableTemporaryFolder(await serverAccount());
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(parent, name);
    try {
      if (process.getuid !== undefined && (await stat(folder)).uid !== process.getuid()) continue;
      const owner = Number.parseInt(await readFile(join(folder, ownerFile), 'utf8'), 10);
      if (!Number.isNaN(owner) && !isAlive(owner)) await rm(folder, { recursive: true, force: true });
    } catch {
      // Another start may be sweeping too, or the folder is not one of ours.
    }
  }
}

/** Makes a throwaway folder; it is removed by {@link Scratch.remove}, or by the watchdog when this process dies. */
export async function createScratch(): Promise<Scratch> {
  const path = await mkdtemp(join(await enterableTemporaryFolder(await serverAccount()), prefix));
  const release = guard({ kind: 'folder', path });
  await writeFile(join(path, ownerFile), String(process.pid));
  // The server's account passes through to its own folder, and can list nothing on the way.
  await chmod(path, 0o711);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      release();
    },
  };
}
