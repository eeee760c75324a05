import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonProblem } from './json-problem.logic';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('tells line and column of the first thing that is wrong', () => {
  expect(jsonProblem('{"plan": "team"}')).toBeUndefined();
  expect(jsonProblem('{\n  "plan": "team"\n  "seats": 3\n}')).toBe(
    'Line 3, column 3: expected a comma or the closing bracket.',
  );
  expect(jsonProblem('{\n  "plan": team\n}')).toBe('Line 2, column 11: expected a value.');
  expect(jsonProblem("{'plan': 1}")).toBe('Line 1, column 2: expected a key in double quotes, or }.');
  expect(jsonProblem('{"a": 1,}')).toBe('Line 1, column 9: expected a key in double quotes.');
  expect(jsonProblem('{"a" 1}')).toBe('Line 1, column 6: expected a colon.');
  expect(jsonProblem('[1, 2')).toBe('Line 1, column 6: expected a comma or the closing bracket.');
  expect(jsonProblem('')).toBe('Line 1, column 1: expected a value.');
  expect(jsonProblem('{} {}')).toBe('Line 1, column 4: expected nothing more.');
});

test('finds a problem exactly where JSON.parse fails', () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      '"',
      '1',
      '-0.5e3',
      '01',
      'true',
      'nul',
      ' ',
      '\n',
      '\u00a0',
      '\u007f',
      'ö',
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((pieces) => pieces.join('')),
        fc.string(),
      ),
      (text) => {
        expect(jsonProblem(text) === undefined).toBe(parses(text));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('takes all JSON, and names a place in all that was cut', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, cut) => {
      expect(jsonProblem(text)).toBeUndefined();
      const part = text.slice(0, cut % (text.length + 1));
      expect(jsonProblem(part) === undefined).toBe(parses(part));
    }),
  );
});
