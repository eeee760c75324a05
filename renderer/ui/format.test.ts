import { formatBytes } from '#shared/model/format-bytes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatPercent, formatRate, formatShare, plural } from './format';

describe('formatBytes', () => {
  it('uses decimal units with one digit at most', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(1_340_000_000)).toBe('1.3 GB');
    expect(formatBytes(184_000_000)).toBe('184 MB');
  });

  it('never shows four digits before the unit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9e14 }),
        (bytes) => formatBytes(bytes).replace(/[^\d]/g, '').length <= 4,
      ),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [4.4, '4 s'],
    [59.6, '1 min'],
    [90, '1 min 30 s'],
    [18 * 60 + 20, '18 min'],
    [3 * 3600 + 300, '3 h 5 min'],
    [3 * 86_400, '3 days'],
  ])('says %s seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

it('says 100% only when everything is done', () => {
  expect(formatPercent(0.9999)).toBe('99%');
  expect(formatPercent(1)).toBe('100%');
});

it('names units once', () => {
  expect(formatShare(3, 20, 'rows')).toBe('3 of 20 rows');
  expect(formatRate(2.55, 'objects')).toBe('2.6 objects/s');
  expect(plural(1, 'table')).toBe('1 table');
  expect(plural(2, 'table')).toBe('2 tables');
});
