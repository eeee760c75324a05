import { expect, test } from 'vitest';
import type { JournalEvent } from './run';
import { emptyRunView, reduceRun } from './run-view';

const at = '2026-01-01T00:00:00.000Z';
const step = 'database.data';
const events: JournalEvent[] = [
  {
    seq: 0,
    at,
    step,
    type: 'step.planned',
    data: {
      id: step,
      title: 'Copy the rows',
      lane: 'database',
      effect: 'create',
      needs: [],
      summary: '',
      details: [],
      warnings: [],
      units: [{ id: 'u1', label: 'public.orders' }],
    },
  },
  { seq: 1, at, step, type: 'step.started', data: {} },
  { seq: 2, at, step, unit: 'u1', type: 'unit.begun', data: {} },
  {
    seq: 3,
    at,
    type: 'progress',
    data: { items: [{ step, unit: 'u1', progress: { done: 9, total: 1200, unit: 'rows' } }] },
  },
  { seq: 4, at, step, unit: 'u1', type: 'unit.done', data: { output: {} } },
  { seq: 5, at, step, type: 'step.done', data: { output: {} } },
  {
    seq: 6,
    at,
    step,
    type: 'step.verified',
    data: {
      evidence: [
        { subject: 'public.orders', method: 'hash', source: '1', target: '2', equal: false },
        { subject: 'public.users', method: 'hash', source: '1', target: '1', equal: true },
      ],
    },
  },
];

test('a run tells its story in the words of its plan', () => {
  const { log } = events.reduce(reduceRun, emptyRunView('20260101T000000Z-abc123'));
  expect(log.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'info Copy the rows: begun.',
    'info public.orders: 1,200 rows.',
    'info Copy the rows: done.',
    'error Copy the rows: 2 compared, 1 differ: public.orders.',
  ]);
});
