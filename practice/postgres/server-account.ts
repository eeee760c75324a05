import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The operating system account that PostgreSQL runs under when Cutover itself runs as root. */
export interface ServerAccount {
  uid: number;
  gid: number;
}

async function lookUp(name: string): Promise<ServerAccount | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined;
  }
}

async function findOrCreate(): Promise<ServerAccount> {
  const existing = await lookUp('postgres');
  if (existing !== undefined) return existing;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  } catch {
    // A system without useradd still has nobody, and PostgreSQL only refuses root.
  }
  const account = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (account === undefined) {
    throw new Error(
      'PostgreSQL refuses to run as root, and there is neither a user "postgres" nor "nobody" here.',
    );
  }
  return account;
}

let cached: Promise<ServerAccount> | undefined;

/**
 * The account to start PostgreSQL under: undefined means the present user, which is right for everyone but root.
 * As root it is `postgres`, made when it is missing, or else `nobody`.
 */
export async function serverAccount(): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  cached ??= findOrCreate();
  return cached;
}

/** Whether the account may pass through every folder down to and including `path`. Always true for the present user. */
export async function canEnter(path: string, account: ServerAccount | undefined): Promise<boolean> {
  if (account === undefined) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bit =
      uid === account.uid ? constants.S_IXUSR : gid === account.gid ? constants.S_IXGRP : constants.S_IXOTH;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** A folder for temporary files that the account can enter: the system's own where possible. */
export async function enterableTemporaryFolder(account: ServerAccount | undefined): Promise<string> {
  for (const folder of [tmpdir(), '/tmp', '/var/tmp', '/dev/shm']) {
    try {
      await access(folder, constants.W_OK);
      if (await canEnter(folder, account)) return folder;
    } catch {
      // Not there or not writable: the next one may be.
    }
  }
  throw new Error('No temporary folder that the PostgreSQL account can enter. Set TMPDIR to one.');
}
