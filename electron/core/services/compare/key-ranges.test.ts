import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareKeys, keyRanges, type Keyed } from './key-ranges';

const row = (kind: Keyed['kind'], ...key: (string | null)[]): Keyed => ({ kind, key });

it('puts neighbours of one kind together', () => {
  expect(
    keyRanges([row('missing', '9'), row('missing', '10'), row('changed', '11'), row('missing', '13')]),
  ).toEqual([
    { kind: 'missing', from: ['9'], to: ['10'], rows: 2 },
    { kind: 'changed', from: ['11'], to: ['11'], rows: 1 },
    { kind: 'missing', from: ['13'], to: ['13'], rows: 1 },
  ]);
  expect(keyRanges([row('extra', 'a'), row('extra', 'b')])).toHaveLength(2);
});

it('says where they lie when there are too many', () => {
  const rows = Array.from({ length: 200 }, (_, index) =>
    row(index % 2 === 0 ? 'extra' : 'missing', `${index * 2}`),
  );
  expect(keyRanges(rows)).toEqual([
    { kind: 'extra', from: ['0'], to: ['396'], rows: 100 },
    { kind: 'missing', from: ['2'], to: ['398'], rows: 100 },
  ]);
});

it('loses no row and keeps the order of numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -50n, max: 50n })), (numbers) => {
      const rows = numbers.map((number) => row('missing', number.toString())).sort(compareKeys);
      expect(rows.map(({ key }) => BigInt(key[0] ?? ''))).toEqual([...numbers].sort((a, b) => Number(a - b)));
      expect(keyRanges(rows).reduce((sum, range) => sum + range.rows, 0)).toBe(numbers.length);
    }),
  );
});
