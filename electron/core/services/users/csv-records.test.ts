import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCsvRecords } from './csv-records';

const told = (text: string): (string | number)[][] =>
  readCsvRecords(text).map((one) => ('reason' in one ? [one.line] : [one.line, ...one.fields]));

it('numbers records by the line on which they begin', () => {
  expect(told('a,b\r\n1,"two\r\nlines"\r\n\r\n3,4')).toEqual([
    [1, 'a', 'b'],
    [2, '1', 'two\r\nlines'],
    [5, '3', '4'],
  ]);
});

it('loses only the line whose quote is never closed', () => {
  expect(told('email,name\na,A\nb,"unclosed\nc,C\nd,D\n')).toEqual([
    [1, 'email', 'name'],
    [2, 'a', 'A'],
    [3],
    [4, 'c', 'C'],
    [5, 'd', 'D'],
  ]);
});

it('loses only lines with quotes in the wrong place, also two of them', () => {
  expect(
    told('email,name\na,5" screen\nb,B "quoted" here\nc,"C" x\nd,"D, ""and"" more"\ne,6" screen\nf,F'),
  ).toEqual([[1, 'email', 'name'], [2], [3], [4], [5, 'd', 'D, "and" more'], [6], [7, 'f', 'F']]);
});

it('takes semicolons and tabs, and a mark at the beginning', () => {
  expect(told('\uFEFFemail;name\na;"A;B"')).toEqual([
    [1, 'email', 'name'],
    [2, 'a', 'A;B'],
  ]);
  expect(told('email\tname\na\tA')[1]).toEqual([2, 'a', 'A']);
});

const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\n', ' ', '漢') });
const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 });

it('reads what was written, whatever is in it', () => {
  fc.assert(
    fc.property(table, (rows) => {
      const text = stringify([['email', 'name'], ...rows], { quoted: true });
      expect(told(text).map(([, ...fields]) => fields)).toEqual([['email', 'name'], ...rows]);
    }),
  );
});

it('keeps every other record when one line is broken', () => {
  const plainRow = fc.tuple(fc.nat(), fc.string({ unit: fc.constantFrom('a', ' ', 'ß') }));
  const rows = fc.array(plainRow, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(
      rows,
      fc.nat(),
      fc.constantFrom('x,"open', 'x,5" screen', 'x,"a" b'),
      (good, place, broken) => {
        const lines = good.map(([n, name]) => `u${n},${name}`);
        const at = place % (lines.length + 1);
        lines.splice(at, 0, broken);
        const records = readCsvRecords(['email,name', ...lines].join('\n'));
        expect(records.flatMap((one) => ('reason' in one ? [one.line] : []))).toEqual([at + 2]);
        expect(records).toHaveLength(good.length + 2);
      },
    ),
  );
});
