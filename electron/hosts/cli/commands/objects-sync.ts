import { AppError } from '#shared/model/errors';
import { formatBytes } from '#shared/model/format-bytes';
import type { BucketDelta } from '../../../core/services/objects/sync-bucket';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { confirm, confirmTyped } from '../prompt';
import { type Session, type SessionOptions, withSession } from '../session';
import { count } from '#shared/model/counted';
import { table } from '../text';

export interface ObjectsSyncOptions extends SessionOptions {
  bucket?: string[];
  dryRun?: boolean;
  delete?: boolean;
  yes?: boolean;
}

/** Brings the copies of the source's buckets up to date: copies what is new or different, and with `delete` removes what is gone. */
export function objectsSync(context: CommandContext, options: ObjectsSyncOptions): Promise<ExitCode> {
  const { output, terminal } = context;
  const asks = options.dryRun !== true && options.yes !== true;
  if (asks && (terminal === undefined || output.json)) {
    throw new AppError('INVALID_INPUT', 'A sync writes to the target, and there is no terminal to ask on.', {
      hint: 'Look at what it would do with --dry-run, then add --yes.',
    });
  }
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    if (options.dryRun === true || asks) {
      const deltas = await compare(context, session, options);
      if (options.dryRun === true) await output.document({ dryRun: true, buckets: deltas });
      printDeltas(context, deltas, options);
      if (options.dryRun === true) return exitCodes.done;
      if (!(await agreed(context, deltas, options))) {
        output.line('Nothing was written.');
        return exitCodes.cancelled;
      }
    }
    return write(context, session, options);
  });
}

async function compare(
  { output, signal }: CommandContext,
  { core }: Session,
  { bucket }: ObjectsSyncOptions,
): Promise<BucketDelta[]> {
  const { buckets } = await core.objects().sync(
    {
      buckets: bucket,
      onProgress: (deltas) => output.progress(`Comparing, ${count(seenOf(deltas))} keys`),
    },
    signal,
  );
  return buckets;
}

async function agreed(
  { output, terminal, signal }: CommandContext,
  deltas: readonly BucketDelta[],
  options: ObjectsSyncOptions,
): Promise<boolean> {
  if (terminal === undefined) return false;
  const gone = deltas.reduce((sum, delta) => sum + delta.gone, 0);
  output.line();
  if (options.delete !== true || gone === 0) return confirm(terminal, 'Bring the target up to date?', signal);
  output.line(`${count(gone)} objects that the source no longer has will be deleted on the target for good.`);
  return confirmTyped(terminal, `Type ${gone} to delete them and copy the rest: `, String(gone), signal);
}

async function write(
  { output, signal }: CommandContext,
  { core }: Session,
  options: ObjectsSyncOptions,
): Promise<ExitCode> {
  const { buckets, failed } = await core.objects().sync(
    {
      buckets: options.bucket,
      write: { delete: options.delete === true },
      onProgress: (deltas) => {
        const copied = deltas.reduce((sum, delta) => sum + delta.copied, 0);
        output.progress(`${count(seenOf(deltas))} keys, ${count(copied)} copied`);
      },
    },
    signal,
  );
  await output.document({ dryRun: false, buckets });
  const rows = buckets.map((delta) => [
    `${delta.source} → ${delta.target}`,
    count(delta.same),
    count(delta.copied),
    count(delta.deleted),
    count(delta.failed.length),
  ]);
  for (const line of table([['bucket', 'same', 'copied', 'deleted', 'failed'], ...rows], [1, 2, 3, 4]))
    output.line(line);
  if (failed.length === 0) return exitCodes.done;
  output.note(`${count(failed.length)} objects failed. The same command takes them again:`);
  for (const { bucket, key, code } of failed) output.note(`  ${bucket}/${key}  ${code}`);
  return exitCodes.failed;
}

function printDeltas(
  { output }: CommandContext,
  deltas: readonly BucketDelta[],
  options: ObjectsSyncOptions,
): void {
  const rows = deltas.map((delta) => [
    `${delta.source} → ${delta.target}${delta.absent ? ' (to be made)' : ''}`,
    count(delta.same),
    count(delta.missing),
    count(delta.different),
    count(delta.gone),
    formatBytes(delta.bytes),
  ]);
  for (const line of table(
    [['bucket', 'same', 'new', 'different', 'gone', 'to copy'], ...rows],
    [1, 2, 3, 4, 5],
  ))
    output.line(line);
  for (const { source, examples } of deltas) {
    for (const [kind, keys] of Object.entries(examples))
      for (const key of keys) output.line(output.paint('dim', `  ${kind}  ${source}/${key}`));
  }
  const byTime = deltas.reduce((sum, delta) => sum + delta.sameByTime, 0);
  if (byTime > 0) {
    output.line(
      `${count(byTime)} objects have ETags that can't be compared and count as the same because the source was not written to since. cutover objects verify reads them.`,
    );
  }
  const gone = deltas.reduce((sum, delta) => sum + delta.gone, 0);
  if (gone > 0 && options.delete !== true)
    output.line(`${count(gone)} objects are on the target only; they stay, unless --delete is given.`);
}

function seenOf(deltas: readonly BucketDelta[]): number {
  return deltas.reduce((sum, delta) => sum + delta.same + delta.missing + delta.different + delta.gone, 0);
}
