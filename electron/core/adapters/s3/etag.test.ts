import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalPartSize, maxParts, minPartSize, multipartEtag, ownPartSize, readEtag } from './etag';

const mib = 1024 * 1024;

it('tells what an ETag proves', () => {
  const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
  expect(readEtag(md5)).toEqual({ kind: 'md5', md5 });
  expect(readEtag(`${md5}-12`)).toEqual({ kind: 'parts', count: 12 });
  for (const other of ['', 'abc', md5.toUpperCase(), `${md5}-`, `${md5}-1-2`])
    expect(readEtag(other)).toEqual({ kind: 'opaque' });
});

it('finds a part size that leads to the same number of parts, or none', () => {
  expect(equalPartSize(70 * mib, 5, 16 * mib)).toBe(16 * mib);
  expect(equalPartSize(70 * mib, 5, undefined)).toBe(16 * mib);
  // The first part does not lead to three parts: they were unequal.
  expect(equalPartSize(12 * mib, 3, 7 * mib)).toBeUndefined();
  expect(equalPartSize(100, 1, undefined)).toBe(100);
  fc.assert(
    fc.property(
      fc.integer({ min: minPartSize, max: 600 * mib }),
      fc.integer({ min: 1, max: 40_000 * mib }),
      (part, size) => {
        const count = Math.max(1, Math.ceil(size / part));
        expect(equalPartSize(size, count, part)).toBe(part);
        const guessed = equalPartSize(size, count, undefined);
        if (guessed !== undefined) expect(Math.max(1, Math.ceil(size / guessed))).toBe(count);
      },
    ),
  );
});

it('never needs more parts than a store takes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_995 * 1024 ** 3 }), (size) => {
      expect(Math.ceil(size / ownPartSize(size))).toBeLessThanOrEqual(maxParts);
      expect(ownPartSize(size)).toBeGreaterThanOrEqual(minPartSize);
    }),
  );
});

it('follows the formula of S3', () => {
  const md5 = (text: string): Buffer => createHash('md5').update(text).digest();
  // Computed with Python's hashlib.
  expect(multipartEtag([md5('a'), md5('b')])).toBe('96e024ba2074fe77e8e965ba43a704be-2');
});
