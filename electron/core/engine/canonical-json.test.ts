import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, hashJson, toJson } from './canonical-json';

/** The same value with the members of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

test('equal values give equal text and hash, whatever the order of their members', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      expect(hashJson(reversed(value))).toBe(hashJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('different values give different text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const same = canonicalJson(a) === canonicalJson(b);
      expect(same).toBe(canonicalJson(reversed(a)) === canonicalJson(reversed(b)));
      if (JSON.stringify(a) === JSON.stringify(b)) expect(same).toBe(true);
      else if (typeof a !== 'object' || typeof b !== 'object') expect(same).toBe(false);
    }),
  );
});

test('what JSON cannot hold is refused', () => {
  expect(() => toJson({ rows: 1n })).toThrow('not plain JSON');
  expect(toJson(undefined)).toBeNull();
  expect(toJson({ at: new Date(0), gone: undefined })).toEqual({ at: '1970-01-01T00:00:00.000Z' });
});
