import { AppError } from '#shared/model/errors';
import { isSettled, outcomeClass } from '#shared/model/run-view';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodeOfOutcome, exitCodes } from '../exit-codes';
import { resumeCommand } from '../run-text';
import { type SessionOptions, withSession } from '../session';

/** Cancels a run, whoever executes it, and waits until it has stopped. Without a run: the one that is under way. */
export function cancel(
  context: CommandContext,
  runId: string | undefined,
  options: SessionOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'none', runId }, async ({ handlers }) => {
    const list = runId === undefined ? await handlers['runs.list']({}, { signal }) : [];
    const chosen = runId ?? list.find((run) => !isSettled(run.state))?.id;
    if (chosen === undefined) {
      throw new AppError('RUN_NOT_RUNNING', 'No run of this workspace is under way.', {
        hint: 'List the runs with cutover runs.',
      });
    }
    await handlers['runs.cancel']({ runId: chosen }, { signal });
    output.note(`Cancelling ${chosen}.`);
    // Read to its end: the stream ends when the run has settled.
    for await (const _event of handlers['runs.watch']({ runId: chosen }, { signal, after: -1 }));
    const view = await handlers['runs.get']({ runId: chosen }, { signal });
    await output.document({ runId: chosen, state: view.state });
    output.line(`Run ${chosen}: ${view.state}.`);
    const outcome = outcomeClass(view);
    if (outcome === 'cancelled') {
      output.line(`Resume it with: ${resumeCommand(chosen, options)}`);
      return exitCodes.done;
    }
    // It ended by itself before the request reached it.
    return outcome === undefined ? exitCodes.failed : exitCodeOfOutcome(outcome);
  });
}
