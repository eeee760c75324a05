import fc from 'fast-check';
import { appendFile, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { healthStates } from '#shared/model/health';
import type { Sample } from '../monitor';
import {
  bucketsOf,
  decodeBuckets,
  emptyBucket,
  encodeBuckets,
  mergeInto,
  percentile,
  uptime,
} from './bucket';
import { decodeSamples, encodeSample } from './format';
import { openHistory } from './history';
import { openIncidentLog } from './incidents';
import { uptimes } from './uptimes';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-history-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const start = Date.parse('2026-03-01T00:00:00Z');
const day = 86_400_000;
const sample = (at: number, changes: Partial<Sample> = {}): Sample => ({
  check: 'backend.health',
  at,
  state: 'healthy',
  latencyMs: 40,
  covered: { state: 'healthy', ms: 10_000 },
  ...changes,
});
const total = (buckets: ReturnType<typeof decodeBuckets>) => {
  const all = emptyBucket(0);
  for (const bucket of buckets) mergeInto(all, bucket);
  return all;
};

const anySample = fc.record({
  check: fc.integer({ min: 0, max: 3 }),
  at: fc.integer({ min: start, max: start + day - 1 }),
  state: fc.constantFrom(...healthStates),
  latencyMs: fc.integer({ min: 0, max: 60_000 }),
  covered: fc.record({ state: fc.constantFrom(...healthStates), ms: fc.integer({ min: 0, max: 100_000 }) }),
});

test('samples and buckets come back from their bytes as they were', () => {
  fc.assert(
    fc.property(fc.array(anySample, { maxLength: 50 }), (samples) => {
      expect([...decodeSamples(Buffer.concat(samples.map(encodeSample)))]).toEqual(samples);
      const gathered = bucketsOf(60_000);
      for (const one of samples) gathered.sample(one);
      expect(decodeBuckets(encodeBuckets(gathered.all(), 60_000), 60_000)).toEqual(gathered.all());
    }),
  );
});

test('percentiles are right to a twentieth, and uptime counts known time only', () => {
  const gathered = bucketsOf(3_600_000);
  for (let n = 1; n <= 1000; n += 1) gathered.sample({ ...sample(start), latencyMs: n });
  gathered.sample(sample(start, { covered: { state: 'down', ms: 10_000_000 }, state: 'healthy' }));
  gathered.sample(sample(start, { covered: { state: 'unknown', ms: 50_000_000 } }));
  const all = total(gathered.all());
  for (const share of [0.5, 0.95, 0.99]) {
    const found = percentile(all, share) ?? 0;
    expect(Math.abs(found - share * 1000) / (share * 1000)).toBeLessThan(0.05);
  }
  expect(uptime(all)).toBeCloseTo(0.5, 3);
  expect(uptime(emptyBucket(0))).toBeUndefined();
});

test('a half-written record costs nothing but itself', async () => {
  const first = openHistory(folder);
  for (let n = 0; n < 10; n += 1) await first.add(sample(start + n * 10_000));
  await first.close();
  const file = path.join(folder, '2026-03-01.raw');
  await appendFile(file, Buffer.alloc(7, 0xff));
  const second = openHistory(folder);
  await second.add(sample(start + 100_000));
  await second.close();
  expect((await stat(file)).size).toBe(11 * 20);
  const buckets = await openHistory(folder).buckets('backend.health', start, start + day, 10_000);
  expect(buckets).toHaveLength(11);
  await truncate(file, 10 * 20 + 3);
  expect(await openHistory(folder).buckets('backend.health', start, start + day, 10_000)).toHaveLength(10);
});

test('rolled-up days say the same as their samples did, and old ones go', async () => {
  const history = openHistory(folder);
  for (let at = start; at < start + day; at += 600_000) {
    await history.add(sample(at));
    await history.add(
      sample(at + 1, { check: 'redis.ping', state: 'down', covered: { state: 'down', ms: 5000 } }),
    );
  }
  const ask = (check: string) => history.buckets(check, start, start + day, 900_000);
  const before = await Promise.all(['backend.health', 'redis.ping'].map(ask));
  await history.tidy(start + 4 * day);
  expect((await readdir(folder)).toSorted()).toEqual([
    '2026-03-01.minute',
    '2026-03-01.quarter',
    'checks.json',
  ]);
  expect(await Promise.all(['backend.health', 'redis.ping'].map(ask))).toEqual(before);
  // The clock was set back into a day whose samples are gone.
  await history.add(sample(start + 3));
  await history.tidy(start + 4 * day);
  expect(total(await ask('backend.health')).covered.healthy).toBe(145 * 10_000);
  await history.tidy(start + 20 * day);
  expect((await readdir(folder)).includes('2026-03-01.minute')).toBe(false);
  expect(total(await history.buckets('backend.health', start, start + day, 60_000)).covered.healthy).toBe(
    1_450_000,
  );
  await history.tidy(start + 100 * day);
  expect(await readdir(folder)).toEqual(['checks.json']);
  await history.close();
});

test('incidents are folded from their events; a torn line is passed over', async () => {
  const log = openIncidentLog(folder);
  const opened = await log.open({
    service: 'backend',
    serviceTitle: 'backend',
    check: 'backend.health',
    checkTitle: '/health',
    state: 'degraded',
    startedAt: new Date(start).toISOString(),
    code: 'SLOW',
    cause: 'Slow.',
    remedy: 'Look.',
  });
  await log.worsen(opened.id, { code: 'TIMED_OUT', cause: 'No answer.', remedy: 'Look.' });
  await appendFile(path.join(folder, 'incidents.jsonl'), '{"type":"clo');
  await log.note(opened.id, { at: new Date(start).toISOString(), by: 'ada@console', text: 'rolled back' });
  await log.close(opened.id, new Date(start + 60_000).toISOString());
  const [incident] = await openIncidentLog(folder).list();
  expect(incident).toMatchObject({
    state: 'down',
    cause: 'No answer.',
    endedAt: new Date(start + 60_000).toISOString(),
  });
  expect(incident?.notes.map(({ text }) => text)).toEqual(['rolled back']);
  await expect(log.note('another', { at: '', by: '', text: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await log.tidy(start + 91 * day);
  expect(await log.list()).toEqual([]);
});

test('uptime of a service is that of its worst check, over each span, rolled up or not', async () => {
  const history = openHistory(folder);
  const now = start + 100 * day;
  for (const age of [1000, 60, 5, 0.5].map((days) => days * day)) {
    const down = { state: 'down', covered: { state: 'down', ms: 10_000 } } as const;
    await history.add(sample(now - age));
    await history.add(sample(now - age, { check: 'backend.ready', ...(age > 2 * day ? down : {}) }));
  }
  for (const check of ['backend.ready', 'backend.ready']) await history.add(sample(now - 1000, { check }));
  const expected = [{ service: 'backend', title: 'backend', day: 1, week: 0.75, month: 0.75, quarter: 0.6 }];
  const checks = ['backend.health', 'backend.ready'];
  expect(await uptimes(history, [{ id: 'backend', title: 'backend', checks }], now)).toEqual(expected);
  await history.tidy(now);
  expect(await uptimes(history, [{ id: 'backend', title: 'backend', checks }], now)).toEqual(expected);
  expect(await uptimes(history, [{ id: 'other', title: 'other', checks: [] }], now)).toEqual([
    { service: 'other', title: 'other' },
  ]);
  await history.close();
});
