import { parseArgs } from 'node:util';
import { z } from 'zod';
import { AppError, isCancelled, type ErrorShape } from '#shared/model/errors';
import { startPractice, type Practice } from './start-practice';

/** What the child process tells its parent over the IPC channel. */
export type PracticeMessage =
  | { type: 'progress'; message: string }
  | { type: 'ready'; env: Record<string, string>; envFile: string; workspace: string }
  | { type: 'failed'; error: ErrorShape };

const commandSchema = z.object({ type: z.literal('stop') });

function tell(message: PracticeMessage): void {
  if (process.connected) process.send?.(message);
}

function describeFailure(error: unknown): ErrorShape {
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('PRACTICE_UNAVAILABLE', `The practice environment did not start: ${message}`, {
    hint: 'Run npm ci so that the PostgreSQL binaries are installed, and check the free space of the temporary folder.',
    retryable: true,
  }).toShape();
}

/**
 * Runs the environment as a child process (`node practice.js --child [--keep DIR] [--scale 0..1]`, started with an IPC channel). It
 * stops on `{type: 'stop'}`, when the channel closes, and on SIGTERM, SIGINT and SIGHUP.
 */
export async function runPracticeChild(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { child: { type: 'boolean' }, keep: { type: 'string' }, scale: { type: 'string' } },
  });
  // The pinned SDK works on every Node that the project supports; its forecast about later ones would stand in the operator's terminal.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const controller = new AbortController();
  let practice: Practice | undefined;
  let ending: Promise<never> | undefined;
  const end = (): void => {
    controller.abort();
    // Before it is ready, the start itself notices the abort and cleans up.
    if (practice !== undefined) ending ??= practice.stop().then(() => process.exit(0));
  };
  process.on('message', (message) => {
    if (commandSchema.safeParse(message).success) end();
  });
  process.on('disconnect', end);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);

  try {
    practice = await startPractice({
      keep: values.keep,
      scale: values.scale === undefined ? undefined : z.coerce.number().min(0).max(1).parse(values.scale),
      signal: controller.signal,
      onProgress: (message) => {
        tell({ type: 'progress', message });
      },
    });
  } catch (error) {
    if (controller.signal.aborted && isCancelled(error)) process.exit(0);
    tell({ type: 'failed', error: describeFailure(error) });
    process.exitCode = 1;
    if (process.connected) process.disconnect();
    return;
  }
  if (controller.signal.aborted) end();
  else tell({ type: 'ready', env: practice.env, envFile: practice.envFile, workspace: practice.workspace });
}
