import { AppError, isCancelled, toAppError, type ErrorCode } from '#shared/model/errors';
import type { ObjectEntry, ObjectPorts } from '../../ports/objects';
import { shown } from './key-findings';
import type { PlannedBucket, PlannedRange, RangeOutput } from './plan';
import type { Slots } from './slots';

/** How often an object that changes under the copy is taken again. */
const takesOfChanging = 3;
const failuresShown = 20;

/** Failures that the next object would meet as well. */
const hopeless: readonly ErrorCode[] = [
  'SOURCE_LOST',
  'TARGET_LOST',
  'HOST_NOT_FOUND',
  'HOST_UNREACHABLE',
  'CONNECTION_REFUSED',
  'TLS_UNTRUSTED',
  'OBJECTS_AUTH_FAILED',
  'OBJECTS_BUCKET_NOT_FOUND',
  'OBJECTS_QUOTA_EXCEEDED',
  'OBJECTS_THROTTLED',
];

export interface CopyRangeOptions {
  ports: ObjectPorts;
  bucket: PlannedBucket;
  range: PlannedRange;
  /** An earlier attempt may have copied some of the range, and may have left uploads open. */
  begunBefore: boolean;
  /** Shared by all ranges under way. */
  slots: Slots;
  signal: AbortSignal;
  /** What the range has on the target so far, absolute. */
  onProgress: (objects: number, bytes: number) => void;
}

/**
 * Copies the objects that a range holds now. An object that fails does not stop the others; the range then fails as a
 * whole with the list. What would fail for every object stops it at once.
 */
export async function copyRange(options: CopyRangeOptions): Promise<RangeOutput> {
  const { ports, bucket, range, slots, signal } = options;
  const output: RangeOutput = { objects: 0, bytes: 0, kept: 0, vanished: [] };
  const existing = options.begunBefore ? await existingObjects(options) : new Map<string, ObjectEntry>();
  const failures = new Map<string, AppError>();
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const underWay = new Map<string, number>();
  const report = (): void => {
    options.onProgress(
      output.objects,
      [...underWay.values()].reduce((sum, bytes) => sum + bytes, output.bytes),
    );
  };

  const copy = async (entry: ObjectEntry): Promise<void> => {
    try {
      const copied = await copyCurrent(ports, bucket, entry, both, (bytes) => {
        underWay.set(entry.key, bytes);
        report();
      });
      if (copied === undefined) output.vanished.push(entry.key);
      else {
        output.objects += 1;
        output.bytes += copied;
      }
    } catch (error) {
      const failure = toAppError(error);
      if (!isCancelled(failure)) failures.set(entry.key, failure);
      if (hopeless.includes(failure.code)) stop.abort();
    } finally {
      underWay.delete(entry.key);
      report();
    }
  };

  const tasks = new Set<Promise<void>>();
  const { after, through } = range;
  try {
    for await (const entry of ports.source.list(bucket.source, { after, through }, both)) {
      const there = existing.get(entry.key);
      if (there !== undefined && there.size === entry.size && there.etag === entry.etag) {
        output.objects += 1;
        output.kept += 1;
        output.bytes += entry.size;
        report();
        continue;
      }
      const giveBack = await slots.take();
      if (both.aborted) {
        giveBack();
        break;
      }
      const task: Promise<void> = copy(entry).finally(() => {
        giveBack();
        tasks.delete(task);
      });
      tasks.add(task);
    }
  } catch (error) {
    if (!stop.signal.aborted) {
      stop.abort();
      await Promise.all(tasks);
      throw error;
    }
  }
  await Promise.all(tasks);
  signal.throwIfAborted();
  if (failures.size > 0) throw rangeFailure(bucket, failures);
  output.vanished.sort();
  return output;
}

/** What the target has of the range; open uploads of an earlier attempt are aborted. */
async function existingObjects({
  ports,
  bucket,
  range,
  signal,
}: CopyRangeOptions): Promise<Map<string, ObjectEntry>> {
  const keys = { after: range.after, through: range.through };
  await ports.target.abortUploads(bucket.target, keys, signal);
  const existing = new Map<string, ObjectEntry>();
  for await (const entry of ports.target.list(bucket.target, keys, signal)) existing.set(entry.key, entry);
  return existing;
}

/** Copies an object as it is now: one that changed since it was listed is taken again. Undefined when it is gone; else its size. */
async function copyCurrent(
  ports: ObjectPorts,
  bucket: PlannedBucket,
  listed: ObjectEntry,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<number | undefined> {
  let entry = listed;
  for (let take = 1; ; take += 1) {
    try {
      const request = { from: { bucket: bucket.source, entry }, to: { bucket: bucket.target }, onProgress };
      return (await ports.copy(request, signal)).size;
    } catch (error) {
      const { code } = toAppError(error);
      if (code !== 'OBJECTS_CHANGED_DURING_COPY' && code !== 'NOT_FOUND') throw error;
      const now = await ports.source.head(bucket.source, entry.key, signal);
      if (now === undefined) return undefined;
      if (take >= takesOfChanging) throw error;
      entry = now;
    }
  }
}

function rangeFailure(bucket: PlannedBucket, failures: ReadonlyMap<string, AppError>): AppError {
  const all = [...failures];
  const [first] = all;
  const worst = all.find(([, failure]) => hopeless.includes(failure.code)) ?? first;
  if (worst === undefined) return new AppError('INTERNAL', 'A range failed without a failure.');
  const [key, failure] = worst;
  if (all.length === 1 || hopeless.includes(failure.code)) return failure;
  const listed: [string, string][] = all
    .slice(0, failuresShown)
    .map(([name, { code }], index) => [`object ${index + 1}`, `${name}: ${code}`]);
  return new AppError(
    failure.code,
    `${all.length} objects of ${bucket.source} could not be copied, ${shown(key)} first: ${failure.message}`,
    {
      hint: failure.hint,
      retryable: failure.retryable,
      details: { ...failure.details, failed: String(all.length), ...Object.fromEntries(listed) },
      cause: failure,
    },
  );
}
