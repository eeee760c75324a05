import { AppError } from '#shared/model/errors';
import type { ObjectEntry, ObjectPorts, ObjectStore } from '../../ports/objects';

/**
 * Throws `SETTING_INVALID` when a bucket of the target is one of the source: one store can have several addresses. A copy
 * never has the time of its original, so an object that is the same to the millisecond is the same object.
 */
export async function refuseOwnBuckets(
  { source, target }: ObjectPorts,
  buckets: readonly { source: string; target: string }[],
  signal: AbortSignal,
): Promise<void> {
  if (source.endpoint === target.endpoint) throw sourceItself();
  const sources = new Set(buckets.map((bucket) => bucket.source));
  for (const { target: name } of buckets.filter((bucket) => sources.has(bucket.target))) {
    if (!(await target.bucketExists(name, signal))) continue;
    const [there, here] = await Promise.all([first(source, name, signal), first(target, name, signal)]);
    if (there !== undefined && JSON.stringify(there) === JSON.stringify(here)) throw sourceItself(name);
  }
}

async function first(
  store: ObjectStore,
  bucket: string,
  signal: AbortSignal,
): Promise<ObjectEntry | undefined> {
  for await (const entry of store.list(bucket, {}, signal)) return entry;
  return undefined;
}

function sourceItself(bucket?: string): AppError {
  const both = bucket === undefined ? '' : `: both hold the same bucket ${bucket}`;
  return new AppError('SETTING_INVALID', `The target is the source${both}.`, {
    hint: 'Cutover never writes to the source. Correct R2_ENDPOINT or SOURCE_S3_ENDPOINT; nothing was written.',
    details: { setting: 'R2_ENDPOINT', ...(bucket === undefined ? {} : { bucket }) },
  });
}
