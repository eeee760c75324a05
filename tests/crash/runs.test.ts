import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { readJournal } from '#core/engine/journal-reader';
import { openAppendFile, runPaths, type OpenAppendFile } from '#core/engine/run-files';
import { defineStep } from '#core/engine/step';
import { createRedactor } from '#core/services/settings/redact';
import type { RunsService } from '#core/services/runs/runs-service';
import { AppError } from '#shared/model/errors';
import { lanes, type RunView } from '#shared/model/run';
import { outcomeClass } from '#shared/model/run-view';
import { type DiskServiceOptions, diskService } from './disk-service';
import { type DiskPorts, diskState } from './disk-steps';

const never = new AbortController().signal;
let workspace = '';
const open: RunsService[] = [];
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'cutover-runs-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((service) => service.close()));
  await rm(workspace, { recursive: true, force: true });
});

async function serviceWith(options: Partial<DiskServiceOptions> = {}): Promise<RunsService> {
  const service = await diskService({ workspace, host: 'cli', ...options });
  open.push(service);
  return service;
}

async function startOf(service: RunsService): Promise<string> {
  const { hash } = await service.plan(lanes, never);
  const { runId } = await service.start({ only: lanes, planHash: hash }, never);
  return runId;
}

async function runWith(options: Partial<DiskServiceOptions> = {}): Promise<RunView> {
  const service = await serviceWith(options);
  return service.settled(await startOf(service));
}

const journalOf = (runId: string) => readJournal(runPaths(join(workspace, 'runs'), runId).journal);

test('a run does every step once its needs are done, lanes side by side, and verifies each', async () => {
  const view = await runWith({ pace: 10 });
  expect(view).toMatchObject({ state: 'succeeded-with-warnings', only: lanes });
  expect(view.steps.map(({ id, state }) => [id, state])).toEqual([
    ['objects', 'verified'],
    ['schema', 'verified'],
    ['data', 'verified'],
    ['users', 'verified'],
  ]);
  expect(outcomeClass(view)).toBe('done');
  const events = await journalOf(view.id);
  const place = (type: string, step: string): number =>
    events.findIndex((event) => event.type === type && 'step' in event && event.step === step);
  expect(place('step.started', 'users')).toBeGreaterThan(place('step.done', 'data'));
  expect(place('step.started', 'objects')).toBeLessThan(place('step.done', 'schema'));
  expect(
    view.steps.flatMap((step) => step.units).every((unit) => unit.progress?.done === unit.progress?.total),
  ).toBe(true);
});

test('progress comes at most four times a second, besides the last value of each step', async () => {
  const view = await runWith({ pace: 40 });
  const events = await journalOf(view.id);
  const times = events.filter((event) => event.type === 'progress').map((event) => Date.parse(event.at));
  const seconds = Math.ceil((Date.parse(view.at) - Date.parse(view.startedAt)) / 1000);
  expect(times.length).toBeGreaterThan(1);
  expect(times.length).toBeLessThanOrEqual(seconds * 4 + view.steps.length);
});

test('only the chosen lanes run, and needs outside them count as met', async () => {
  const service = await serviceWith();
  const { hash, steps } = await service.plan(['objects', 'users'], never);
  expect(steps.map((step) => step.id)).toEqual(['objects', 'users']);
  const { runId } = await service.start({ only: ['users', 'objects'], planHash: hash }, never);
  const view = await service.settled(runId);
  // Without the data step its output is not there, which this step's evidence shows.
  expect(view).toMatchObject({ state: 'failed', error: { code: 'VERIFICATION_DIFFERS' } });
});

test('a secret that is one of the journal’s own words stops neither a run nor its resume', async () => {
  const redact = createRedactor([
    'database',
    'data',
    'users',
    'running',
    'rows',
    'INTERNAL',
    '2026',
    'failed',
  ]);
  const overrides = { redact };
  const failed = await runWith({ behaviour: { failing: 'orders' }, overrides });
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'INTERNAL', step: 'data' }, only: lanes });
  const service = await serviceWith({ overrides });
  await service.resume(failed.id);
  const view = await service.settled(failed.id);
  expect(view.state).toBe('succeeded-with-warnings');
  expect(view.steps.every((step) => step.state === 'verified')).toBe(true);
});

test('a conflict refuses the run before any step writes', async () => {
  const view = await runWith({ behaviour: { conflict: true } });
  expect(view).toMatchObject({
    state: 'failed',
    refused: true,
    error: { code: 'TARGET_NOT_EMPTY', step: 'data' },
  });
  expect(outcomeClass(view)).toBe('refused');
  expect(await diskState(join(workspace, 'target'))).toEqual({});
  const service = await serviceWith();
  await service.resume(view.id);
  expect(await service.settled(view.id)).toMatchObject({ state: 'succeeded-with-warnings' });
});

test('a failing unit stops the other lanes at a boundary; a resume does only what is missing', async () => {
  const failed = await runWith({ behaviour: { failing: 'orders' } });
  expect(failed).toMatchObject({
    state: 'failed',
    error: { code: 'INTERNAL', step: 'data', unit: 'orders' },
  });
  expect(failed.steps.find((step) => step.id === 'users')?.state).toBe('waiting');
  const done = failed.steps.flatMap((step) => step.units.filter((unit) => unit.state === 'done'));
  const before = (await journalOf(failed.id)).length;

  const service = await serviceWith();
  await service.resume(failed.id);
  const view = await service.settled(failed.id);
  expect(view.state).toBe('succeeded-with-warnings');
  const later = (await journalOf(failed.id)).slice(before);
  const begun = later.flatMap((event) => (event.type === 'unit.begun' ? [event.unit] : []));
  expect(begun).toContain('orders');
  // `customers` is copied a second time by design.
  const again = begun.filter((unit) => unit !== 'customers' && done.some(({ id }) => id === unit));
  expect(again).toEqual([]);
  await expect(service.resume(failed.id)).rejects.toMatchObject({ code: 'RUN_NOT_RESUMABLE' });
});

test('a difference fails the run, and a later verification can find both sides equal', async () => {
  const failed = await runWith({ behaviour: { differs: true } });
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'VERIFICATION_DIFFERS', step: 'data' } });
  expect(outcomeClass(failed)).toBe('differs');
  const service = await serviceWith();
  expect(await service.verify(failed.id)).toMatchObject({ state: 'succeeded-with-warnings' });
  expect(await service.verify(failed.id)).toMatchObject({ state: 'succeeded-with-warnings' });
  await rm(join(workspace, 'target', 'uploads', '0'));
  expect(await service.verify(failed.id)).toMatchObject({
    state: 'failed',
    error: { code: 'VERIFICATION_DIFFERS', details: { uploads: 'count: source 4, target 3' } },
  });
});

test('a run that is not complete is not verified', async () => {
  const failed = await runWith({ behaviour: { failing: 'tags' } });
  const service = await serviceWith();
  await expect(service.verify(failed.id)).rejects.toMatchObject({ code: 'RUN_NOT_RESUMABLE' });
  expect(await service.get(failed.id)).toEqual(failed);
});

test('a changed plan refuses the start and leaves nothing', async () => {
  const service = await serviceWith();
  await expect(service.start({ only: lanes, planHash: 'of another plan' }, never)).rejects.toMatchObject({
    code: 'PLAN_CHANGED',
  });
  expect(await service.list()).toEqual([]);
  expect(await service.settled(await startOf(service))).toMatchObject({ state: 'succeeded-with-warnings' });
});

const gone = AbortSignal.abort();

test('a plan that nobody has read begins, unless its caller goes away before it is made', async () => {
  const service = await serviceWith();
  await expect(service.start({ only: lanes, planHash: null }, gone)).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  expect(await service.list()).toEqual([]);
  const { runId } = await service.start({ only: lanes, planHash: null }, never);
  expect(await service.settled(runId)).toMatchObject({ state: 'succeeded-with-warnings' });
});

test('a plan that was read begins although its caller goes away', async () => {
  const service = await serviceWith();
  const { hash } = await service.plan(lanes, never);
  const { runId } = await service.start({ only: lanes, planHash: hash }, gone);
  expect(await service.settled(runId)).toMatchObject({ state: 'succeeded-with-warnings' });
});

test('a resume that finds another source is refused and names the field', async () => {
  const failed = await runWith({ behaviour: { failing: 'tags' } });
  const service = await serviceWith({
    overrides: { fingerprints: () => Promise.resolve({ source: 'another', target: 'the-target' }) },
  });
  await expect(service.resume(failed.id)).rejects.toMatchObject({
    code: 'RUN_HEADER_MISMATCH',
    details: { field: 'fingerprints.source' },
  });
});

test('a resume with another version of a step is refused and names the step', async () => {
  const failed = await runWith({ behaviour: { failing: 'tags' } });
  const { diskSteps } = await import('./disk-steps');
  const service = await serviceWith({
    overrides: {
      steps: (only) => diskSteps(only).map((step) => (step.id === 'data' ? { ...step, version: 2 } : step)),
    },
  });
  await expect(service.resume(failed.id)).rejects.toMatchObject({
    code: 'RUN_HEADER_MISMATCH',
    details: { field: 'steps.data' },
  });
});

test('a changed plan file is noticed at resume', async () => {
  const failed = await runWith({ behaviour: { failing: 'tags' } });
  const { plan } = runPaths(join(workspace, 'runs'), failed.id);
  await writeFile(plan, (await readFile(plan, 'utf8')).replace('payments', 'pigments'));
  const service = await serviceWith();
  await expect(service.resume(failed.id)).rejects.toMatchObject({ details: { field: 'planHash' } });
});

test('a journal that is damaged in the middle is refused, and listed as such', async () => {
  const failed = await runWith({ behaviour: { failing: 'tags' } });
  const { journal } = runPaths(join(workspace, 'runs'), failed.id);
  const lines = (await readFile(journal, 'utf8')).split('\n');
  lines[6] = '{"seq":6,';
  await writeFile(journal, lines.join('\n'));
  const service = await serviceWith();
  await expect(service.get(failed.id)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  await expect(service.resume(failed.id)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  expect(await service.list()).toMatchObject([{ id: failed.id, error: { code: 'JOURNAL_DAMAGED' } }]);
});

test('a host that closes leaves its run interrupted, and another takes it up', async () => {
  const service = await serviceWith({ pace: 30 });
  const runId = await startOf(service);
  await service.close();
  const next = await serviceWith();
  expect(await next.get(runId)).toMatchObject({ state: 'interrupted' });
  await next.resume(runId);
  expect(await next.settled(runId)).toMatchObject({ state: 'succeeded-with-warnings' });
});

/** A disk that takes `bytes` of the journal and then is full, also for a part of what is being written. */
function fillingDisk(bytes: number, forever: boolean): OpenAppendFile {
  let left = bytes;
  let opened = 0;
  return async (path) => {
    opened += 1;
    const file = await openAppendFile(path);
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    return {
      ...file,
      async append(text) {
        if (opened > 1 && !forever) return file.append(text);
        await file.append(text.slice(0, Math.max(0, left)));
        left -= text.length;
        if (left < 0) throw full;
      },
    };
  };
}

test.each([3000, 4000, 5000])('a disk that fills up after %i bytes fails the run safely', async (bytes) => {
  const failed = await runWith({ overrides: { openFile: fillingDisk(bytes, false) } });
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'DISK_FULL_LOCAL', retryable: true } });
  const service = await serviceWith();
  await service.resume(failed.id);
  expect(await service.settled(failed.id)).toMatchObject({ state: 'succeeded-with-warnings' });
});

test('a disk that stays full leaves an interrupted run', async () => {
  const failed = await runWith({ overrides: { openFile: fillingDisk(4500, true) } });
  expect(failed.state).toBe('interrupted');
  const service = await serviceWith();
  await service.resume(failed.id);
  expect(await service.settled(failed.id)).toMatchObject({ state: 'succeeded-with-warnings' });
});

test('a full disk at the start is an error of the start and leaves no run', async () => {
  const service = await serviceWith({ overrides: { openFile: fillingDisk(100, true) } });
  await expect(startOf(service)).rejects.toMatchObject({ code: 'DISK_FULL_LOCAL' });
  expect(await service.list()).toEqual([]);
});

test('run folders are private', { skip: process.platform === 'win32' }, async () => {
  const { id } = await runWith();
  const { dir } = runPaths(join(workspace, 'runs'), id);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(dir)) {
    const entry = await stat(join(dir, name));
    expect([name, entry.mode & 0o777]).toEqual([name, entry.isDirectory() ? 0o700 : 0o600]);
  }
});

const secret = 'hunter2';
const talkative = defineStep<DiskPorts, object, { word: string }>({
  id: 'talkative',
  version: 1,
  title: 'Talkative',
  lane: 'database',
  needs: [],
  effect: 'create',
  planSchema: z.object({}),
  outputSchema: z.object({ word: z.string() }),
  plan: () => Promise.resolve({}),
  describe: () => ({ summary: `Says ${secret}.`, details: [secret], warnings: [], units: [] }),
  check: () => Promise.resolve({ state: 'pending' }),
  async run(_plan, context) {
    context.log('info', `The password is ${secret}.`);
    await context.warn({ code: 'TALKS', message: `It is ${secret}.` });
    const said = await context.unit('say', z.object({ word: z.string() }), () =>
      Promise.resolve({ word: secret }),
    );
    if (context.resumed) return said;
    throw new AppError('SOURCE_LOST', `Lost with ${secret}.`, {
      details: { url: `postgresql://u:${secret}@h/d` },
    });
  },
  verify: (_plan, output) =>
    Promise.resolve([
      { subject: 'word', method: 'text', source: secret, target: output.word, equal: output.word === secret },
    ]),
});

test('no secret reaches the disk, and an output that lost one is made again', async () => {
  const overrides = { steps: () => [talkative] };
  const failed = await runWith({ overrides });
  expect(failed).toMatchObject({ state: 'failed', error: { message: 'Lost with •••.' } });
  const service = await serviceWith({ overrides });
  await service.resume(failed.id);
  const view = await service.settled(failed.id);
  expect(view).toMatchObject({ state: 'succeeded-with-warnings' });
  expect(view.steps[0]?.runWarnings).toHaveLength(1);
  const files = await diskState(join(workspace, 'runs'));
  expect(Object.keys(files).length).toBeGreaterThan(2);
  expect(Object.values(files).filter((text) => text.includes(secret))).toEqual([]);
});

test('the report is one page with everything in it, escaped', async () => {
  const overrides = {
    steps: () => [
      { ...talkative, describe: (plan: unknown) => ({ ...talkative.describe(plan), title: '<b>&"' }) },
    ],
    redact: (text: string) => text.replaceAll(secret, '</pre><script>alert(1)</script>'),
  };
  const failed = await runWith({ overrides });
  const service = await serviceWith({ overrides });
  const report = await service.report(failed.id, 'html');
  expect(report).toMatchObject({ fileName: `cutover-run-${failed.id}.html`, mediaType: 'text/html' });
  expect(report.text).toContain('&lt;b&gt;&amp;&quot;');
  expect(report.text).not.toContain('<script');
  expect(report.text).toContain('SOURCE_LOST');
  expect(report.text).not.toMatch(/(src|href)=/);
  const data = await service.report(failed.id, 'json');
  expect(JSON.parse(data.text)).toEqual(failed);
});

test('a run that is not there is not found', async () => {
  const service = await serviceWith();
  const runId = '20260101T000000Z-abcdef';
  await expect(service.get(runId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(service.resume(runId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(service.get('../secrets')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(service.watch(runId, -1, never)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});
