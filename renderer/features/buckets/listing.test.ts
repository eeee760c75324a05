import { expect, test } from 'vitest';
import { AppError } from '#shared/model/errors';
import type { ListedObject } from '#shared/model/buckets';
import { createListing, type ListingSource } from './listing';
import { mergeRows } from './rows.logic';

const objectOf = (number: number): ListedObject => ({
  key: `key-${String(number).padStart(7, '0')}`,
  size: number,
  etag: `etag-${number}`,
  modifiedAt: '2026-11-22T14:19:00.000Z',
});

/** A folder of so many objects, listed like a store does, and what was asked of it. */
function folder(total: number, pageKeys = 1000) {
  const asked: number[] = [];
  let broken = false;
  const source: ListingSource = {
    page: (token, signal) => {
      signal.throwIfAborted();
      const start = Number(token ?? 0);
      asked.push(start / pageKeys);
      if (broken) return Promise.reject(new AppError('TARGET_LOST', 'The store is gone.'));
      const end = Math.min(total, start + pageKeys);
      return Promise.resolve({
        rows: mergeRows(
          [],
          Array.from({ length: end - start }, (_unused, index) => objectOf(start + index)),
        ),
        next: end < total ? String(end) : undefined,
      });
    },
    others: (after, through) => {
      const start = after === undefined ? 0 : Number(after.slice(4)) + 1;
      const end = through === undefined ? total : Number(through.slice(4)) + 1;
      const objects = Array.from({ length: end - start }, (_unused, index) => objectOf(start + index));
      return Promise.resolve({ objects: objects.filter(({ size }) => size % 10 !== 3) });
    },
  };
  return { source, asked, breakDown: (now: boolean) => (broken = now) };
}

async function settled(list: ReturnType<typeof createListing>): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, 0));
  while (list.state().loading);
}

test('a long folder: one page after another, with the rows of the last pages only, and any row again on the way back', async () => {
  const { source, asked } = folder(200_000);
  const list = createListing(source);
  const stop = list.subscribe(() => undefined);
  while (!list.state().complete) {
    const { known } = list.state();
    list.want(Math.max(0, known - 20), Math.max(20, known - 1));
    await settled(list);
  }
  expect(list.state().known).toBe(200_000);
  let held = 0;
  for (let index = 0; index < 200_000; index += 1) if (list.row(index) !== undefined) held += 1;
  expect(held).toBe(30_000);
  expect(list.row(199_999)?.key).toBe('key-0199999');
  expect(list.row(12_345)).toBeUndefined();

  asked.length = 0;
  list.want(12_340, 12_360);
  await settled(list);
  expect([asked, list.row(12_345)?.key]).toEqual([[12], 'key-0012345']);
  expect([list.objectState(12_345), list.objectState(12_343)]).toEqual(['identical', 'missing']);
  stop();
});

test('a range is read again where it is not held, across pages of any length', async () => {
  const { source } = folder(70, 7);
  const list = createListing(source, 2);
  const stop = list.subscribe(() => undefined);
  while (!list.state().complete) {
    list.want(0, list.state().known);
    await settled(list);
  }
  const rows = await list.rows(5, 61);
  expect(rows.map(({ key }) => Number(key.slice(4)))).toEqual(
    Array.from({ length: 57 }, (_unused, n) => n + 5),
  );
  stop();
});

test('a failure stands until it is retried, and what came before stays', async () => {
  const { source, breakDown } = folder(5000);
  const list = createListing(source);
  const stop = list.subscribe(() => undefined);
  list.want(0, 10);
  await settled(list);
  breakDown(true);
  list.want(900, 999);
  await settled(list);
  expect([list.state().error?.code, list.state().known, list.row(5)?.key]).toEqual([
    'TARGET_LOST',
    1000,
    'key-0000005',
  ]);
  breakDown(false);
  list.retry();
  await settled(list);
  expect([list.state().error, list.state().known]).toEqual([undefined, 2000]);
  stop();
});
