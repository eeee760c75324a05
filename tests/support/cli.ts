import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { cliPath, testHome } from './practice';

export interface CliResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Variables that a `cutover` child gets: only what a shell always has, plus the given ones. */
export function cleanEnv(extra: Record<string, string> = {}): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  return {
    PATH,
    HOME,
    CUTOVER_HOME: testHome,
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    NO_COLOR: '1',
    // A service that a test takes away is not waited for.
    CUTOVER_RECONNECT_SECONDS: '1',
    ...extra,
  };
}

export function spawnCli(
  args: readonly string[],
  env: Record<string, string>,
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--', cliPath, ...args], { env: cleanEnv(env), stdio: 'pipe' });
  child.stdin.end();
  return child;
}

/** Waits for a child and collects what it printed. */
export async function finished(child: ChildProcessWithoutNullStreams): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = z
    .tuple([z.number().nullable(), z.string().nullable()])
    .parse(await once(child, 'close'));
  return { code, signal, stdout, stderr };
}

/** Runs `cutover` to its end. */
export function runCli(args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  return finished(spawnCli(args, env));
}

const errorDocument = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});

/** The error that a `--json` command printed. */
export function errorOf(result: CliResult): z.infer<typeof errorDocument>['error'] {
  const line = result.stdout.trim().split('\n').at(-1) ?? '';
  return errorDocument.parse(JSON.parse(line)).error;
}
