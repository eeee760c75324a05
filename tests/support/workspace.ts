import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A new workspace folder that holds no setting. The caller removes it. */
export async function newWorkspace(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-workspace-'));
  await writeFile(path.join(folder, 'workspace.json'), JSON.stringify({ version: 1, name, values: {} }));
  return folder;
}
