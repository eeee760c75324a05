import type { z } from 'zod';
import { AppError, isCancelled, toAppError } from '#shared/model/errors';
import { toJson } from './canonical-json';
import type { NewJournalEvent } from './journal-writer';
import type { OpenRun } from './open-run';
import type { ProgressGate } from './progress-gate';
import type { RunControl } from './run-control';
import { recordEvent, stepHistory, warningKey } from './run-history';
import type { ReadContext, RunContext, UnitState } from './step';

export interface StepContextOptions<Ports> {
  run: OpenRun;
  stepId: string;
  ports: Ports;
  control: RunControl;
  progress: ProgressGate;
}

/** Journals an event and takes it into the run's history once it is on the disk. */
export async function record(run: OpenRun, event: NewJournalEvent): Promise<void> {
  await run.journal.append(event);
  recordEvent(run.history, event);
}

/** A journalled output as its owner's type; an `undefined` that became null on the way is tried as such. */
function parseOutput<T>(schema: z.ZodType<T>, stored: unknown, what: string): T {
  const parsed = schema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const absent = stored === null ? schema.safeParse(undefined) : parsed;
  if (absent.success) return absent.data;
  throw new AppError('INTERNAL', `The output of ${what} does not have its declared shape.`, {
    cause: parsed.error,
  });
}

/** What a step gets for planning aside: reading, logging, progress. */
export function readContext<Ports>(options: StepContextOptions<Ports>): ReadContext<Ports> {
  const { run, stepId, ports, control, progress } = options;
  return {
    ports,
    signal: control.signal,
    log(level, message) {
      // A journal that can't be written stops the run by itself.
      run.journal.append({ type: 'log', step: stepId, data: { level, message } }).catch(() => undefined);
    },
    progress(value, unit) {
      progress.report({ step: stepId, progress: value, ...(unit === undefined ? {} : { unit }) });
    },
    outputOf(step, schema) {
      const { output } = stepHistory(run.history, step);
      return output === undefined ? undefined : parseOutput(schema, output.value, `step ${step}`);
    },
  };
}

/** What a step runs with, and how the engine waits for what the step left under way. */
export interface StepRunContext<Ports> {
  context: RunContext<Ports>;
  /** Resolves when no unit of the step is under way; a step that failed may have left some. */
  idle(): Promise<void>;
}

export function runContext<Ports>(options: StepContextOptions<Ports>): StepRunContext<Ports> {
  const { run, stepId, control } = options;
  const history = stepHistory(run.history, stepId);
  const underWay = new Map<string, Promise<unknown>>();

  async function runUnit<T>(
    id: string,
    output: z.ZodType<T>,
    body: (state: UnitState) => Promise<T>,
  ): Promise<T> {
    await control.boundary();
    const begunBefore = history.begun.has(id);
    await record(run, { type: 'unit.begun', step: stepId, unit: id, data: {} });
    let value: unknown;
    let parsed: T;
    try {
      value = toJson(await body({ begunBefore, signal: control.signal }));
      parsed = parseOutput(output, value, `unit ${id}`);
    } catch (error) {
      // What fails while the run is being stopped fails because of that: the unit stays begun.
      if (control.signal.aborted) throw new AppError('CANCELLED', 'The run was stopped.');
      if (isCancelled(error) && control.reason() !== undefined) throw toAppError(error);
      const failure = toAppError(error).at(stepId, id);
      await record(run, { type: 'unit.failed', step: stepId, unit: id, data: { error: failure.toShape() } });
      throw failure;
    }
    await record(run, { type: 'unit.done', step: stepId, unit: id, data: { output: value } });
    return parsed;
  }

  const context: RunContext<Ports> = {
    ...readContext(options),
    resumed: run.resumed && history.started,
    async unit(id, output, body) {
      if (history.done.has(id)) return parseOutput(output, history.done.get(id), `unit ${id}`);
      if (underWay.has(id))
        throw new AppError('INTERNAL', `Unit ${id} is under way already.`, { step: stepId, unit: id });
      const work = runUnit(id, output, body);
      underWay.set(id, work);
      try {
        return await work;
      } finally {
        underWay.delete(id);
      }
    },
    finished(id, output) {
      return history.done.has(id) ? parseOutput(output, history.done.get(id), `unit ${id}`) : undefined;
    },
    async reset(id, reason) {
      if (!history.done.has(id)) return;
      await record(run, { type: 'unit.reset', step: stepId, unit: id, data: { reason } });
    },
    async warn(warning) {
      const key = warningKey({ ...warning, message: run.journal.redact(warning.message) });
      if (history.warnings.has(key)) return;
      history.warnings.add(key);
      await record(run, { type: 'warning', step: stepId, data: warning });
    },
  };

  return {
    context,
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay.values());
    },
  };
}
