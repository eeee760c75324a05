import { expect, test } from 'vitest';
import {
  ageOf,
  formatMs,
  formatUptime,
  headline,
  incidentsCsv,
  logServices,
  movedWindow,
  sparkline,
  topOf,
} from './health.logic';

test('uptime says 100% only when nothing was missing', () => {
  expect([1, 0.99999, 0.5, undefined].map(formatUptime)).toEqual(['100%', '99.99%', '50.00%', '–']);
});

test('a sparkline has a gap where the service failed', () => {
  expect(sparkline([10, 10, null, 5], 30, 14)).toEqual(['0.0,2.0 10.0,2.0', '30.0,7.0']);
  expect(sparkline([], 30, 14)).toEqual([]);
});

test('ages are told in their largest unit', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  const before = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  expect([4, 90, 7200, 200_000].map((seconds) => ageOf(before(seconds), now))).toEqual([
    '4 s ago',
    '2 min ago',
    '2 h ago',
    '2 days ago',
  ]);
  // The host's clock may be ahead of this one.
  expect(ageOf(before(-30), now)).toBe('0 s ago');
});

test('nothing watched has no headline, and milliseconds turn into seconds', () => {
  expect(headline([])).toBeUndefined();
  expect([12.4, 1400, undefined].map(formatMs)).toEqual(['12 ms', '1.4 s', '–']);
});

test('a window is zoomed into, moved back, and ends at now', () => {
  const now = 100 * 3_600_000;
  const hour = 3_600_000;
  const middle = movedWindow(undefined, '1h', 'in', now);
  expect(middle).toEqual({ from: now - 0.75 * hour, to: now - 0.25 * hour });
  expect(movedWindow(middle, '1h', 'earlier', now)).toEqual({ from: now - hour, to: now - 0.5 * hour });
  expect(movedWindow(middle, '1h', 'later', now)).toEqual({ from: now - 0.5 * hour, to: now });
  expect(movedWindow({ from: now - hour, to: now }, '1h', 'later', now)).toBeUndefined();
  const short = { from: now - 60_000, to: now };
  expect(movedWindow(short, '1h', 'in', now)).toEqual(short);
});

test('logs are those of the services that belong to what is watched', () => {
  const deployed = ['shop_backend', 'shop_celery-worker', 'shop_beat', 'shop_redis'];
  expect(logServices('celery', deployed)).toEqual(['shop_celery-worker', 'shop_beat']);
  expect(logServices('r2', deployed)).toEqual([]);
});

test('the scale reaches up to the goal unless the answers are far below it', () => {
  const tops = [topOf(60, 200), topOf(20, 200), topOf(900, 200), topOf(20, undefined)];
  expect(tops.map(Math.round)).toEqual([220, 22, 990, 22]);
});

test('incidents become lines that a spreadsheet takes as texts', () => {
  const incident = {
    id: '1',
    service: 'backend',
    serviceTitle: 'backend',
    check: 'backend.health',
    checkTitle: 'Health',
    state: 'down' as const,
    startedAt: '2026-01-01T00:00:00Z',
    code: 'WRONG_ANSWER',
    cause: 'It says "no", twice.',
    remedy: 'Look.',
    notes: [{ at: '', by: '', text: '=1+1' }],
  };
  expect(incidentsCsv([incident]).split('\n')[1]).toBe(
    `2026-01-01T00:00:00Z,,backend,backend.health,down,WRONG_ANSWER,"It says ""no"", twice.",'=1+1`,
  );
});
