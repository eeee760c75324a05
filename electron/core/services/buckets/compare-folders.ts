import type { ComparedRow, ComparisonFilter, ListedObject } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import { compareKeys } from '#shared/model/key-order';
import { stateOf } from '#shared/model/object-state';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import { mergeListings, type ListedPair } from '../../steps/objects/merge-listings';

/** A bucket of one side. */
interface BucketOf {
  reader: BucketReader;
  bucket: string;
}

export interface ComparisonRequest {
  prefix: string;
  show: ComparisonFilter;
  after?: string | undefined;
  limit: number;
}

export interface ComparisonPage {
  rows: ComparedRow[];
  next?: string;
  looked: number;
}

/** A folder, or an object. */
interface Entry {
  key: string;
  object?: ListedObject;
}

const pageKeys = 1000;
/** Keys that are looked at for one page, so that a page comes soon where nothing differs. */
const mostLooked = 20_000;
/** No key of a folder is behind it. */
const last = '\u{10ffff}';

/** One page of both sides of a bucket. A bucket that the target lacks counts as empty. */
export async function compareFolders(
  source: BucketOf,
  target: BucketOf,
  { prefix, show, after, limit }: ComparisonRequest,
  signal: AbortSignal,
): Promise<ComparisonPage> {
  const place = { prefix, delimiter: show === 'all' ? '/' : '', after };
  const rows: ComparedRow[] = [];
  let looked = 0;
  const batches = mergeListings(entriesOf(source, place, signal), orEmpty(entriesOf(target, place, signal)));
  for await (const batch of batches) {
    for (const pair of batch) {
      looked += 1;
      // Stores differ in whether a folder comes after a key that lies in it.
      if (after !== undefined && compareKeys(pair.key, after) <= 0) continue;
      const row = rowOf(pair);
      if (isShown(row, show)) rows.push(row);
      if (rows.length >= limit || looked >= mostLooked)
        return { rows, looked, next: row.kind === 'folder' ? `${row.key}${last}` : row.key };
    }
  }
  return { rows, looked };
}

async function* entriesOf(
  { reader, bucket }: BucketOf,
  { prefix, delimiter, after }: { prefix: string; delimiter: string; after: string | undefined },
  signal: AbortSignal,
): AsyncGenerator<Entry[]> {
  let token: string | undefined;
  do {
    const page = await reader.page(
      bucket,
      { prefix, delimiter, token, startAfter: after, limit: pageKeys },
      signal,
    );
    const folders: Entry[] = page.prefixes.map((key) => ({ key }));
    const objects: Entry[] = page.objects.map((object) => ({ key: object.key, object }));
    yield folders.length === 0 ? objects : [...folders, ...objects].sort((a, b) => compareKeys(a.key, b.key));
    token = page.next;
  } while (token !== undefined);
}

async function* orEmpty(pages: AsyncIterable<Entry[]>): AsyncGenerator<Entry[]> {
  try {
    yield* pages;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'OBJECTS_BUCKET_NOT_FOUND') throw error;
  }
}

function rowOf({ key, source, target }: ListedPair<Entry>): ComparedRow {
  const object = (source ?? target)?.object;
  if (object === undefined) {
    const there = { ...(source && { source: true as const }), ...(target && { target: true as const }) };
    return { kind: 'folder', key, sides: there };
  }
  return { kind: 'object', key, sides: { source: source?.object, target: target?.object } };
}

function isShown({ kind, sides }: ComparedRow, show: ComparisonFilter): boolean {
  if (kind === 'folder') return show === 'all';
  const { source, target } = sides;
  const state = source === undefined ? 'target-only' : stateOf(source, target);
  switch (show) {
    case 'all':
      return true;
    case 'unequal':
      return state === 'missing' || state === 'differs' || state === 'target-only';
    case 'missing':
    case 'differs':
    case 'target-only':
      return state === show;
  }
}
