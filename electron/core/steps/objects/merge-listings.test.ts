import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareKeys } from '#shared/model/key-order';
import type { ObjectEntry } from '../../ports/objects';
import { mergeListings, type ListedPair } from './merge-listings';

const entryOf = (key: string, etag: string): ObjectEntry => ({ key, size: 1, etag, modifiedAt: '' });

/** A listing in pages of the given sizes; empty pages happen too. */
async function* pagesOf(keys: readonly string[], etag: string, sizes: readonly number[]) {
  let taken = 0;
  for (let turn = 0; taken < keys.length; turn += 1) {
    await Promise.resolve();
    const size = sizes[turn % sizes.length] ?? 1;
    yield keys.slice(taken, taken + size).map((key) => entryOf(key, etag));
    taken += size;
  }
}

async function merged(
  a: AsyncIterable<ObjectEntry[]>,
  b: AsyncIterable<ObjectEntry[]>,
): Promise<ListedPair[]> {
  const all: ListedPair[] = [];
  for await (const batch of mergeListings(a, b)) all.push(...batch);
  return all;
}

const keysOf = fc.uniqueArray(
  fc.string({
    unit: fc.constantFrom('a', 'b', '/', '\u00e9', '\uffff', '\u{1f600}'),
    minLength: 1,
    maxLength: 4,
  }),
);
const sizesOf = fc
  .array(fc.nat(3), { minLength: 1, maxLength: 4 })
  .filter((sizes) => sizes.some((size) => size > 0));

it('pairs every key of either side once, in order, however the pages fall', async () => {
  await fc.assert(
    fc.asyncProperty(keysOf, keysOf, sizesOf, sizesOf, async (first, second, firstSizes, secondSizes) => {
      const [a, b] = [first, second].map((keys) => keys.toSorted(compareKeys));
      const pairs = await merged(
        pagesOf(a ?? [], 'source', firstSizes),
        pagesOf(b ?? [], 'target', secondSizes),
      );
      const expected = [...new Set([...first, ...second])].sort(compareKeys).map((key) => ({
        key,
        source: first.includes(key) ? entryOf(key, 'source') : undefined,
        target: second.includes(key) ? entryOf(key, 'target') : undefined,
      }));
      expect(pairs).toEqual(expected);
    }),
  );
});

it('refuses a listing that is not in order', async () => {
  await expect(merged(pagesOf(['a', 'c', 'b'], '', [2]), pagesOf(['a'], '', [1]))).rejects.toMatchObject({
    code: 'OBJECTS_FAILED',
  });
});
