import { z } from 'zod';
import { counted } from '#shared/model/counted';
import { formatBytes } from '#shared/model/format-bytes';
import { AppError, isCancelled, toAppError } from '#shared/model/errors';
import type { Evidence } from '#shared/model/run';
import {
  defineStep,
  type AnyStep,
  type CheckResult,
  type ReadContext,
  type RunContext,
  type Step,
  type StepDescription,
} from '../../engine/step';
import type { MigrationPorts } from '../../ports/migration-ports';
import type { ObjectStore } from '../../ports/objects';
import { runWorkers } from '../common/run-workers';
import { pairBuckets } from './bucket-names';
import { copyRange } from './copy-range';
import { failureOfObjects, isHopeless, type ObjectFailure } from './failed-objects';
import { createKeyFindings, shown } from './key-findings';
import { refuseOwnBuckets } from './own-buckets';
import {
  objectsOutputSchema,
  objectsPlanSchema,
  rangeOutputSchema,
  type ObjectsOutput,
  type ObjectsPlan,
  type PlannedBucket,
  type PlannedRange,
  type RangeOutput,
} from './plan';
import { scanBucket } from './scan-bucket';
import { createSlots } from './slots';
import { verifyBucket } from './verify-bucket';

const objectsAtOnce = 32;
/** Several, so that the last objects of one range do not leave slots empty. */
const rangesAtOnce = 3;
/** The failure of the step lists no more; those of its ranges list all. */
const failuresListed = 20;
/** A conflict counts no further than this. */
const countedObjects = 10_000;

async function plan({
  ports: { objects: ports },
  signal,
}: ReadContext<MigrationPorts>): Promise<ObjectsPlan> {
  const names = await ports.source.buckets(signal);
  const planned = await Promise.all(
    pairBuckets(ports.naming, names).map(async ({ source: name, target }) => {
      const keys = createKeyFindings(name);
      const { objects, bytes, ranges } = await scanBucket(ports.source, name, keys.visit, signal);
      return { bucket: { source: name, target, objects, bytes, ranges }, findings: keys.findings() };
    }),
  );
  return {
    endpoints: { source: ports.source.endpoint, target: ports.target.endpoint },
    buckets: planned.map(({ bucket }) => bucket),
    warnings: planned
      .flatMap(({ findings }) => findings)
      .map(({ code, message, hint }) => ({ code, message, hint })),
  };
}

const bucketUnit = (bucket: PlannedBucket): string => `bucket/${bucket.target}`;

function describe({ buckets, endpoints, warnings }: ObjectsPlan): StepDescription {
  const objects = buckets.reduce((sum, bucket) => sum + bucket.objects, 0);
  const bytes = buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
  return {
    summary: `Copies ${counted(objects, 'object')} (${formatBytes(bytes)}) in ${counted(buckets.length, 'bucket')} from ${endpoints.source} to ${endpoints.target}.`,
    details: buckets.map(
      (bucket) =>
        `${bucket.source} → ${bucket.target}: ${bucket.objects} objects, ${formatBytes(bucket.bytes)}.`,
    ),
    warnings,
    units: buckets.flatMap((bucket) => [
      { id: bucketUnit(bucket), label: `${bucket.source} · bucket ${bucket.target}` },
      ...bucket.ranges.map((range) => ({
        id: range.id,
        label: `${bucket.source} · ${range.objects} objects from ${shown(range.firstKey)}`,
        expected: { done: 0, total: range.objects, unit: 'objects' },
        bytes: range.bytes,
      })),
    ]),
  };
}

async function check(
  { buckets }: ObjectsPlan,
  { ports, signal }: ReadContext<MigrationPorts>,
): Promise<CheckResult> {
  const { target } = ports.objects;
  const counts = await Promise.all(buckets.map((bucket) => countObjects(target, bucket.target, signal)));
  const held = buckets
    .map((bucket, index) => ({ name: bucket.target, objects: counts[index] ?? 0 }))
    .filter(({ objects }) => objects > 0);
  if (held.length === 0) return { state: 'pending' };
  try {
    await refuseOwnBuckets(ports.objects, buckets, signal);
  } catch (error) {
    const failure = toAppError(error);
    if (failure.code !== 'SETTING_INVALID') throw error;
    return { state: 'conflict', error: failure };
  }
  const listed = held.map(
    ({ name, objects }) => `${name} (${objects < countedObjects ? objects : `${countedObjects} or more`})`,
  );
  return {
    state: 'conflict',
    error: new AppError(
      'TARGET_NOT_EMPTY',
      `Buckets on the target hold objects already: ${listed.join(', ')}.`,
      {
        hint: 'Empty these buckets, or choose another R2_BUCKET_PREFIX. Nothing was written. If an earlier run wrote them, resume that run instead.',
        details: { setting: 'R2_BUCKET_PREFIX' },
      },
    ),
  };
}

async function countObjects(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<number> {
  if (!(await store.bucketExists(bucket, signal))) return 0;
  let objects = 0;
  for await (const _entry of store.list(bucket, {}, signal)) {
    objects += 1;
    if (objects >= countedObjects) break;
  }
  return objects;
}

async function run({ buckets }: ObjectsPlan, context: RunContext<MigrationPorts>): Promise<ObjectsOutput> {
  const ports = context.ports.objects;
  const total = buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
  const done = new Map<string, number>();
  let bytesDone = 0;
  const moved = (range: string, bytes: number): void => {
    bytesDone += bytes - (done.get(range) ?? 0);
    done.set(range, bytes);
    // The source may have grown since the plan.
    context.progress({ done: bytesDone, total: Math.max(total, bytesDone), unit: 'bytes' });
  };
  const failures: ObjectFailure[] = [];
  const slots = createSlots(objectsAtOnce);
  const output: ObjectsOutput = { objects: 0, bytes: 0 };

  await runWorkers(buckets, rangesAtOnce, async (bucket) => {
    await context.unit(bucketUnit(bucket), z.object({}), async ({ signal }) => {
      if (!(await ports.target.bucketExists(bucket.target, signal)))
        await ports.target.createBucket(bucket.target, signal);
      return {};
    });
  });
  const work = buckets.flatMap((bucket) =>
    bucket.ranges.map((range): [PlannedBucket, PlannedRange] => [bucket, range]),
  );
  /** Undefined when objects of the range failed: the other ranges go on, and the step fails at its end. */
  const copyUnit = async (bucket: PlannedBucket, range: PlannedRange): Promise<RangeOutput | undefined> => {
    const failedBefore = failures.length;
    try {
      return await context.unit(range.id, rangeOutputSchema, ({ begunBefore, signal }) =>
        copyRange({
          ports,
          bucket,
          range,
          begunBefore,
          slots,
          signal,
          onProgress: (objects, bytes) => {
            moved(range.id, bytes);
            context.progress(
              { done: objects, total: Math.max(range.objects, objects), unit: 'objects' },
              range.id,
            );
          },
          onFailure: (failed) => failures.push(failed),
        }),
      );
    } catch (error) {
      const failure = toAppError(error);
      if (failures.length === failedBefore || isCancelled(failure) || isHopeless(failure)) throw error;
      return undefined;
    }
  };
  for (const [, range] of work) {
    const earlier = context.finished(range.id, rangeOutputSchema);
    if (earlier !== undefined) moved(range.id, earlier.bytes);
  }
  await runWorkers(work, rangesAtOnce, async ([bucket, range]) => {
    const copied = await copyUnit(bucket, range);
    if (copied === undefined) return;
    moved(range.id, copied.bytes);
    output.objects += copied.objects;
    output.bytes += copied.bytes;
    if (copied.vanished.length > 0) {
      await context.warn({
        code: 'OBJECTS_DELETED_DURING_COPY',
        message: `${bucket.source}: ${copied.vanished.length} objects were deleted on the source before they were read, such as ${shown(copied.vanished[0] ?? '')}.`,
        hint: 'Something still writes to the source.',
      });
    }
  });
  if (failures.length > 0) throw failureOfObjects(failures, failuresListed);
  return output;
}

async function verify(
  { buckets }: ObjectsPlan,
  _output: ObjectsOutput,
  context: ReadContext<MigrationPorts>,
): Promise<Evidence[]> {
  const total = buckets.reduce((sum, bucket) => sum + bucket.objects, 0);
  const evidence: Evidence[] = [];
  let before = 0;
  for (const bucket of buckets) {
    const found = await verifyBucket(context.ports.objects, bucket, {
      signal: context.signal,
      onProgress: (compared) => {
        context.progress({
          done: before + compared,
          total: Math.max(total, before + compared),
          unit: 'objects',
        });
      },
    });
    evidence.push(...found);
    before += bucket.objects;
  }
  return evidence;
}

const step: Step<MigrationPorts, ObjectsPlan, ObjectsOutput> = {
  id: 'objects.copy',
  version: 1,
  title: 'Copy files',
  lane: 'objects',
  needs: [],
  effect: 'create',
  planSchema: objectsPlanSchema,
  outputSchema: objectsOutputSchema,
  plan,
  describe,
  check,
  run,
  verify,
};

/** Copies every bucket with its objects, headers and metadata into new buckets on the target, range by range of keys. */
export const objectsStep: AnyStep<MigrationPorts> = defineStep(step);
