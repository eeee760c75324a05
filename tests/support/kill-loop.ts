import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { spawnCli } from './cli';

/**
 * Starts a command and kills it `delayMs` after its first line or lets it end before. The clock starts with the first journal
 * event, so that kills fall into the run and not into the start of Node.
 */
export async function runAndKill(
  args: readonly string[],
  env: Record<string, string>,
  delayMs: number,
): Promise<{ killed: boolean; code: number | null }> {
  const child = spawnCli(args, env);
  const lines = createInterface({ input: child.stdout });
  child.stderr.resume();
  let timer: NodeJS.Timeout | undefined;
  lines.once('line', () => {
    timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  const [code, signal] = z
    .tuple([z.number().nullable(), z.string().nullable()])
    .parse(await once(child, 'close'));
  clearTimeout(timer);
  return { killed: signal === 'SIGKILL', code };
}
