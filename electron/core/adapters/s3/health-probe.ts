import { AppError } from '#shared/model/errors';
import type { Settings } from '../../ports/settings';
import { classifyS3Error, type FailurePlace } from './classify';
import { chosenBuckets, sourceConfig, targetConfig } from './endpoints';
import { S3ResponseError } from './failure';
import { createObjectStore } from './object-store';
import { defaultRetries } from './retry';
import { createStoreClient, type StoreClient } from './store-client';

/** A check wants the first answer, not the best of several. */
const once = { attempts: 1, base: 0, longest: 0 };
const silence = 10_000;

async function withClient<T>(
  config: Parameters<typeof createStoreClient>[0],
  place: FailurePlace,
  signal: AbortSignal,
  work: (client: StoreClient) => Promise<T>,
  retries = once,
): Promise<T> {
  const client = createStoreClient({ ...config, retries, silence });
  try {
    return await work(client);
  } catch (error) {
    throw classifyS3Error(error, { source: config, target: config }, place, signal);
  } finally {
    await client.close();
  }
}

/** The buckets that a store lists; undefined when the key may use objects and not list buckets, which is no fault. */
export function probeBuckets(
  settings: Settings,
  side: 'source' | 'target',
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const config = side === 'source' ? sourceConfig(settings) : targetConfig(settings);
  return withClient(config, {}, signal, async (client) => {
    try {
      return await createObjectStore(client, side === 'source' ? chosenBuckets(settings) : undefined).buckets(
        signal,
      );
    } catch (error) {
      if (error instanceof AppError && error.code === 'OBJECTS_PERMISSION_DENIED') return undefined;
      throw error;
    }
  });
}

/** Puts, reads and deletes an object of a few bytes on the target. Answers whether what was read is what was put. */
export function probeObject(settings: Settings, bucket: string, signal: AbortSignal): Promise<boolean> {
  const key = '.cutover-health-canary';
  const text = `cutover ${new Date().toISOString()}`;
  return withClient(targetConfig(settings), { bucket, key }, signal, async (client) => {
    await client.send({ method: 'PUT', bucket, key, body: Buffer.from(text) }, signal);
    try {
      return (await client.sendText({ method: 'GET', bucket, key }, signal)) === text;
    } catch (error) {
      if (error instanceof S3ResponseError && error.status === 404) return false;
      throw error;
    } finally {
      await client.send({ method: 'DELETE', bucket, key }, signal);
    }
  });
}

/** What a bucket holds. */
export interface BucketUsage {
  bucket: string;
  objects: number;
  bytes: number;
  /** False when it holds more objects than were asked for. */
  whole: boolean;
}

/** Counts what buckets of the target hold, by listing: a request for each thousand objects, of which `most` are counted in all. */
export function probeUsage(
  settings: Settings,
  buckets: readonly string[],
  most: number,
  signal: AbortSignal,
): Promise<BucketUsage[]> {
  return withClient(
    targetConfig(settings),
    {},
    signal,
    async (client) => {
      const store = createObjectStore(client);
      const found: BucketUsage[] = [];
      let left = most;
      for (const bucket of buckets) {
        const usage: BucketUsage = { bucket, objects: 0, bytes: 0, whole: true };
        found.push(usage);
        for await (const page of store.pages(bucket, {}, signal)) {
          usage.objects += page.length;
          usage.bytes += page.reduce((sum, { size }) => sum + size, 0);
          left -= page.length;
          if (left > 0) continue;
          usage.whole = false;
          return found;
        }
      }
      return found;
    },
    // A long count should not fail for one page.
    defaultRetries,
  );
}

/** Where the target's S3 interface is, without a path. */
export function targetEndpoint(settings: Settings): string {
  return targetConfig(settings).endpoint;
}
