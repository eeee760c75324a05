import { AppError } from '#shared/model/errors';
import { compareKeys } from '#shared/model/key-order';
import type { ObjectEntry } from '../../ports/objects';
import { shown } from './key-findings';

/** A key with what either side holds under it: at least one of both. */
export interface ListedPair<Entry = ObjectEntry> {
  readonly key: string;
  readonly source: Entry | undefined;
  readonly target: Entry | undefined;
}

interface Keyed {
  readonly key: string;
}

type Pages<Entry> = AsyncIterable<readonly Entry[]>;

/**
 * Two listings side by side in the order of their keys, in batches, with no more than a page of either in memory. Throws
 * `OBJECTS_FAILED` when a listing is not in UTF-8 byte order: what looks missing then may only come later.
 */
export async function* mergeListings<Entry extends Keyed>(
  sources: Pages<Entry>,
  targets: Pages<Entry>,
): AsyncGenerator<ListedPair<Entry>[]> {
  const source = cursorOf('source', sources);
  const target = cursorOf('target', targets);
  await Promise.all([source.fill(), target.fill()]);
  while (source.entry !== undefined || target.entry !== undefined) {
    const batch: ListedPair<Entry>[] = [];
    // A side without an entry is at its end; one that needs its next page has to wait for it.
    while ((source.entry !== undefined || target.entry !== undefined) && !source.empty && !target.empty) {
      const order = orderOf(source.entry, target.entry);
      const key = (order <= 0 ? source.entry?.key : target.entry?.key) ?? '';
      batch.push({
        key,
        source: order <= 0 ? source.entry : undefined,
        target: order >= 0 ? target.entry : undefined,
      });
      if (order <= 0) source.next();
      if (order >= 0) target.next();
    }
    yield batch;
    await Promise.all([source.fill(), target.fill()]);
  }
}

function orderOf(source: Keyed | undefined, target: Keyed | undefined): number {
  if (source === undefined) return 1;
  return target === undefined ? -1 : compareKeys(source.key, target.key);
}

interface Cursor<Entry> {
  /** Undefined at the end, and while `empty`. */
  readonly entry: Entry | undefined;
  /** The page is used up, and the listing may go on. */
  readonly empty: boolean;
  next(): void;
  /** Gets the next page when this one is used up. */
  fill(): Promise<void>;
}

function cursorOf<Entry extends Keyed>(side: 'source' | 'target', pages: Pages<Entry>): Cursor<Entry> {
  const iterator = pages[Symbol.asyncIterator]();
  let page: readonly Entry[] = [];
  let index = 0;
  let ended = false;
  let last: string | undefined;
  const check = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    if (last !== undefined && compareKeys(entry.key, last) <= 0) throw outOfOrder(side, last, entry.key);
    last = entry.key;
  };
  return {
    get entry() {
      return page[index];
    },
    get empty() {
      return !ended && index >= page.length;
    },
    next: () => {
      index += 1;
      check(page[index]);
    },
    fill: async () => {
      while (!ended && index >= page.length) {
        const result = await iterator.next();
        index = 0;
        page = result.done === true ? [] : result.value;
        ended = result.done === true;
        check(page[0]);
      }
    },
  };
}

function outOfOrder(side: 'source' | 'target', before: string, after: string): AppError {
  return new AppError(
    'OBJECTS_FAILED',
    `The ${side} does not list its keys in order: ${shown(after)} comes after ${shown(before)}.`,
    {
      hint: 'Two sides can be compared only when both list by the bytes of the keys. Update the store, or compare prefix by prefix with another client.',
      details: { before, after },
    },
  );
}
