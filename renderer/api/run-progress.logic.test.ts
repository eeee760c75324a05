import { describe, expect, it } from 'vitest';
import type { RunView, StepView, UnitView } from '#shared/model/run';
import { emptyRunView } from '#shared/model/run-view';
import { laneProgress, measure, rateOf, runFraction, secondsLeft, type Windows } from './run-progress.logic';

function unit(id: string, done: number, total: number, state: UnitView['state']): UnitView {
  return { id, label: id, state, progress: { done, total, unit: 'rows' } };
}

function step(changes: Partial<StepView>): StepView {
  return {
    id: 'data',
    title: 'Copy the rows',
    lane: 'database',
    effect: 'create',
    needs: [],
    summary: '',
    details: [],
    warnings: [],
    state: 'running',
    evidence: [],
    runWarnings: [],
    units: [],
    ...changes,
  };
}

function view(at: string, steps: StepView[]): RunView {
  return { ...emptyRunView('20261122T140200Z-abc123'), state: 'running', at, steps };
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

describe('laneProgress', () => {
  it('adds the units up and does not count what only waits', () => {
    const item = laneProgress(
      view(at(0), [step({ units: [unit('a', 50, 100, 'running'), unit('b', 100, 100, 'waiting')] })]),
      'database',
    );
    expect(item?.measure).toEqual({ done: 50, total: 200, unit: 'rows' });
    expect(item?.fraction).toBe(0.25);
  });

  it('goes by size while tables that wait have not told their rows', () => {
    const item = laneProgress(
      view(at(0), [
        step({
          units: [
            { ...unit('a', 50, 100, 'running'), bytes: 4000 },
            { id: 'b', label: 'b', state: 'waiting', bytes: 6000 },
          ],
        }),
      ]),
      'database',
    );
    expect(item?.measure).toEqual({ done: 50, total: 100, unit: 'rows' });
    expect(item?.fraction).toBe(0.2);
    expect(item?.expected).toBe(250);
    expect(item === undefined ? undefined : secondsLeft(item, 10)).toBe(20);
  });

  it('is not complete while a later step of the lane is open', () => {
    const item = laneProgress(
      view(at(0), [
        step({ state: 'done', units: [unit('a', 10, 10, 'done')] }),
        step({ id: 'indexes', state: 'waiting' }),
      ]),
      'database',
    );
    expect(item?.state).toBe('running');
    expect(item?.fraction).toBeLessThan(1);
  });

  it('prefers what counts most over catalogue entries', () => {
    const schema = step({
      id: 'schema',
      state: 'done',
      progress: { done: 9000, total: 9000, unit: 'entries' },
    });
    const item = laneProgress(
      view(at(0), [schema, step({ units: [unit('a', 1, 4, 'running')] })]),
      'database',
    );
    expect(item?.measuredStep).toBe('data');
  });

  it('tells a lane apart that differs, failed or was left out', () => {
    expect(laneProgress(view(at(0), [step({ state: 'differs' })]), 'database')?.state).toBe('differs');
    expect(laneProgress(view(at(0), [step({ state: 'failed' })]), 'database')?.state).toBe('failed');
    expect(laneProgress(view(at(0), []), 'users')).toBeUndefined();
  });

  it('weighs lanes the same', () => {
    const lanes = view(at(0), [
      step({ state: 'done' }),
      step({ id: 'objects', lane: 'objects', state: 'waiting' }),
    ]);
    const items = ['database' as const, 'objects' as const].flatMap(
      (lane) => laneProgress(lanes, lane) ?? [],
    );
    expect(runFraction(items)).toBe(0.5);
  });
});

describe('speed', () => {
  const after = (samples: [second: number, done: number][]): Windows =>
    samples.reduce<Windows>(
      (windows, [second, done]) =>
        measure(windows, view(at(second), [step({ units: [unit('a', done, 1000, 'running')] })])),
      {},
    );

  it('is the change over the window', () => {
    const rate = rateOf(
      after([
        [0, 0],
        [2, 100],
        [4, 200],
      ]).database,
    );
    expect(rate).toBe(50);
    const item = laneProgress(view(at(4), [step({ units: [unit('a', 200, 1000, 'running')] })]), 'database');
    expect(item === undefined ? undefined : secondsLeft(item, rate)).toBe(16);
  });

  it('forgets what is older than ten seconds', () => {
    expect(
      rateOf(
        after([
          [0, 0],
          [4, 400],
          [8, 400],
          [12, 400],
          [16, 480],
        ]).database,
      ),
    ).toBe(10);
  });

  it('is unknown at first, over a pause and when a unit starts over', () => {
    expect(rateOf(after([[0, 10]]).database)).toBeUndefined();
    expect(
      rateOf(
        after([
          [0, 10],
          [60, 20],
        ]).database,
      ),
    ).toBeUndefined();
    expect(
      rateOf(
        after([
          [0, 100],
          [2, 20],
        ]).database,
      ),
    ).toBeUndefined();
  });
});
