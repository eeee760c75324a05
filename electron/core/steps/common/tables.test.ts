import fc from 'fast-check';
import { expect, it } from 'vitest';
import { divide } from './tables';

const megabyte = 2 ** 20;

it('leaves tables of one part whole', () => {
  expect(divide(100 * megabyte, 12_800)).toEqual({ count: 1, pages: 0 });
  expect(divide(0, 0)).toEqual({ count: 1, pages: 0 });
});

it('counts what is stored out of line', () => {
  expect(divide(1024 * megabyte, 100).count).toBeGreaterThanOrEqual(8);
});

it('covers every page with parts no larger than wanted, and changes only when the table grows by a part', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5_000_000 }),
      fc.integer({ min: 8_192, max: 200_000 }),
      (pages, perPage) => {
        const { count, pages: size } = divide(pages * perPage, pages);
        if (count === 1) return;
        expect(count * size).toBeGreaterThanOrEqual(pages);
        expect((count - 1) * size).toBeLessThan(pages);
        expect(size * perPage <= 128 * megabyte || size === 1).toBe(true);
        const later = divide((pages + 1) * perPage, pages + 1);
        expect(later.pages).toBe(size);
        expect(later.count - count).toBeLessThanOrEqual(1);
      },
    ),
  );
});
