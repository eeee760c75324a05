import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { runCommandLine } from '../../electron/hosts/cli/command-line';
import { findInstallation, type Installation } from '../../electron/hosts/cli/installation';
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

/** Runs a command line inside of this process: quick, and all but signals and the process's own end is the same. */
export async function runInProcess(
  args: readonly string[],
  env: Record<string, string>,
  options: {
    signal?: AbortSignal;
    installation?: Partial<Installation>;
    onStdout?: (text: string) => void;
  } = {},
): Promise<CliResult> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string, done?: (error?: Error | null) => void) => {
      written[name] += text;
      if (name === 'stdout') options.onStdout?.(text);
      done?.();
      return true;
    },
  });
  const code = await runCommandLine({
    args,
    env,
    installation: { ...findInstallation(), ...options.installation },
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    terminal: undefined,
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, signal: null, ...written };
}
