import { describe, expect, it } from 'vitest';
import type { DeployEvent } from '#shared/model/deploy';
import {
  foldOperation,
  keptLines,
  noEvents,
  phaseTone,
  readAddresses,
  readMigration,
  shortImage,
  totalUse,
} from './deploy.logic';

const told: DeployEvent[] = [
  { type: 'phase', phase: 'images', message: 'Get the images' },
  { type: 'log', source: 'images', line: 'Pull shop/web:2' },
  { type: 'phase', phase: 'rollout', message: 'Wait' },
  { type: 'service', service: 'web', state: 'updating', message: '' },
];

describe('what a deployment tells', () => {
  it('is the same in one piece and piece by piece', () => {
    const whole = foldOperation(noEvents, told);
    expect(told.reduce((view, event) => foldOperation(view, [event]), noEvents)).toEqual(whole);
    expect(whole.phases.map((_phase, index) => phaseTone(whole, index))).toEqual(['ok', 'run']);
  });
  it('keeps the latest word on a service and the newest lines', () => {
    const view = foldOperation(foldOperation(noEvents, told), [
      { type: 'service', service: 'web', state: 'done', message: '' },
      ...Array.from({ length: keptLines }, (_, line): DeployEvent => ({
        type: 'log',
        source: 'docker',
        line: String(line),
      })),
    ]);
    expect(view.services).toEqual([{ service: 'web', state: 'done', message: '' }]);
    expect(view.lines).toHaveLength(keptLines);
    expect(view.lines[0]?.message).toBe('0');
  });
  it('shows the phase in which it failed', () => {
    const view = foldOperation(noEvents, [...told, { type: 'end', outcome: 'failed' }]);
    expect(phaseTone(view, 0)).toBe('ok');
    expect(phaseTone(view, 1)).toBe('bad');
  });
});

it('reads addresses and says which words are none', () => {
  expect(readAddresses('https://a.example/health\n http://b.example  ftp://c d')).toEqual({
    addresses: ['https://a.example/health', 'http://b.example'],
    wrong: ['ftp://c', 'd'],
  });
});

it('reads a step before the release', () => {
  expect(readMigration('backend: alembic  upgrade head')).toEqual({
    service: 'backend',
    command: ['alembic', 'upgrade', 'head'],
  });
  expect(readMigration('alembic upgrade head')).toBeUndefined();
});

it('shortens a digest and leaves a tag', () => {
  expect(shortImage(`ghcr.io/shop/web:2@sha256:${'ab'.repeat(32)}`)).toBe('ghcr.io/shop/web:2@abababab');
  expect(shortImage('shop/web:2')).toBe('shop/web:2');
});

it('tells what containers take together, with the cores once all were measured twice', () => {
  const use = (cpus: number | null, megabytes: number) => ({
    id: 'a',
    service: 'web',
    cpus,
    memoryBytes: megabytes * 1e6,
    memoryLimitBytes: 1e9,
  });
  expect(totalUse([use(0.5, 100), use(0.25, 50)])).toBe('0.75 cores, 150 MB');
  expect(totalUse([use(0.5, 100), use(null, 50)])).toBe('150 MB');
});
