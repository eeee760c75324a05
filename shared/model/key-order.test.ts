import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareKeys } from './key-order';

it('orders as the UTF-8 bytes do', () => {
  const key = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '\u00e9', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  });
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
