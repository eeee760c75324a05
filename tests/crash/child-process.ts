import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const lineSchema = z.object({
  runId: z.string().optional(),
  state: z.string().optional(),
  error: z.string().optional(),
});

export interface Child {
  readonly process: ChildProcess;
  /** The run's id once it has begun; rejects with the error's code. */
  readonly begun: Promise<string>;
  /** How the process ended: the signal that killed it, or the last state or error code that it printed. */
  readonly ended: Promise<string | undefined>;
  /** Ends the process at once. */
  kill(): Promise<void>;
}

export interface ChildInput {
  workspace: string;
  host: string;
  pace: number;
  resume?: string;
  killAt?: { type: string; how: 'torn' | 'after' };
  behaviour?: { deaf: number };
}

/** Starts a process that runs or resumes. */
export function startChild(input: ChildInput): Child {
  const script = fileURLToPath(new URL('child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: z.infer<typeof lineSchema>[] = [];
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('close', (_code, signal) => {
      const last = lines.at(-1);
      resolve(signal ?? last?.state ?? last?.error);
    });
  });
  const begun = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = lineSchema.parse(JSON.parse(text));
      lines.push(line);
      if (line.runId !== undefined) resolve(line.runId);
      if (line.error !== undefined) reject(new Error(line.error));
    });
    void ended.then((how) =>
      reject(new Error(`The process ended before its run began: ${how ?? 'silently'}`)),
    );
  });
  // Not every test waits for the start.
  begun.catch(() => undefined);
  return {
    process: child,
    begun,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
