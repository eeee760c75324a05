import { readFile, readlink } from 'node:fs/promises';
import { z } from 'zod';
import { systemCode } from './run-files';

export const processIdentitySchema = z.object({
  /** The boot and the process namespace within which `pid` means something. */
  scope: z.string(),
  pid: z.number().int(),
  /** When the process started, in the kernel's ticks: tells a process from a later one with the same number. */
  start: z.string(),
});
/** Names one process for as long as the machine is up. */
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

async function scope(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
}

async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The command's name, in brackets, may hold anything; the fields after it are plain. A zombie works no more.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
}

/** This process, where the system can tell (Linux); undefined elsewhere. */
export async function ownIdentity(): Promise<ProcessIdentity | undefined> {
  try {
    return { scope: await scope(), pid: process.pid, start: await startOf(process.pid) };
  } catch {
    return undefined;
  }
}

/** Whether a process provably lives or is provably gone; `unknown` from another machine, container or boot. */
export async function livenessOf(
  identity: ProcessIdentity | undefined,
): Promise<'alive' | 'dead' | 'unknown'> {
  if (identity === undefined) return 'unknown';
  try {
    if ((await scope()) !== identity.scope) return 'unknown';
  } catch {
    return 'unknown';
  }
  try {
    return (await startOf(identity.pid)) === identity.start ? 'alive' : 'dead';
  } catch {
    return isGone(identity.pid) ? 'dead' : 'unknown';
  }
}

/** Asks the kernel: `/proc` alone may hide the processes of other users. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}
