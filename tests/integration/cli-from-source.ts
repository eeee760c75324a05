import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { type CliResult, cleanEnv, finished } from '../support/cli';

const entry = path.resolve(import.meta.dirname, '../../electron/hosts/cli.ts');

/** Starts the command line from its sources, so that no build can be out of date. */
export function spawnSource(
  args: readonly string[],
  env: Record<string, string>,
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--import', 'tsx', '--', entry, ...args], {
    env: cleanEnv(env),
    stdio: 'pipe',
  });
  child.stdin.end();
  return child;
}

/** Runs the command line from its sources to its end. */
export function runSource(args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  return finished(spawnSource(args, env));
}
