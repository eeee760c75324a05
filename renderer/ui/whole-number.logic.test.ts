import { expect, it } from 'vitest';
import { wholeNumber } from './whole-number.logic';

it.each([
  ['7', 7],
  [' 12 ', 12],
  ['1', 1],
  ['100', 100],
  ['0', undefined],
  ['101', undefined],
  ['', undefined],
  ['1.5', undefined],
  ['-3', undefined],
  ['1e1', undefined],
  ['12 apples', undefined],
])('%j from 1 to 100', (text, value) => {
  expect(wholeNumber(text, 1, 100)).toBe(value);
});
