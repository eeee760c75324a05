import { AppError } from '#shared/model/errors';
import { failedObjectsOf } from '#shared/model/failed-objects';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { resumeCommand } from '../run-text';
import { type SessionOptions, withSession } from '../session';
import { table } from '../text';

/** Lists the objects that a run could not copy; without a run, of the newest. */
export function objectsFailed(
  context: CommandContext,
  runId: string | undefined,
  options: SessionOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'none', runId }, async (session) => {
    const [newest] = runId === undefined ? await session.handlers['runs.list']({}, { signal }) : [];
    const chosen = runId ?? newest?.id;
    if (chosen === undefined) {
      throw new AppError('NOT_FOUND', 'This workspace has no run.', { hint: 'Start one with cutover run.' });
    }
    const failed = failedObjectsOf(await session.handlers['runs.get']({ runId: chosen }, { signal }));
    await output.document(failed);
    if (failed.length === 0) {
      output.line(`Run ${chosen} has no object that failed.`);
      return exitCodes.done;
    }
    const rows = failed.map(({ bucket, key, code }) => [bucket, key, code]);
    for (const line of table([['bucket', 'key', 'reason'], ...rows])) output.line(line);
    output.note(`Take them again with: ${resumeCommand(chosen, options)}`);
    return exitCodes.failed;
  });
}
