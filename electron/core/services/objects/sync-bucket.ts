import { isCancelled, toAppError } from '#shared/model/errors';
import type { FailedObject } from '#shared/model/failed-objects';
import type { ObjectEntry, ObjectPorts } from '../../ports/objects';
import { compareEntries } from '../../steps/objects/compare-entries';
import { copyCurrent } from '../../steps/objects/copy-range';
import { isHopeless } from '../../steps/objects/failed-objects';
import { mergeListings } from '../../steps/objects/merge-listings';
import { createSlots } from '../../steps/objects/slots';

const objectsAtOnce = 32;
const examplesKept = 5;
/** No smaller object goes to the target in parts. */
const partedBytes = 5 * 1024 * 1024;
/** Progress is told at this many keys at the latest. */
const keysPerReport = 1000;

/** What a bucket and its copy have in common and in what they differ; after a sync, what was done about it. */
export interface BucketDelta {
  source: string;
  target: string;
  /** The target has no such bucket yet. */
  absent: boolean;
  same: number;
  /** Of those, held for the same only because the source was not written to since the copy: their ETags can't be compared. */
  sameByTime: number;
  /** On the source only. */
  missing: number;
  /** On both sides, with another size or checksum, or written on the source since. */
  different: number;
  /** On the target only. */
  gone: number;
  /** Bytes of what is missing or different. */
  bytes: number;
  /** Some keys of each kind. */
  examples: { missing: string[]; different: string[]; gone: string[] };
  copied: number;
  deleted: number;
  failed: FailedObject[];
}

export interface SyncBucketOptions {
  ports: ObjectPorts;
  source: string;
  target: string;
  /** Absent: what would be done is counted, and nothing is written. `delete`: remove what the source does not have. */
  write?: { delete: boolean } | undefined;
  signal: AbortSignal;
  onProgress: (delta: BucketDelta) => void;
}

/**
 * Compares a bucket with its copy by merging both listings, and brings the copy up to date as it goes. An object that
 * fails is listed and stops no other; what would fail for all of them is thrown.
 */
export async function syncBucket(options: SyncBucketOptions): Promise<BucketDelta> {
  const { ports, source, target, write, signal, onProgress } = options;
  const absent = !(await ports.target.bucketExists(target, signal));
  const delta: BucketDelta = {
    source,
    target,
    absent,
    same: 0,
    sameByTime: 0,
    missing: 0,
    different: 0,
    gone: 0,
    bytes: 0,
    examples: { missing: [], different: [], gone: [] },
    copied: 0,
    deleted: 0,
    failed: [],
  };
  if (absent && write !== undefined) await ports.target.createBucket(target, signal);

  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const slots = createSlots(objectsAtOnce);
  const tasks = new Set<Promise<void>>();
  let hopeless: unknown;
  const start = async (key: string, work: () => Promise<void>): Promise<void> => {
    const giveBack = await slots.take();
    if (both.aborted) {
      giveBack();
      return;
    }
    const task: Promise<void> = work()
      .catch((error: unknown) => {
        const failure = toAppError(error);
        if (isCancelled(failure)) return;
        delta.failed.push({ bucket: source, key, code: failure.code });
        if (!isHopeless(failure)) return;
        hopeless ??= failure;
        stop.abort();
      })
      .finally(() => {
        giveBack();
        tasks.delete(task);
        onProgress(delta);
      });
    tasks.add(task);
  };
  const copy = async (entry: ObjectEntry): Promise<void> => {
    // An earlier sync that was killed may have left an upload of this key open. Only what goes in parts again can go on with it.
    const resumes = entry.size > partedBytes;
    if (resumes && !entry.etag.includes('-'))
      await ports.target.abortUploads(target, { prefix: entry.key, through: entry.key }, both);
    // Undefined when it was deleted on the source meanwhile: the next sync will tell.
    const copied = await copyCurrent(ports, { source, target }, entry, both, { resumes });
    if (copied !== undefined) delta.copied += 1;
  };

  try {
    const targets = absent ? none() : ports.target.pages(target, {}, both);
    let seen = 0;
    for await (const batch of mergeListings(ports.source.pages(source, {}, both), targets)) {
      for (const pair of batch) {
        const kind = note(delta, pair.source, pair.target);
        if (write === undefined) continue;
        if (kind === 'gone') {
          if (!write.delete) continue;
          await start(pair.key, async () => {
            await ports.target.deleteObject(target, pair.key, both);
            delta.deleted += 1;
          });
        } else if (kind !== 'same' && pair.source !== undefined) {
          const entry = pair.source;
          await start(pair.key, () => copy(entry));
        }
      }
      seen += batch.length;
      if (seen >= keysPerReport) {
        seen = 0;
        onProgress(delta);
      }
    }
  } catch (error) {
    stop.abort();
    await Promise.all(tasks);
    throw hopeless ?? error;
  }
  await Promise.all(tasks);
  if (hopeless !== undefined) throw toAppError(hopeless);
  signal.throwIfAborted();
  return delta;
}

async function* none(): AsyncGenerator<readonly ObjectEntry[]> {
  await Promise.resolve();
  yield [];
}

type Kind = 'same' | 'missing' | 'different' | 'gone';

function note(delta: BucketDelta, source: ObjectEntry | undefined, target: ObjectEntry | undefined): Kind {
  if (source !== undefined && target !== undefined) {
    const { same, by } = compareEntries(source, target);
    if (same) {
      delta.same += 1;
      if (by === 'time') delta.sameByTime += 1;
      return 'same';
    }
  }
  const kind = source === undefined ? 'gone' : target === undefined ? 'missing' : 'different';
  delta[kind] += 1;
  delta.bytes += source?.size ?? 0;
  const examples = delta.examples[kind];
  if (examples.length < examplesKept) examples.push((source ?? target)?.key ?? '');
  return kind;
}
