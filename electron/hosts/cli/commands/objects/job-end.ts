import type { BucketJob } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import type { Session } from '../../session';
import { count } from '#shared/model/counted';

/** Follows a long act to its end, and tells what became of it; stops it when the command is stopped. */
export async function jobEnd(
  { output, signal }: CommandContext,
  { handlers }: Session,
  { jobId }: { jobId: string },
): Promise<ExitCode> {
  let last: BucketJob | undefined;
  const context = { signal: new AbortController().signal };
  const stop = () => void handlers['buckets.stopJob']({ jobId }, context).catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const { event } of handlers['buckets.watchJob']({ jobId }, { ...context, after: -1 })) {
      last = event;
      const { done, total } = event;
      output.progress(`${count(done)}${total === undefined ? '' : ` of ${count(total)}`} objects`);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (last === undefined) throw new AppError('CANCELLED', 'The work was stopped.');
  if (last.state === 'failed' && last.error !== undefined) throw AppError.fromShape(last.error);
  await output.document(last);
  const { done, failed, skipped, failures, error, state } = last;
  output.line(
    [
      `${count(done)} objects done`,
      ...(skipped === 0 ? [] : [`${count(skipped)} were there already`]),
      ...(failed === 0 ? [] : [`${count(failed)} failed`]),
    ].join(', '),
  );
  for (const { key, message } of failures) output.line(`  ${output.paint('bad', key)}  ${message}`);
  if (error !== undefined) output.note(error.message);
  if (state === 'stopped') return exitCodes.cancelled;
  return state === 'done' ? exitCodes.done : exitCodes.failed;
}
