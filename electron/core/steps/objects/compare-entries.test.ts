import { expect, it } from 'vitest';
import { compareEntries } from './compare-entries';

const md5 = 'a'.repeat(32);
const other = 'b'.repeat(32);
const entry = (etag: string, size = 1, modifiedAt = '2026-01-02T00:00:00.000Z') => ({
  key: 'k',
  size,
  etag,
  modifiedAt,
});
const earlier = '2026-01-01T00:00:00.000Z';
const later = '2026-01-03T00:00:00Z';

it.each([
  ['other sizes', entry(md5, 1), entry(md5, 2), { same: false, by: 'size' }],
  ['the same MD5', entry(md5, 1, later), entry(md5, 1, earlier), { same: true, by: 'checksum' }],
  ['another MD5', entry(md5, 1, earlier), entry(other, 1, later), { same: false, by: 'checksum' }],
  ['the same parts', entry(`${md5}-3`), entry(`${md5}-3`), { same: true, by: 'checksum' }],
  ['other parts, copied since', entry(`${md5}-3`), entry(`${other}-2`, 1, later), { same: true, by: 'time' }],
  [
    'other parts, written since',
    entry(`${md5}-3`, 1, later),
    entry(`${other}-2`),
    { same: false, by: 'time' },
  ],
  ['the same opaque ETag', entry('x', 1, later), entry('x'), { same: false, by: 'time' }],
])('%s', (_what, source, target, expected) => {
  expect(compareEntries(source, target)).toEqual(expected);
});
