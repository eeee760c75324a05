import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './program';

const root = join(import.meta.dirname, '../../..');

/** The installer; many times faster than pip. */
const installer = 'uv==0.13.9';

/**
 * A Python environment with the packages of these requirement files and those named. It is kept in the checkout's cache and made anew when
 * one of them changes. Gives its `bin` folder.
 */
export async function pythonEnvironment(
  requirements: readonly string[],
  packages: readonly string[] = [],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([installer, packages]));
  for (const file of requirements) hash.update(await readFile(file));
  const cache = join(root, 'node_modules/.cache/cutover-python');
  const home = join(cache, hash.digest('hex').slice(0, 16));
  if (!existsSync(join(home, 'complete'))) {
    await rm(home, { recursive: true, force: true });
    await mkdir(cache, { recursive: true });
    const tool = join(cache, installer.replace('==', '-'));
    if (!existsSync(tool)) {
      await run('python3', ['-m', 'pip', 'install', '-q', '--no-deps', '--target', `${tool}.new`, installer]);
      await rename(`${tool}.new`, tool);
    }
    const uv = join(tool, 'bin/uv');
    await run(uv, ['venv', '-q', '--python', 'python3', home]);
    await run(uv, [
      'pip',
      'install',
      '-q',
      '--python',
      join(home, 'bin/python'),
      ...requirements.flatMap((file) => ['-r', file]),
      ...packages,
    ]);
    await mkdir(join(home, 'complete'));
  }
  return join(home, 'bin');
}
