import { expect, it } from 'vitest';
import type { StepView } from '#shared/model/run';
import { emptyRunView } from '#shared/model/run-view';
import { evidenceRows, unitTabs } from './lanes.logic';

const data: StepView = {
  id: 'data',
  title: 'Copy the rows',
  lane: 'database',
  effect: 'create',
  needs: [],
  summary: '',
  details: [],
  warnings: [],
  state: 'running',
  runWarnings: [],
  evidence: [
    { subject: 'public.a', method: 'hash', source: '1', target: '1', equal: true },
    { subject: 'public.b', method: 'hash', source: '1', target: '2', equal: false },
  ],
  units: [
    { id: 'a', label: 'public.a', state: 'done', progress: { done: 5, total: 5, unit: 'rows' }, bytes: 100 },
    { id: 'b', label: 'public.b', state: 'done', progress: { done: 5, total: 5, unit: 'rows' } },
    { id: 'c', label: 'public.c', state: 'running', progress: { done: 1, total: 4, unit: 'rows' } },
    { id: 'd', label: 'constraints', state: 'waiting' },
  ],
};

it('lists units by kind, trouble and work first, with what the evidence says', () => {
  const tabs = unitTabs({ ...emptyRunView('r'), state: 'running', steps: [data] });
  expect(tabs.map((tab) => tab.id)).toEqual(['tables', 'other']);
  expect(tabs[0]?.rows.map((row) => [row.label, row.state.label, row.fraction])).toEqual([
    ['public.b', 'Differs', 1],
    ['public.c', 'Working', 0.25],
    ['public.a', 'Verified', 1],
  ]);
});

it('says of the parts of a table what was found of the whole', () => {
  const part = (n: number) => ({ id: `b${n}`, label: `public.b, part ${n} of 2`, state: 'done' as const });
  const tabs = unitTabs({
    ...emptyRunView('r'),
    state: 'failed',
    steps: [{ ...data, units: [part(1), part(2)] }],
  });
  expect(tabs[0]?.rows.map(({ state }) => state.label)).toEqual(['Differs', 'Differs']);
});

it('says of begun work in a run that stopped that it was begun', () => {
  const tabs = unitTabs({ ...emptyRunView('r'), state: 'interrupted', steps: [data] });
  expect(tabs[0]?.rows.find((row) => row.label === 'public.c')?.state.label).toBe('Begun');
});

it('puts differing comparisons first', () => {
  expect(evidenceRows([data]).map((row) => row.subject)).toEqual(['public.b', 'public.a']);
});
