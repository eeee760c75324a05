import {
  journalEventSchema,
  type Evidence,
  type JournalEvent,
  type Progress,
  type RunState,
  type RunView,
} from '#shared/model/run';
import { emptyRunView, isSettled, reduceRun } from '#shared/model/run-view';
import type { ErrorShape } from '#shared/model/errors';
import type { Numbered } from '#shared/rpc/define';
import { tables } from './fixture-inspection';
import { steps } from './fixture-plan';

type Body = JournalEvent extends infer E ? (E extends JournalEvent ? Omit<E, 'seq' | 'at'> : never) : never;

/** A run whose journal a test writes, as the host would serve it. */
export class FixtureRun {
  readonly id: string;
  readonly events: JournalEvent[] = [];
  #time: number;
  #waiting: (() => void)[] = [];
  /** What the host concludes without an event, as after a crash. */
  interrupted = false;

  constructor(id: string, startedAt = '2026-11-22T14:02:00.000Z') {
    this.id = id;
    this.#time = Date.parse(startedAt);
    this.push({
      type: 'run.header',
      data: {
        runId: id,
        engine: 1,
        steps: {},
        only: ['database', 'users', 'objects'],
        planHash: 'sha256:5c1f0f5e',
        fingerprints: {},
      },
    });
  }

  /** Writes events a given time after the last ones. */
  push(body: Body, afterMs = 0): this {
    this.#time += afterMs;
    this.events.push(
      journalEventSchema.parse({ ...body, seq: this.events.length, at: new Date(this.#time).toISOString() }),
    );
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
    return this;
  }

  state(state: RunState, error?: ErrorShape): this {
    return this.push({ type: 'run.state', data: error === undefined ? { state } : { state, error } });
  }

  progress(step: string, unit: string, progress: Progress, afterMs = 250): this {
    return this.push({ type: 'progress', data: { items: [{ step, unit, progress }] } }, afterMs);
  }

  log(level: 'info' | 'warn' | 'error', message: string, afterMs = 1000): this {
    return this.push({ type: 'log', data: { level, message } }, afterMs);
  }

  view(): RunView {
    const view = this.events.reduce(reduceRun, emptyRunView(this.id));
    return this.interrupted && !isSettled(view.state) ? { ...view, state: 'interrupted' } : view;
  }

  async *watch(after: number, signal: AbortSignal): AsyncIterable<Numbered<JournalEvent>> {
    for (let index = after + 1; !signal.aborted;) {
      const event = this.events[index];
      if (event !== undefined) {
        index += 1;
        yield { seq: event.seq, event };
      } else if (isSettled(this.view().state)) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  }

  /** Lets a host conclude that nobody works on the run any more. */
  interrupt(): void {
    this.interrupted = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  planned(): this {
    for (const step of steps) this.push({ type: 'step.planned', step: step.id, data: step });
    return this;
  }

  step(step: string): this {
    return this.push({ type: 'step.started', step, data: {} });
  }

  unitDone(step: string, unit: string): this {
    return this.push({ type: 'unit.begun', step, unit, data: {} }).push({
      type: 'unit.done',
      step,
      unit,
      data: { output: null },
    });
  }

  stepDone(step: string): this {
    for (const { id } of steps.find((item) => item.id === step)?.units ?? []) this.unitDone(step, id);
    return this.push({ type: 'step.done', step, data: { output: null } });
  }

  verified(step: string, evidence: Evidence[]): this {
    return this.push({ type: 'step.verifying', step, data: {} }).push({
      type: 'step.verified',
      step,
      data: { evidence },
    });
  }
}

const first = tables.slice(0, 12).map(({ schema, name }) => `${schema}.${name}`);

/** A run in the midst of copying: the schema is there, some tables are done, one is half-way, files go on. */
export function copyingRun(id = '20261122T140200Z-abc123'): FixtureRun {
  const run = new FixtureRun(id)
    .state('running')
    .planned()
    .step('schema')
    .stepDone('schema')
    .step('data')
    .step('objects');
  for (const table of first) run.unitDone('data', table).log('info', `${table} copied.`, 400);
  for (let index = 0; index < 20; index += 1) run.unitDone('objects', `uploads-${index}`);
  run.push({ type: 'unit.begun', step: 'data', unit: 'public.reviews', data: {} });
  run.push({ type: 'unit.begun', step: 'objects', unit: 'uploads-20', data: {} });
  run.log('warn', 'uploads/2024/IMG 0081.JPG: 503 from R2, retry 1 of 8 in 0.4 s.');
  run.progress('data', 'public.reviews', { done: 20_000, total: 81_120, unit: 'rows' });
  run.log('info', 'uploads/2024/IMG 0081.JPG copied, 4.1 MB.', 300);
  return run;
}

/** The comparisons at the end of a run. */
export function evidence(differs = false): Evidence[] {
  return tables.map(({ schema, name, rows }) => {
    const equal = !(differs && name === 'payments');
    return {
      subject: `${schema}.${name}`,
      method: 'row count and hash',
      source: `${rows} rows, 8f21…c04e`,
      target: equal ? `${rows} rows, 8f21…c04e` : `${rows - 2} rows, 11d0…9a2b`,
      equal,
      ...(equal ? {} : { note: '2 rows are missing on the target.' }),
    };
  });
}

/** A run that has copied everything. */
export function copiedRun(id = '20261122T140200Z-abc123'): FixtureRun {
  const run = new FixtureRun(id).state('running').planned();
  for (const { id: step } of steps) run.step(step).stepDone(step).log('info', `${step} done.`, 3000);
  return run.state('verifying');
}

/** A run at its verified end. */
export function succeededRun(id = '20261122T140200Z-abc123', warnings = false): FixtureRun {
  const run = copiedRun(id)
    .verified('schema', [
      {
        subject: 'schema public',
        method: 'entries',
        source: '33 entries',
        target: '33 entries',
        equal: true,
      },
    ])
    .verified('data', evidence())
    .verified('users', [
      {
        subject: 'users',
        method: 'ids and password hashes',
        source: '1201 users',
        target: '1201 users',
        equal: true,
      },
    ])
    .verified('objects', [
      {
        subject: 'uploads',
        method: 'size and checksum',
        source: '412 objects',
        target: '412 objects',
        equal: true,
      },
    ]);
  if (warnings)
    run.push({
      type: 'warning',
      step: 'users',
      data: {
        code: 'USERS_SKIPPED',
        message: '2 users without e-mail were left out.',
        hint: 'Give them an address at the source, then run again.',
      },
    });
  return run.state(warnings ? 'succeeded-with-warnings' : 'succeeded');
}
