import { expect, it } from 'vitest';
import { prettyJson, readTable } from './table-text.logic';

it('finds the separator, and keeps separators, quotes and line breaks inside of quotes', () => {
  expect(readTable('name,price\n"a, ""b""",1\r\n"two\nlines",2\n')).toEqual([
    ['name', 'price'],
    ['a, "b"', '1'],
    ['two\nlines', '2'],
  ]);
  expect(readTable('\uFEFFname;price;note\nx;1,5;"a;b"')).toEqual([
    ['name', 'price', 'note'],
    ['x', '1,5', 'a;b'],
  ]);
  expect(readTable('a\tb\n1\t2')).toEqual([
    ['a', 'b'],
    ['1', '2'],
  ]);
});

it('leaves empty lines out and shows a bounded part', () => {
  expect(readTable('')).toEqual([]);
  expect(readTable('one\n\ntwo\n')).toEqual([['one'], ['two']]);
  const large = readTable(`${'x,'.repeat(80)}\n`.repeat(300));
  expect(large).toHaveLength(100);
  expect(large[0]).toHaveLength(50);
});

it('indents JSON, and says when a text is none', () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyJson('{a}')).toBeUndefined();
});
