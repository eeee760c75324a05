import { describe, expect, it } from 'vitest';
import type { SwarmService, SwarmTask } from '../../adapters/docker/swarm';
import { planRelease } from './release-plan';
import { rolloutOf, serviceStatus } from './service-status';

const began = '2026-01-02T03:04:05.000Z';

function service(update?: { State: string; StartedAt?: string; Message?: string }): SwarmService {
  return {
    ID: 's1',
    CreatedAt: began,
    UpdatedAt: began,
    Version: { Index: 1 },
    Spec: {
      Name: 'shop_web',
      Mode: { Replicated: { Replicas: 2 } },
      TaskTemplate: { ContainerSpec: { Image: `shop/web:2@sha256:${'a'.repeat(64)}`, Env: ['A=1', 'B=2'] } },
    },
    ...(update === undefined ? {} : { UpdateStatus: update }),
  };
}

function task(image: string, state: string, changes: Partial<SwarmTask> = {}): SwarmTask {
  return {
    ID: 't',
    ServiceID: 's1',
    CreatedAt: '2026-01-02T03:04:06.000Z',
    DesiredState: state === 'running' ? 'running' : 'shutdown',
    Spec: { ContainerSpec: { Image: image, ...(image === current ? { Env: ['A=1', 'B=2'] } : {}) } },
    Status: { Timestamp: began, State: state, Err: state === 'failed' ? 'non-zero exit (1)' : undefined },
    ...changes,
  };
}
const current = `shop/web:2@sha256:${'a'.repeat(64)}`;
const old = `shop/web:1@sha256:${'b'.repeat(64)}`;

describe('the roll-out of a service', () => {
  it('is done once enough new tasks run and no old one', () => {
    const update = { State: 'completed', StartedAt: began };
    expect(rolloutOf(service(update), [task(current, 'running'), task(current, 'running')], began)).toBe(
      'done',
    );
    expect(rolloutOf(service(update), [task(current, 'running'), task(old, 'running')], began)).toBe(
      'under-way',
    );
    expect(rolloutOf(service(update), [task(current, 'running')], began)).toBe('under-way');
  });
  it.each(['paused', 'rollback_paused', 'rollback_completed'])(
    'has failed when the engine says %s',
    (State) => {
      expect(rolloutOf(service({ State, StartedAt: '2026-01-02T03:04:06Z' }), [], began)).toBe('failed');
    },
  );
  it('does not fail for what the engine said of an earlier update', () => {
    const before = service({ State: 'rollback_completed', StartedAt: '2026-01-01T00:00:00Z' });
    expect(rolloutOf(before, [task(current, 'running'), task(current, 'running')], began)).toBe('done');
  });
  it('of a first start has failed after three failures, which no update counts', () => {
    const failing = [task(current, 'failed'), task(current, 'failed')];
    expect(rolloutOf(service(), failing, began)).toBe('under-way');
    expect(rolloutOf(service(), [...failing, task(current, 'failed')], began)).toBe('failed');
    const older = task(current, 'failed', { CreatedAt: '2026-01-01T00:00:00Z' });
    expect(rolloutOf(service(), [...failing, older], began)).toBe('under-way');
  });
});

it.each([
  [[task(current, 'running'), task(current, 'running')], 'healthy'],
  [[task(current, 'running')], 'degraded'],
  [[task(current, 'starting', { DesiredState: 'running' })], 'starting'],
  [[task(current, 'failed')], 'down'],
] as const)('a service’s health follows from its tasks', (tasks, health) => {
  expect(serviceStatus('shop', service(), tasks)).toMatchObject({ name: 'web', health });
});

it('a plan names what changes and never a value', () => {
  const wanted = (name: string, image: string, environment: [string, string][]) => ({
    name,
    image,
    replicas: 2,
    ports: [],
    environment: new Map(environment),
  });
  const bundle = { files: () => new Map<string, string>(), warnings: [], compose: () => '' };
  const same = {
    ...bundle,
    services: [
      wanted('web', 'shop/web:2', [
        ['A', '1'],
        ['B', '2'],
      ]),
    ],
  };
  expect(planRelease('shop', same, [service()]).services).toEqual([
    { service: 'web', change: 'unchanged', differences: [] },
  ]);
  const other = {
    ...bundle,
    services: [
      wanted('web', 'shop/web:3', [
        ['A', 'planted'],
        ['C', '3'],
      ]),
      wanted('worker', 'shop/web:3', []),
    ],
  };
  const plan = planRelease('shop', other, [service()]);
  expect(plan.services).toEqual([
    { service: 'web', change: 'changed', differences: ['shop/web:2 → shop/web:3', '3 of its environment'] },
    { service: 'worker', change: 'created', differences: ['shop/web:3'] },
  ]);
  expect(plan.environment).toEqual([
    { service: 'web', name: 'A', change: 'changed' },
    { service: 'web', name: 'B', change: 'removed' },
    { service: 'web', name: 'C', change: 'added' },
  ]);
  expect(JSON.stringify(plan)).not.toContain('planted');
  expect(planRelease('shop', { ...bundle, services: [] }, [service()]).services).toMatchObject([
    { service: 'web', change: 'removed' },
  ]);
});
