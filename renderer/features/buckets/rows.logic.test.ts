import fc from 'fast-check';
import { expect, test } from 'vitest';
import { curlCommand } from './addresses.logic';
import {
  comparedRow,
  mergeRows,
  nameBelow,
  parentOf,
  pathOf,
  rowTag,
  shownName,
  sortRows,
  type Row,
} from './rows.logic';
import { chooseOnly, chooseRange, chosenKeys, nothingChosen, toggleRow } from './selection.logic';
import { stretchRows, stretchStart } from './window.logic';

const object = (key: string, size = 1, etag = 'e', modifiedAt = '2026-01-01T00:00:00Z') => ({
  key,
  size,
  etag,
  modifiedAt,
});

test('names show what can’t be seen, and folders split at every slash', () => {
  expect(shownName('a\u202egnp.exe\n')).toBe('a\\u202egnp.exe\\u000a');
  expect([nameBelow('x/', 'x/'), nameBelow('x/', 'x/y')]).toEqual(['./', 'y']);
  expect(pathOf('a//b/').map(({ prefix }) => prefix)).toEqual(['a/', 'a//', 'a//b/']);
  expect([parentOf('a//b/'), parentOf('a//'), parentOf('a/')]).toEqual(['a//', 'a/', '']);
});

test('rows come in the order of the store, and sort with folders first', () => {
  const rows = mergeRows(['b/'], [object('a', 1), object('c', 9), object('d', 9)]);
  expect(rows.map(({ key }) => key)).toEqual(['a', 'b/', 'c', 'd']);
  expect(sortRows(rows, { by: 'size', descending: true }).map(({ key }) => key)).toEqual([
    'b/',
    'c',
    'd',
    'a',
  ]);
});

test('a row of both sides says what is missing where, and a folder of both nothing', () => {
  const label = (row: Row | undefined) => row && rowTag('both', row, undefined)?.label;
  const rows = [
    { kind: 'object' as const, key: 'a', sides: { source: object('a', 1), target: object('a', 2) } },
    { kind: 'object' as const, key: 'b', sides: { source: object('b') } },
    { kind: 'object' as const, key: 'c', sides: { target: object('c', 7) } },
    { kind: 'object' as const, key: 'd', sides: {} },
    { kind: 'folder' as const, key: 'e/', sides: { source: true as const, target: true as const } },
    { kind: 'folder' as const, key: 'f/', sides: { source: true as const } },
  ].flatMap(comparedRow);
  expect(rows.map((row) => [row.key, label(row)])).toEqual([
    ['a', 'Differs'],
    ['b', 'Missing on R2'],
    ['c', 'Only on R2'],
    ['e/', undefined],
    ['f/', 'Missing on R2'],
  ]);
});

test('a choice becomes keys and prefixes, and everything becomes its folder', () => {
  const [file, folder] = mergeRows(['z/'], [object('a')]);
  if (file === undefined || folder === undefined) throw new Error('There are two rows.');
  const both = toggleRow(chooseOnly(0, file), 1, folder);
  expect(chosenKeys(both, '')).toEqual({ keys: ['a'], prefixes: ['z/'] });
  expect(chosenKeys(toggleRow(both, 0, file), '')).toEqual({ keys: [], prefixes: ['z/'] });
  expect(chosenKeys({ ...nothingChosen, everything: true }, 'p/')).toEqual({ keys: [], prefixes: ['p/'] });
  expect(chooseRange(both, 0, [file, folder]).chosen.size).toBe(2);
});

test('the row under the eye stays on the stretch that is drawn, however far one scrolls', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000_000 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
      (known, moves) => {
        let start = 0;
        for (const move of moves) {
          const rows = Math.min(stretchRows, known - start);
          const top = start + Math.floor(move * (rows - 1));
          start = stretchStart(start, top, known);
          expect(top).toBeGreaterThanOrEqual(start);
          expect(top).toBeLessThan(Math.min(known, start + stretchRows));
        }
      },
    ),
  );
});

test('a command of the shell holds an address as one word and a plain file name', () => {
  expect(curlCommand("https://x/it's", "..;rm -rf '$HOME")).toBe(
    "curl --fail --location --output '__rm -rf __HOME' 'https://x/it'\\''s'",
  );
});
