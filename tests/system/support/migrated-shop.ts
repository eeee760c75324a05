import { z } from 'zod';
import { type Practice, startPractice } from '../../../practice/start-practice';
import { runCli } from '../../support/cli';

/** The practice environment after a migration by the command line: what a new application runs against. */
export async function startMigratedShop(): Promise<Practice> {
  const practice = await startPractice({
    signal: new AbortController().signal,
    onProgress: () => undefined,
    scale: 0.01,
    rateLimits: false,
  });
  try {
    const run = await runCli(
      ['run', '--yes', '--json', '--workspace', practice.workspace, '--env-file', practice.envFile],
      {},
    );
    if (run.code !== 0) throw new Error(`The migration failed\n${run.stdout.slice(-4000)}\n${run.stderr}`);
    return practice;
  } catch (error) {
    await practice.stop();
    throw error;
  }
}

/** A value of the practice environment. */
export function valueOf(practice: Practice, name: string): string {
  return z.string({ error: `The practice environment does not give ${name}.` }).parse(practice.env[name]);
}
