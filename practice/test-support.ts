import { access, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether nothing is at this path any more. */
export function isGone(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    () => true,
  );
}

/** The throwaway folders of this very process: others may be running their own tests at the same time. */
export async function ownScratchFolders(): Promise<string[]> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith('cutover-practice-'));
  const owners = await Promise.all(
    names.map((name) => readFile(join(tmpdir(), name, 'owner.pid'), 'utf8').catch(() => '')),
  );
  return names.filter((_name, index) => owners[index] === String(process.pid));
}
