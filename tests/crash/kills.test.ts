import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readJournal } from '#core/engine/journal-reader';
import { runPaths } from '#core/engine/run-files';
import { lanes, runIdSchema, type JournalEvent, type RunView } from '#shared/model/run';
import { emptyRunView, reduceRun } from '#shared/model/run-view';
import { startChild, type ChildInput } from './child-process';
import { diskService } from './disk-service';
import { diskState } from './disk-steps';

const never = new AbortController().signal;
const made: string[] = [];

async function newWorkspace(): Promise<string> {
  const workspace = await mkdtemp(join(tmpdir(), 'cutover-crash-'));
  made.push(workspace);
  return workspace;
}

/** What an undisturbed run leaves, and the evidence that it gave. */
let undisturbed: { files: Record<string, string>; evidence: unknown; state: string };
beforeAll(async () => {
  const workspace = await newWorkspace();
  const service = await diskService({ workspace, host: 'cli' });
  const { hash } = await service.plan(lanes, never);
  const { runId } = await service.start({ only: lanes, planHash: hash }, never);
  undisturbed = await resultOf(workspace, await service.settled(runId));
  expect(undisturbed.state).toBe('succeeded-with-warnings');
});
afterAll(async () => {
  await Promise.all(made.map((workspace) => rm(workspace, { recursive: true, force: true })));
});

async function resultOf(workspace: string, view: RunView) {
  const files = await diskState(join(workspace, 'target'));
  return { files, state: view.state, evidence: view.steps.map(({ id, evidence }) => ({ id, evidence })) };
}

/** The run that has begun; a start that was killed before its header leaves none. */
async function onlyRun(workspace: string): Promise<string | undefined> {
  const runsDir = join(workspace, 'runs');
  const names = await readdir(runsDir).catch(() => []);
  const ids = names.filter((name) => runIdSchema.safeParse(name).success);
  const journals = await Promise.all(ids.map((id) => readJournal(runPaths(runsDir, id).journal)));
  const begun = ids.filter((_id, index) => journals[index]?.length !== 0);
  expect(begun.length).toBeLessThanOrEqual(1);
  return begun[0];
}

/** A second host that follows a run for as long as it takes, through every interruption. */
async function watchThroughout(workspace: string, stop: AbortSignal): Promise<RunView> {
  const service = await diskService({ workspace, host: 'browser' });
  let view = emptyRunView('');
  while (!stop.aborted) {
    const runId = await onlyRun(workspace);
    if (runId !== undefined) {
      if (view.id === '') view = emptyRunView(runId);
      for await (const { event } of service.watch(runId, view.seq, stop)) view = reduceRun(view, event);
    }
    await sleep(20);
  }
  // What came between the last look and the stop.
  for await (const { event } of service.watch(view.id, view.seq, never)) view = reduceRun(view, event);
  await service.close();
  return view;
}

/** Runs a migration in one process after the other, each killed as told, and a last one that may end. */
async function survive(attempts: ((input: ChildInput) => Promise<void>)[]): Promise<JournalEvent[]> {
  const workspace = await newWorkspace();
  const stop = new AbortController();
  const watching = watchThroughout(workspace, stop.signal);
  const input = async (): Promise<ChildInput> => {
    const resume = await onlyRun(workspace);
    return { workspace, host: 'cli', pace: 4, ...(resume === undefined ? {} : { resume }) };
  };
  for (const attempt of attempts) await attempt(await input());

  const service = await diskService({ workspace, host: 'cli' });
  const runId = await onlyRun(workspace);
  if (runId === undefined) throw new Error('No run began.');
  if ((await service.get(runId)).state !== 'succeeded-with-warnings') {
    expect(await startChild(await input()).ended).toBe('succeeded-with-warnings');
  }
  const view = await service.get(runId);
  expect((await service.list()).map((run) => run.id)).toEqual([runId]);
  expect(await resultOf(workspace, view)).toEqual(undisturbed);
  stop.abort();
  expect(await watching).toEqual(view);
  await service.close();
  return readJournal(runPaths(join(workspace, 'runs'), runId).journal);
}

const kinds = [
  'run.header',
  'run.state',
  'log',
  'step.started',
  'unit.begun',
  'progress',
  'unit.done',
  'run.resumed',
  'unit.reset',
  'warning',
  'step.done',
  'step.verifying',
  'step.verified',
];

describe('a process that is killed at each kind of event', () => {
  test.each([
    ['while it is half written', 'torn'],
    ['once it is on the disk', 'after'],
  ] as const)('%s', { timeout: 120_000 }, async (_when, how) => {
    const killed: string[] = [];
    const events = await survive(
      kinds.map((type) => async (input) => {
        const ended = await startChild({ ...input, killAt: { type, how } }).ended;
        if (ended === 'SIGKILL') killed.push(type);
      }),
    );
    // A first attempt has nothing to resume, so that kind is met by a later one; every kind ended a process.
    expect(killed).toEqual(kinds);
    expect(events.filter((event) => event.type === 'run.resumed').length).toBeGreaterThan(kinds.length - 4);
  });
});

test('a process that is killed at random moments', { timeout: 120_000 }, async () => {
  const moments = [5, 20, 35, 50, 70, 90, 120, 10, 60, 150];
  await survive(
    moments.map((moment) => async (input) => {
      const child = startChild(input);
      await Promise.race([child.begun.catch(() => undefined), child.ended]);
      await sleep(moment * Math.random() * 2);
      await child.kill();
    }),
  );
});
