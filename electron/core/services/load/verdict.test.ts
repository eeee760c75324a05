import { expect, test } from 'vitest';
import type { LoadFigures, LoadMeasurement, LoadTick } from '#shared/model/load-check';
import { createBrake, reasonsAgainst } from './verdict';

const goal = { p95Ms: 200, errorShare: 0 };
const figures = (changes: Partial<LoadFigures> = {}): LoadFigures => ({
  requests: 1000,
  perSecond: 1000,
  errors: 0,
  errorKinds: {},
  p50: 40,
  p95: 120,
  p99: 180,
  max: 400,
  bytes: 1,
  ...changes,
});
const measured = (changes: Partial<LoadFigures> = {}, generatorBusy = 0.2): LoadMeasurement => ({
  measuredMs: 1000,
  total: figures(changes),
  routes: [{ path: '/orders', users: 10, ...figures(changes) }],
  generatorBusy,
});

test('a goal is met only within the latency, without errors and with a generator that is not the limit', () => {
  expect(reasonsAgainst({ goal }, measured())).toEqual([]);
  expect(reasonsAgainst({ goal }, measured({ p95: 200.4 }))).toEqual([
    '/orders: p95 is 200 ms, the goal is 200 ms.',
  ]);
  expect(reasonsAgainst({ goal }, measured({ errors: 1, errorKinds: { 'status 503': 1 } }))).toEqual([
    '/orders: 1 of 1000 requests failed (1 × status 503).',
  ]);
  expect(
    reasonsAgainst({ goal: { ...goal, errorShare: 0.01 } }, measured({ errors: 9, errorKinds: {} })),
  ).toEqual([]);
  expect(reasonsAgainst({ goal }, measured({}, 0.95))[0]).toContain('This machine was at its limit');
  expect(reasonsAgainst({ goal }, measured({ requests: 0 }))).toContain('Nothing was measured.');
});

/** What the brake says within so many quarters of a second. */
function braked(count: number, tickOf: (index: number) => Partial<LoadTick>): string | undefined {
  const brake = createBrake({ goal });
  for (let index = 0; index < count; index += 1) {
    const said = brake({
      phase: 'hold',
      elapsedMs: index * 250,
      users: 100,
      recent: figures(),
      total: figures({ requests: index * 100 + 1 }),
      ...tickOf(index),
    });
    if (said !== undefined) return said;
  }
  return undefined;
}

test('a healthy service is loaded to the end, a short stumble too', () => {
  expect(braked(400, () => ({}))).toBeUndefined();
  const stumble = figures({ errors: 900, errorKinds: { 'status 503': 900 } });
  expect(braked(400, (index) => (index % 20 < 8 ? { recent: stumble } : {}))).toBeUndefined();
});

test('a service that fails, crawls or falls silent is left alone', () => {
  const failing = figures({ errors: 501, errorKinds: { 'status 503': 501 } });
  expect(braked(40, () => ({ recent: failing }))).toContain('More than half of the requests failed');
  expect(braked(40, () => ({ recent: figures({ p50: 10_001 }) }))).toContain('longer than 10 s');
  const silent = { recent: figures({ requests: 0 }), total: figures({ requests: 0 }) };
  expect(braked(60, () => silent)).toContain('Nothing was answered for 10 s');
});
