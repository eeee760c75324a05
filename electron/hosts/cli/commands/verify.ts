import { AppError } from '#shared/model/errors';
import { isSettled, outcomeClass } from '#shared/model/run-view';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodeOfOutcome, exitCodes } from '../exit-codes';
import { printStep } from '../run-text';
import { type Session, type SessionOptions, withSession } from '../session';

/** Compares both sides of a finished run again. Without a run: the newest that has ended. */
export function verify(
  context: CommandContext,
  runId: string | undefined,
  options: SessionOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask', runId }, async (session) => {
    const { handlers } = session;
    const chosen = runId ?? (await newestEnded(session, signal));
    output.progress(`Comparing both sides of ${chosen}`);
    const onAbort = () => {
      handlers['runs.cancel']({ runId: chosen }, { signal: new AbortController().signal }).catch(
        () => undefined,
      );
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const view = await handlers['runs.verify']({ runId: chosen }, { signal });
    signal.removeEventListener('abort', onAbort);
    await output.document(view);
    for (const step of view.steps) printStep(output, step);
    if (!output.json && view.error !== undefined) await output.error(view.error);
    const outcome = outcomeClass(view);
    return outcome === undefined ? exitCodes.failed : exitCodeOfOutcome(outcome);
  });
}

async function newestEnded({ handlers }: Session, signal: AbortSignal): Promise<string> {
  const list = await handlers['runs.list']({}, { signal });
  const ended = list.filter((run) => isSettled(run.state));
  const newest = ended.find(
    (run) => run.state.startsWith('succeeded') || run.error?.code === 'VERIFICATION_DIFFERS',
  );
  if (newest !== undefined) return newest.id;
  throw new AppError('NOT_FOUND', 'This workspace has no run that came to its end.', {
    hint: 'Start one with cutover run, or name a run.',
  });
}
