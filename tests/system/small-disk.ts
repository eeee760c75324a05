import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from '../../practice/postgres/server-account';

const run = promisify(execFile);

/** A disk of its own size, in memory. */
export interface SmallDisk {
  /** An empty folder on the disk that belongs to the account PostgreSQL runs under. */
  folder: string;
  enlarge(megabytes: number): Promise<void>;
  /** Takes the disk away. Nothing may have a file of it open. */
  remove(): Promise<void>;
}

/**
 * Mounts a disk of so many megabytes and, where given, of so many files.
 *
 * @throws Error when this process may not mount.
 */
export async function mountSmallDisk(megabytes: number, inodes?: number): Promise<SmallDisk> {
  const account = await serverAccount();
  if (account === undefined) throw new Error('This test mounts a small disk: run it as root.');
  const mountPoint = await mkdtemp(path.join(tmpdir(), 'cutover-small-disk-'));
  const bounds = [`size=${megabytes}m`, 'mode=711', ...(inodes === undefined ? [] : [`nr_inodes=${inodes}`])];
  await run('mount', ['-t', 'tmpfs', '-o', bounds.join(','), 'tmpfs', mountPoint]);
  await chmod(mountPoint, 0o711);
  const folder = path.join(mountPoint, 'files');
  await mkdir(folder, { mode: 0o700 });
  await chown(folder, account.uid, account.gid);
  return {
    folder,
    enlarge: async (size) => {
      await run('mount', ['-o', `remount,size=${size}m`, mountPoint]);
    },
    remove: async () => {
      await run('umount', [mountPoint]);
      await rmdir(mountPoint);
    },
  };
}
