import fc from 'fast-check';
import { expect, test } from 'vitest';
import { curlCommand } from './addresses.logic';
import { mergeRows, nameBelow, parentOf, pathOf, shownName, sortRows } from './rows.logic';
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
