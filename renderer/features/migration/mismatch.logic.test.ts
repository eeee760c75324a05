import { expect, it } from 'vitest';
import { cellRows, rangeText } from './mismatch.logic';

it('puts the values of differing rows side by side, and all of them for a row that one side lacks', () => {
  const cells = cellRows({
    table: 'public.t',
    columns: ['id', 'name'],
    key: ['id'],
    counts: { missing: 1, extra: 0, changed: 1 },
    complete: true,
    ranges: [],
    rows: [
      { kind: 'changed', key: ['1'], source: ['1', 'a'], target: ['1', null], differs: [1] },
      { kind: 'missing', key: ['2'], source: ['2', 'b'], target: null, differs: [] },
    ],
  });
  expect(cells.map(({ row, column, source, target }) => [row, column, source, target])).toEqual([
    ['1', 'name', 'a', 'NULL'],
    ['2', 'id', '2', ''],
    ['2', 'name', 'b', ''],
  ]);
  expect(rangeText({ kind: 'extra', from: ['1', 'x'], to: ['9', null], rows: 3 })).toBe('1, x to 9, NULL');
});
