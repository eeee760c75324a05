import { isCancelled, toAppError } from '#shared/model/errors';
import type { CopyRequest, ObjectEntry, ObjectPorts } from '../../ports/objects';
import { failureOfObjects, isHopeless, type ObjectFailure } from './failed-objects';
import type { PlannedBucket, PlannedRange, RangeOutput } from './plan';
import type { Slots } from './slots';

/** How often an object that changes under the copy is taken again. */
const takesOfChanging = 3;

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
  /** Told of each object that could not be copied. */
  onFailure?: (failed: ObjectFailure) => void;
}

/**
 * Copies the objects that a range holds now. An object that fails does not stop the others; the range then fails as a
 * whole with their list (see {@link failureOfObjects}). What would fail for every object stops it at once.
 */
export async function copyRange(options: CopyRangeOptions): Promise<RangeOutput> {
  const { ports, bucket, range, slots, signal } = options;
  const output: RangeOutput = { objects: 0, bytes: 0, kept: 0, vanished: [] };
  const existing = options.begunBefore ? await existingObjects(options) : new Map<string, ObjectEntry>();
  const failures: ObjectFailure[] = [];
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const underWay = new Map<string, number>();
  let bytesUnderWay = 0;
  const report = (): void => options.onProgress(output.objects, output.bytes + bytesUnderWay);
  const moved = (key: string, bytes: number): void => {
    bytesUnderWay += bytes - (underWay.get(key) ?? 0);
    underWay.set(key, bytes);
  };

  const copy = async (entry: ObjectEntry): Promise<void> => {
    try {
      const onProgress = (bytes: number): void => {
        moved(entry.key, bytes);
        report();
      };
      const copied = await copyCurrent(ports, bucket, entry, both, {
        onProgress,
        resumes: options.begunBefore,
      });
      if (copied === undefined) output.vanished.push(entry.key);
      else {
        output.objects += 1;
        output.bytes += copied;
      }
    } catch (error) {
      const failure = toAppError(error);
      if (!isCancelled(failure)) {
        const one = { bucket: bucket.source, key: entry.key, failure };
        failures.push(one);
        options.onFailure?.(one);
      }
      if (isHopeless(failure)) stop.abort();
    } finally {
      moved(entry.key, 0);
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
  // What an earlier attempt left open and this one did not go on with: its object is gone, or another one now.
  if (options.begunBefore && !stop.signal.aborted)
    await ports.target.abortUploads(bucket.target, { after, through }, signal);
  if (failures.length > 0) throw failureOfObjects(failures);
  output.vanished.sort();
  return output;
}

/** What the target has of the range. */
async function existingObjects({
  ports,
  bucket,
  range,
  signal,
}: CopyRangeOptions): Promise<Map<string, ObjectEntry>> {
  const keys = { after: range.after, through: range.through };
  const existing = new Map<string, ObjectEntry>();
  for await (const entry of ports.target.list(bucket.target, keys, signal)) existing.set(entry.key, entry);
  return existing;
}

/**
 * Copies an object as it is now: one that changed since it was listed is taken again. Answers with its size; undefined
 * when it is gone.
 */
export async function copyCurrent(
  ports: ObjectPorts,
  bucket: { source: string; target: string },
  listed: ObjectEntry,
  signal: AbortSignal,
  how: Pick<CopyRequest, 'onProgress' | 'resumes'> = {},
): Promise<number | undefined> {
  let entry = listed;
  for (let take = 1; ; take += 1) {
    try {
      const request = { from: { bucket: bucket.source, entry }, to: { bucket: bucket.target }, ...how };
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
