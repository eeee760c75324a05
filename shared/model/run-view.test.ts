import { expect, test } from 'vitest';
import type { ErrorCode } from './errors';
import { stepPlanSchema, type JournalEvent } from './run';
import { emptyRunView, outcomeClass, reduceRun } from './run-view';

const runId = '20260101T000000Z-abcdef';
const at = '2026-01-01T00:00:00.000Z';
const fold = (events: readonly JournalEvent[], view = emptyRunView(runId)) => events.reduce(reduceRun, view);

const plan = stepPlanSchema.parse({
  id: 'data',
  title: 'Data',
  lane: 'database',
  effect: 'overwrite',
  needs: [],
  summary: 'Copies one table.',
  details: [],
  warnings: [],
  units: [{ id: 'orders', label: 'orders', expected: { done: 0, total: 10, unit: 'rows' } }],
});
const planned: JournalEvent = { seq: 0, at, type: 'step.planned', step: 'data', data: plan };
const unit = (seq: number, type: 'unit.begun'): JournalEvent => ({
  seq,
  at,
  type,
  step: 'data',
  unit: 'orders',
  data: {},
});

test('progress that arrives after the end of its unit leaves the unit complete', () => {
  const view = fold([
    planned,
    unit(1, 'unit.begun'),
    { seq: 2, at, type: 'unit.done', step: 'data', unit: 'orders', data: { output: null } },
    {
      seq: 3,
      at,
      type: 'progress',
      data: { items: [{ step: 'data', unit: 'orders', progress: { done: 7, total: 12, unit: 'rows' } }] },
    },
  ]);
  expect(view.steps[0]?.units[0]).toMatchObject({ state: 'done', progress: { done: 12, total: 12 } });
});

test('a unit that was taken back waits again', () => {
  const view = fold([
    planned,
    { seq: 1, at, type: 'unit.done', step: 'data', unit: 'orders', data: { output: null } },
    { seq: 2, at, type: 'unit.reset', step: 'data', unit: 'orders', data: { reason: 'It changed.' } },
  ]);
  expect(view.steps[0]?.units[0]).toMatchObject({ state: 'waiting', progress: { done: 0, total: 10 } });
});

test('a failed step waits again once the run is resumed', () => {
  const error = { code: 'SOURCE_LOST' as const, message: 'The source is gone.', retryable: true };
  const failed = fold([
    planned,
    { seq: 1, at, type: 'step.failed', step: 'data', data: { error } },
    { seq: 2, at, type: 'run.state', data: { state: 'failed', error } },
  ]);
  expect(failed).toMatchObject({ state: 'failed', error, steps: [{ state: 'failed', error }] });
  const resumed = fold([{ seq: 3, at, type: 'run.resumed', data: { by: 'cli' } }], failed);
  expect(resumed.state).toBe('running');
  expect(resumed.error).toBeUndefined();
  expect(resumed.steps[0]).toMatchObject({ state: 'waiting' });
  expect(resumed.steps[0]?.error).toBeUndefined();
});

test('the log keeps the newest 500 lines', () => {
  const lines = Array.from({ length: 600 }, (_, seq): JournalEvent => ({
    seq,
    at,
    type: 'log',
    data: { level: 'info', message: String(seq) },
  }));
  const { log } = fold(lines);
  expect(log).toHaveLength(500);
  expect(log.at(-1)?.message).toBe('599');
});

test('each settled end has its class', () => {
  const ended = (data: Extract<JournalEvent, { type: 'run.state' }>['data']) =>
    outcomeClass(fold([{ seq: 0, at, type: 'run.state', data }]));
  const error = (code: ErrorCode) => ({ code, message: '', retryable: false });
  expect(ended({ state: 'running' })).toBeUndefined();
  expect(ended({ state: 'succeeded' })).toBe('done');
  expect(ended({ state: 'succeeded-with-warnings' })).toBe('done');
  expect(ended({ state: 'cancelled' })).toBe('cancelled');
  expect(ended({ state: 'interrupted' })).toBe('failed');
  expect(ended({ state: 'failed', error: error('SOURCE_LOST') })).toBe('failed');
  expect(ended({ state: 'failed', error: error('TARGET_NOT_EMPTY'), refused: true })).toBe('refused');
  expect(ended({ state: 'failed', error: error('VERIFICATION_DIFFERS') })).toBe('differs');
});
