import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runIdSchema, type RunState } from '#shared/model/run';
import { emptyRunView, reduceRun } from '#shared/model/run-view';
import type { RunsService } from '#core/services/runs/runs-service';
import { startChild } from './child-process';
import { diskService } from './disk-service';

const never = new AbortController().signal;
let workspace = '';
let other: RunsService;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'cutover-processes-'));
  other = await diskService({ workspace, host: 'browser' });
});
afterEach(async () => {
  await other.close();
  await rm(workspace, { recursive: true, force: true });
});

/** Follows a run from this process until it is in a state. */
async function until(runId: string, state: RunState): Promise<void> {
  for await (const { event } of other.watch(runId, -1, never)) {
    if (event.type === 'run.state' && event.data.state === state) return;
  }
  throw new Error(`The run ended without being ${state}.`);
}

test('of two processes that begin at once one gets the lock, and the other names its run', async () => {
  const children = [
    startChild({ workspace, host: 'cli', pace: 150 }),
    startChild({ workspace, host: 'desktop', pace: 150 }),
  ];
  const ends = await Promise.all(children.map((child) => child.ended));
  expect(ends.sort()).toEqual(['RUN_LOCKED', 'succeeded-with-warnings']);
  const names = await readdir(join(workspace, 'runs'));
  expect(names.filter((name) => runIdSchema.safeParse(name).success)).toHaveLength(1);
});

test('a live run refuses a second one and a resume, naming run and host', async () => {
  const child = startChild({ workspace, host: 'desktop', pace: 200 });
  const runId = await child.begun;
  const { hash } = await other.plan(['objects'], never);
  await expect(other.start({ only: ['objects'], planHash: hash }, never)).rejects.toMatchObject({
    code: 'RUN_LOCKED',
    details: { run: runId, host: 'desktop' },
  });
  await expect(other.resume(runId)).rejects.toMatchObject({ code: 'RUN_LOCKED', details: { run: runId } });
  await child.kill();
});

test('a killed run reads as interrupted and is taken over', async () => {
  const child = startChild({ workspace, host: 'cli', pace: 40 });
  const runId = await child.begun;
  await child.kill();
  expect(await other.get(runId)).toMatchObject({ state: 'interrupted' });
  expect(await other.list()).toMatchObject([{ id: runId, state: 'interrupted' }]);
  await other.resume(runId);
  expect(await other.settled(runId)).toMatchObject({ state: 'succeeded-with-warnings' });
});

test('a cancel from another process stops the run within 5 s and leaves it resumable', async () => {
  const child = startChild({ workspace, host: 'cli', pace: 40 });
  const runId = await child.begun;
  await until(runId, 'running');
  const asked = performance.now();
  await other.cancel(runId);
  await until(runId, 'cancelled');
  expect(await child.ended).toBe('cancelled');
  // Its steps heed the signal, so nothing waits for the deadline.
  expect(performance.now() - asked).toBeLessThan(3000);
  const stopped = await other.get(runId);
  expect(stopped.error).toBeUndefined();
  expect(stopped.steps.flatMap((step) => step.units).filter((unit) => unit.state === 'running')).toEqual([]);
  await expect(other.cancel(runId)).rejects.toMatchObject({ code: 'RUN_NOT_RUNNING' });
  await other.resume(runId);
  expect(await other.settled(runId)).toMatchObject({ state: 'succeeded-with-warnings' });
});

test('a step that does not heed the signal does not hold a cancel up, but keeps the lock', async () => {
  const child = startChild({ workspace, host: 'cli', pace: 10, behaviour: { deaf: 30_000 } });
  const runId = await child.begun;
  await until(runId, 'running');
  const asked = performance.now();
  await other.cancel(runId);
  await until(runId, 'cancelled');
  expect(performance.now() - asked).toBeLessThan(5000);
  await expect(other.resume(runId)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
  await child.kill();
});

test('pause and continue from another process', async () => {
  const child = startChild({ workspace, host: 'cli', pace: 50 });
  const runId = await child.begun;
  await other.pause(runId);
  await until(runId, 'paused');
  expect(await other.get(runId)).toMatchObject({ state: 'paused' });
  await other.continue(runId);
  expect(await child.ended).toBe('succeeded-with-warnings');
  const states: string[] = [];
  for await (const { event } of other.watch(runId, -1, never)) {
    if (event.type === 'run.state') states.push(event.data.state);
  }
  expect(states).toEqual(['running', 'paused', 'running', 'verifying', 'succeeded-with-warnings']);
});

test('a watcher in another process sees what the runner sees, from any event on', async () => {
  const child = startChild({ workspace, host: 'cli', pace: 10 });
  const runId = await child.begun;
  let early = await other.get(runId);
  for await (const { event } of other.watch(runId, early.seq, never)) early = reduceRun(early, event);
  let late = emptyRunView(runId);
  for await (const { event } of other.watch(runId, -1, never)) late = reduceRun(late, event);
  expect(await child.ended).toBe('succeeded-with-warnings');
  expect(early).toEqual(late);
  expect(await other.get(runId)).toEqual(late);
});
