import type { ListedObject } from '#shared/model/buckets';
import type { Numbered } from '#shared/rpc/define';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import { createUsageTree } from './usage-tree';
import type { UsageNode } from '#shared/model/buckets';

const pageKeys = 1000;
/** Milliseconds between two reports of a scan. */
const reportEvery = 250;

/** Every object under a prefix, page by page, in the order of the keys. The next page is asked for while this one is worked on. */
export async function* listAll(
  reader: BucketReader,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ListedObject[]> {
  const ask = (token: string | undefined) =>
    reader.page(bucket, { prefix, delimiter: '', token, limit: pageKeys }, signal);
  let coming: ReturnType<typeof ask> | undefined = ask(undefined);
  try {
    while (coming !== undefined) {
      const page: Awaited<ReturnType<typeof ask>> = await coming;
      coming = page.next === undefined ? undefined : ask(page.next);
      coming?.catch(() => undefined);
      yield page.objects;
    }
  } finally {
    coming?.catch(() => undefined);
  }
}

export interface FindEvent {
  scanned: number;
  found: ListedObject[];
  done: boolean;
}

/**
 * Keys that hold a text, in any letter case, as they are found. Events are numbered by the keys that were looked at, so one
 * that begins again after a lost connection passes over what was told.
 */
export async function* findObjects(
  reader: BucketReader,
  place: { bucket: string; prefix: string; text: string },
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Numbered<FindEvent>> {
  const sought = place.text.toLowerCase();
  let scanned = 0;
  let told = Date.now();
  for await (const objects of listAll(reader, place.bucket, place.prefix, signal)) {
    signal.throwIfAborted();
    const found = objects.filter(({ key }) => key.toLowerCase().includes(sought));
    scanned += objects.length;
    if (scanned <= after || (found.length === 0 && Date.now() - told < reportEvery)) continue;
    told = Date.now();
    yield { seq: scanned, event: { scanned, found, done: false } };
  }
  yield { seq: scanned + 1, event: { scanned, found: [], done: true } };
}

export interface UsageEvent {
  objects: number;
  bytes: number;
  done: boolean;
  complete: boolean;
  tree?: UsageNode;
}

/** Adds up what lies under a prefix; the last event holds the tree. Numbered as {@link findObjects}. */
export async function* measureUsage(
  reader: BucketReader,
  place: { bucket: string; prefix: string; depth: number; limit?: number | undefined },
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Numbered<UsageEvent>> {
  const tree = createUsageTree(place.prefix, place.depth);
  const { limit = Number.POSITIVE_INFINITY } = place;
  let complete = true;
  let told = Date.now();
  for await (const objects of listAll(reader, place.bucket, place.prefix, signal)) {
    signal.throwIfAborted();
    for (const object of objects) tree.add(object);
    const sum = tree.sum();
    if (sum.objects >= limit && objects.length === pageKeys) {
      complete = false;
      break;
    }
    if (sum.objects <= after || Date.now() - told < reportEvery) continue;
    told = Date.now();
    yield { seq: sum.objects, event: { ...sum, done: false, complete: false } };
  }
  const sum = tree.sum();
  yield {
    seq: sum.objects + 1,
    event: { ...sum, done: true, complete, ...(complete ? { tree: tree.read() } : {}) },
  };
}
