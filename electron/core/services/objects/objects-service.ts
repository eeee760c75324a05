import type { FailedObject } from '#shared/model/failed-objects';
import { AppError } from '#shared/model/errors';
import type { Evidence } from '#shared/model/run';
import type { ObjectPorts } from '../../ports/objects';
import { pairBuckets, type BucketPair } from '../../steps/objects/bucket-names';
import { refuseOwnBuckets } from '../../steps/objects/own-buckets';
import { verifyBucket, type ObjectComparison } from '../../steps/objects/verify-bucket';
import type { ActivityLog } from '../activity/activity-log';
import { syncBucket, type BucketDelta } from './sync-bucket';

/** Chosen buckets by their names on the source; absent: every one that the settings choose. */
interface Choice {
  buckets?: readonly string[] | undefined;
}

export interface SyncOptions extends Choice {
  /** Absent: only counts what would be done. */
  write?: { delete: boolean } | undefined;
  /** Told of the bucket under way and of those that are done. */
  onProgress?: (deltas: readonly BucketDelta[]) => void;
}

export interface SyncReport {
  buckets: BucketDelta[];
  /** Of all buckets. */
  failed: FailedObject[];
}

export interface VerifyOptions extends Choice {
  /**
   * Share of the objects whose bytes are read on both sides although their ETags prove them, from 0 to 1. Objects whose
   * ETags prove nothing are always read.
   */
  read: number;
  onObject?: (compared: ObjectComparison & { bucket: string }) => Promise<void> | void;
  onProgress?: (compared: number) => void;
}

/** Keeps the copies of the source's buckets up to date, and proves them. */
export interface ObjectsService {
  /** Throws what stops every object; objects that fail alone are listed. Written to Activity when it writes. */
  sync(options: SyncOptions, signal: AbortSignal): Promise<SyncReport>;
  /** Compares every object of the buckets with its copy. Reads only. */
  verify(options: VerifyOptions, signal: AbortSignal): Promise<Evidence[]>;
}

export interface ObjectsServiceOptions {
  /** Runs `work` with ports that are closed afterwards. */
  withPorts: <T>(work: (ports: ObjectPorts) => Promise<T>) => Promise<T>;
  activity: ActivityLog;
}

export function createObjectsService({ withPorts, activity }: ObjectsServiceOptions): ObjectsService {
  const sync = async (
    ports: ObjectPorts,
    { buckets, write, onProgress }: SyncOptions,
    signal: AbortSignal,
    done: BucketDelta[],
  ): Promise<void> => {
    const chosen = await chosenBuckets(ports, buckets, signal);
    await refuseOwnBuckets(ports, chosen, signal);
    for (const bucket of chosen) {
      const delta = await syncBucket({
        ports,
        ...bucket,
        write,
        signal,
        onProgress: (current) => onProgress?.([...done, current]),
      });
      done.push(delta);
      onProgress?.(done);
    }
  };

  return {
    sync: (options, signal) =>
      withPorts(async (ports) => {
        const done: BucketDelta[] = [];
        const { write } = options;
        if (write === undefined) await sync(ports, options, signal, done);
        else {
          const note = (outcome: 'done' | 'partial' | 'failed', detail?: string) =>
            activity.record({
              area: 'buckets',
              action: 'objects.sync',
              target: ports.target.endpoint,
              outcome,
              after: { ...totals(done), delete: write.delete },
              ...(detail === undefined ? {} : { detail }),
            });
          try {
            await sync(ports, options, signal, done);
          } catch (error) {
            await note('partial', error instanceof AppError ? error.message : undefined);
            throw error;
          }
          await note(done.some(({ failed }) => failed.length > 0) ? 'partial' : 'done');
        }
        return { buckets: done, failed: done.flatMap(({ failed }) => failed) };
      }),
    verify: ({ buckets, read, onObject, onProgress }, signal) =>
      withPorts(async (ports) => {
        const evidence: Evidence[] = [];
        let before = 0;
        for (const bucket of await chosenBuckets(ports, buckets, signal)) {
          let compared = 0;
          const found = await verifyBucket(ports, bucket, {
            signal,
            read,
            onProgress: (count) => {
              compared = count;
              onProgress?.(before + compared);
            },
            ...(onObject === undefined
              ? {}
              : { onObject: (one: ObjectComparison) => onObject({ bucket: bucket.source, ...one }) }),
          });
          before += compared;
          evidence.push(...found);
        }
        return evidence;
      }),
  };
}

async function chosenBuckets(
  ports: ObjectPorts,
  wanted: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<BucketPair[]> {
  const names = await ports.source.buckets(signal);
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new AppError(
      'OBJECTS_BUCKET_NOT_FOUND',
      `There is no bucket ${unknown} on the source object store.`,
      {
        hint: `Choose from ${names.join(', ')}.`,
        details: { bucket: unknown },
      },
    );
  }
  return pairBuckets(ports.naming, wanted ?? names);
}

function totals(deltas: readonly BucketDelta[]): Record<string, number> {
  const sum = (pick: (delta: BucketDelta) => number): number =>
    deltas.reduce((total, delta) => total + pick(delta), 0);
  return {
    buckets: deltas.length,
    same: sum(({ same }) => same),
    copied: sum(({ copied }) => copied),
    deleted: sum(({ deleted }) => deleted),
    failed: sum(({ failed }) => failed.length),
  };
}
