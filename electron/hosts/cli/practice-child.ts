import { type ChildProcess, fork } from 'node:child_process';
import { z } from 'zod';
import { AppError, errorShapeSchema } from '#shared/model/errors';
import { withoutSettings } from './child-env';

const readySchema = z.object({
  type: z.literal('ready'),
  env: z.record(z.string(), z.string()),
  envFile: z.string(),
  workspace: z.string(),
});
const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), message: z.string() }),
  readySchema,
  z.object({ type: z.literal('failed'), error: errorShapeSchema }),
]);

/** Databases are stopped in order; after this the child is killed. */
const stopLimitMs = 15_000;

export interface PracticeEnvironment extends Omit<z.infer<typeof readySchema>, 'type'> {
  /** Resolves when everything has stopped. */
  stop(): Promise<void>;
  /** Aborted when the environment ended by itself. */
  ended: AbortSignal;
}

/**
 * Starts the practice environment as a child process, which also stops when this process ends. Throws `PRACTICE_UNAVAILABLE` and
 * `CANCELLED`.
 */
export async function startPracticeChild(options: {
  program: string;
  keep?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  onProgress: (message: string) => void;
  signal: AbortSignal;
}): Promise<PracticeEnvironment> {
  // A process group of its own: Ctrl-C is for this process, which then stops the child in order.
  const child = fork(
    options.program,
    ['--child', ...(options.keep === undefined ? [] : ['--keep', options.keep])],
    { stdio: ['ignore', 2, 2, 'ipc'], detached: true, env: withoutSettings(options.env), execArgv: [] },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = () => stopChild(child, exited);
  const ended = new AbortController();
  void exited.then(() => ended.abort());
  try {
    const ready = await readyMessage(child, options.onProgress, options.signal);
    const { env, envFile, workspace } = ready;
    return { env, envFile, workspace, stop, ended: ended.signal };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readyMessage(
  child: ChildProcess,
  onProgress: (message: string) => void,
  signal: AbortSignal,
): Promise<z.infer<typeof readySchema>> {
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new AppError('CANCELLED', 'The practice environment was not started.'));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    child.once('error', (error) => reject(unavailable(error.message)));
    child.once('exit', (code, by) => reject(unavailable(`it ended with ${String(code ?? by)}`)));
    child.on('message', (raw) => {
      const message = messageSchema.safeParse(raw);
      if (!message.success) return;
      switch (message.data.type) {
        case 'progress':
          onProgress(message.data.message);
          return;
        case 'ready':
          signal.removeEventListener('abort', cancel);
          resolve(message.data);
          return;
        case 'failed':
          reject(AppError.fromShape(message.data.error));
          return;
      }
    });
  });
}

function unavailable(reason: string): AppError {
  return new AppError('PRACTICE_UNAVAILABLE', `The practice environment did not start: ${reason}.`, {
    hint: 'Run npm ci so that everything it needs is installed, then start it again.',
  });
}

async function stopChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (child.connected) child.send({ type: 'stop' }, () => undefined);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await exited;
  clearTimeout(timer);
}
