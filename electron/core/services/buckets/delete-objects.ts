import type { BucketReader } from '../../adapters/s3/bucket-store';
import type { BucketWriter } from '../../adapters/s3/bucket-writes';
import type { JobReport } from './jobs';
import { throwFirst } from './throw-first';
import { listAll } from './scan';

const batchKeys = 1000;
/** Requests in flight. */
const batchesAtOnce = 4;

export interface DeleteRequest {
  bucket: string;
  keys: readonly string[];
  prefixes: readonly string[];
}

/** Deletes objects batch by batch. A key that the store refuses does not stop the others; a request that fails does. */
export async function deleteObjects(
  reader: BucketReader,
  writer: BucketWriter,
  { bucket, keys, prefixes }: DeleteRequest,
  report: JobReport,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([report.signal, failed.signal]);
  const batches = batchesOf(reader, { bucket, keys, prefixes }, signal);
  report.total(await countAll(reader, { bucket, keys, prefixes }, signal));
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = await batches.next();
      if (next.done === true) return;
      const refused = await writer.removeKeys(bucket, next.value, signal);
      report.done(next.value.length - refused.length);
      for (const { key, code, message } of refused) {
        report.failed(key, message === '' ? code : `${code}: ${message}`);
      }
    }
  };
  const results = await Promise.allSettled(
    Array.from({ length: batchesAtOnce }, async () => {
      try {
        await worker();
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  report.signal.throwIfAborted();
  throwFirst(results);
}

async function* batchesOf(
  reader: BucketReader,
  { bucket, keys, prefixes }: DeleteRequest,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  for (let at = 0; at < keys.length; at += batchKeys) {
    signal.throwIfAborted();
    yield keys.slice(at, at + batchKeys);
  }
  for (const prefix of prefixes) {
    for await (const objects of listAll(reader, bucket, prefix, signal)) {
      if (objects.length > 0) yield objects.map(({ key }) => key);
    }
  }
}

async function countAll(
  reader: BucketReader,
  { bucket, keys, prefixes }: DeleteRequest,
  signal: AbortSignal,
): Promise<number> {
  let total = keys.length;
  for (const prefix of prefixes) {
    for await (const objects of listAll(reader, bucket, prefix, signal)) total += objects.length;
  }
  return total;
}
