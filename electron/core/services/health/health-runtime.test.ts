import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '#shared/model/errors';
import { defaultHealthConfig, type HealthConfig } from '#shared/model/health';
import type { AlertMessage } from './alerts/alert-text';
import { createHealthRuntime } from './health-runtime';
import { openHistory } from './history/history';
import { createTestClock } from './test-clock';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-runtime-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const minute = 60_000;

/** Ten minutes with a service that is down from the third to the seventh, of which so much is told until then. */
async function tenMinutes(alerts: number, maintenance: (start: number) => HealthConfig['maintenance']) {
  const clock = createTestClock();
  const start = clock.wall();
  const told: string[] = [];
  let failing = false;
  const runtime = createHealthRuntime({
    folder,
    host: 'test',
    workspace: 'shop',
    clock,
    config: { ...defaultHealthConfig, enabled: true, maintenance: maintenance(start) },
    built: {
      checks: ['backend', 'redis'].map((id) => ({
        id: `${id}.check`,
        title: id,
        service: { id, title: id, group: 'application' as const },
        intervalMs: 10_000,
        timeoutMs: 4000,
        run: () =>
          failing && id === 'backend'
            ? Promise.reject(new AppError('CONNECTION_REFUSED', 'Refused.', { hint: 'Start it.' }))
            : Promise.resolve({ summary: 'Answers', facts: [], findings: [] }),
      })),
      close: () => Promise.resolve(),
    },
    receivers: [
      {
        channel: 'webhook',
        send: ({ alerts }: AlertMessage) => {
          told.push(...alerts.map(({ kind, incident }) => `${incident.service} ${kind}`));
          return Promise.resolve();
        },
      },
    ],
    redact: (text) => text,
    onChange: () => undefined,
  });
  runtime.start();
  await expect.poll(async () => (await runtime.overview()).recording).toBe('here');
  await clock.pass(3 * minute);
  failing = true;
  await clock.pass(4 * minute);
  // The disk does not keep to the clock of the test.
  await expect.poll(async () => (await runtime.incidents.list()).length).toBe(1);
  if (alerts > 0) await expect.poll(() => told.length).toBe(alerts);
  failing = false;
  await clock.pass(3 * minute);
  const later = async () => {
    await clock.pass(10_000);
    return told.length;
  };
  await expect.poll(later).toBe(2 * alerts);
  await runtime.stop();
  const incidents = await runtime.incidents.list();
  const hours = await openHistory(path.join(folder, 'health')).hours(start, start + 3_600_000);
  return { told, incidents, covered: hours.get('backend.check')?.[0]?.covered };
}

test('an incident is opened, told, ended and counted', async () => {
  const { told, incidents, covered } = await tenMinutes(1, () => []);
  expect(told).toEqual(['backend opened', 'backend resolved']);
  expect(incidents).toMatchObject([{ service: 'backend', code: 'CONNECTION_REFUSED', state: 'down' }]);
  expect(incidents[0]?.endedAt).toBeDefined();
  expect(Math.abs((covered?.down ?? 0) - 4 * minute)).toBeLessThan(30_000);
});

test('what is down in its maintenance window is told to nobody and held against no uptime', async () => {
  const { told, incidents, covered } = await tenMinutes(0, (start) => [
    {
      service: 'backend',
      from: new Date(start).toISOString(),
      to: new Date(start + 20 * minute).toISOString(),
      reason: 'Upgrade',
    },
  ]);
  expect(told).toEqual([]);
  expect(incidents).toMatchObject([{ service: 'backend' }]);
  expect(covered).toMatchObject({ down: 0 });
  expect(covered?.healthy).toBeGreaterThan(5 * minute);
});
