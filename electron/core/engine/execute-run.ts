import { AppError, toAppError } from '#shared/model/errors';
import { lanes, type Evidence, type RunState } from '#shared/model/run';
import { toJson } from './canonical-json';
import type { OpenRun } from './open-run';
import { ProgressGate } from './progress-gate';
import { RunControl, type StopReason } from './run-control';
import { removeFile, runPaths } from './run-files';
import { stepHistory } from './run-history';
import type { RunLock } from './run-lock';
import { standingRequests, withdrawRequest } from './run-requests';
import { readContext, record, runContext, type StepContextOptions } from './step-context';
import type { AnyStep } from './step';
import { orderSteps, runInLanes } from './step-order';

const requestPollMs = 200;
/** Together with the request's poll this keeps a cancel under five seconds. */
const stopWithinMs = 4000;

export interface ExecuteRunOptions<Ports> {
  run: OpenRun;
  steps: readonly AnyStep<Ports>[];
  ports: Ports;
  lock: RunLock;
  /** Aborted when the host closes: the run stops at once, as interrupted, and can be resumed. */
  interrupt: AbortSignal;
}

export interface RunOutcome {
  state: RunState;
  error?: AppError;
  /** A check found a conflict, so nothing was written. */
  refused: boolean;
  /** Steps that did not heed the signal in time. They still work: the lock must be kept until `idle`. */
  abandoned: string[];
  /** Resolves when no step works any more. */
  idle: Promise<void>;
}

/**
 * Works a run through to its end: checks, steps, verification. Never rejects: how it ended is journalled and returned.
 * The journal is closed then; the lock stays with the caller.
 */
export async function executeRun<Ports>(options: ExecuteRunOptions<Ports>): Promise<RunOutcome> {
  const execution = new Execution(options);
  return execution.complete();
}

type Ending = { differs: AppError } | { warnings: boolean };

class Execution<Ports> {
  readonly #control = new RunControl();
  readonly #progress: ProgressGate;
  readonly #steps: AnyStep<Ports>[];
  readonly #working = new Set<string>();
  #phase: 'running' | 'verifying' = 'running';
  #refused = false;
  #ended = false;

  constructor(private readonly options: ExecuteRunOptions<Ports>) {
    const { journal } = options.run;
    this.#steps = orderSteps(options.steps);
    this.#progress = new ProgressGate((items) => {
      journal.append({ type: 'progress', data: { items } }).catch(() => undefined);
    });
  }

  async complete(): Promise<RunOutcome> {
    const { run, lock, interrupt } = this.options;
    const listeners = new AbortController();
    onAbort(interrupt, listeners.signal, () => this.#control.stop({ kind: 'interrupted' }));
    for (const signal of [lock.lost, run.journal.failed]) {
      onAbort(signal, listeners.signal, () =>
        this.#control.stop({ kind: 'interrupted', error: toAppError(signal.reason) }),
      );
    }
    const polling = setInterval(() => void this.#heedRequests(), requestPollMs);

    let ending: Ending | undefined;
    const work = this.#work().then(
      (end) => {
        ending = end;
      },
      (error: unknown) => this.#control.stop({ kind: 'failed', error: toAppError(error) }),
    );
    await Promise.race([work, this.#deadline(listeners.signal)]);
    this.#ended = true;
    const abandoned = [...this.#working];
    listeners.abort();
    clearInterval(polling);
    this.#progress.stop();

    const outcome = await this.#settle(ending);
    await withdrawRequest(run.runsDir, run.id, 'cancel').catch(() => undefined);
    await withdrawRequest(run.runsDir, run.id, 'pause').catch(() => undefined);
    await removeFile(runPaths(run.runsDir, run.id).reserve).catch(() => undefined);
    return { ...outcome, abandoned, idle: work };
  }

  #context(step: AnyStep<Ports>): StepContextOptions<Ports> {
    const { run, ports } = this.options;
    return { run, stepId: step.id, ports, control: this.#control, progress: this.#progress };
  }

  async #heedRequests(): Promise<void> {
    const { run } = this.options;
    const control = this.#control;
    const requests = await standingRequests(run.runsDir, run.id).catch(() => new Set<string>());
    // The answer may come after the run's end.
    if (control.signal.aborted || this.#ended) return;
    if (requests.has('cancel')) {
      run.journal.append({ type: 'run.state', data: { state: 'cancelling' } }).catch(() => undefined);
      control.stop({ kind: 'cancelled' });
      return;
    }
    if (control.reason() === undefined && control.pause(requests.has('pause'))) {
      const state = control.paused ? 'paused' : this.#phase;
      run.journal.append({ type: 'run.state', data: { state } }).catch(() => undefined);
    }
  }

  /** Resolves when the run was stopped and had its time to come to rest. */
  #deadline(done: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      onAbort(this.#control.signal, done, () => {
        const timer = setTimeout(resolve, stopWithinMs);
        done.addEventListener('abort', () => clearTimeout(timer), { once: true });
      });
    });
  }

  async #work(): Promise<Ending | undefined> {
    const { run } = this.options;
    const histories = this.#steps.map((step) => stepHistory(run.history, step.id));
    if (!histories.every((history) => history.ended)) {
      await record(run, { type: 'run.state', data: { state: 'running' } });
      if (!histories.some((history) => history.started)) await this.#checkAll();
      if (this.#control.reason() !== undefined) return undefined;
    }
    const later = this.#steps.filter((step) => step.afterVerification);
    const first = this.#steps.filter((step) => !step.afterVerification);
    // Once a later step has begun, comparing the first ones again would find its changes.
    if (first.length > 0 && !later.some((step) => stepHistory(run.history, step.id).started)) {
      const ending = await this.#runAndVerify(first);
      if (later.length === 0 || ending === undefined || 'differs' in ending) return ending;
      this.#phase = 'running';
      await record(run, { type: 'run.state', data: { state: 'running' } });
    }
    return this.#runAndVerify(later);
  }

  async #runAndVerify(steps: readonly AnyStep<Ports>[]): Promise<Ending | undefined> {
    const { run } = this.options;
    if (!steps.every((step) => stepHistory(run.history, step.id).ended)) {
      await runInLanes(steps, (step) => this.#runStep(step));
      if (this.#control.reason() !== undefined) return undefined;
    }
    return this.#verifyAll(steps);
  }

  /** Every check comes before the first step, so that a refused run wrote nothing at all. */
  async #checkAll(): Promise<void> {
    const { run } = this.options;
    const conflicts = new Map<string, AppError>();
    const failures = new Map<string, AppError>();
    const satisfied = new Map<string, { output?: unknown }>();
    await this.#inEveryLane(this.#steps, async (step) => {
      if (stepHistory(run.history, step.id).ended) return;
      try {
        const result = await step.check(run.plans[step.id], readContext(this.#context(step)));
        if (result.state === 'conflict') conflicts.set(step.id, result.error.at(step.id));
        if (result.state === 'satisfied') {
          satisfied.set(step.id, result.output === undefined ? {} : { output: toJson(result.output) });
        }
      } catch (error) {
        failures.set(step.id, toAppError(error).at(step.id));
      }
    });
    if (this.#control.signal.aborted) return;
    const bad = conflicts.size > 0 ? conflicts : failures;
    for (const [id, error] of [...conflicts, ...failures]) {
      await record(run, { type: 'step.failed', step: id, data: { error: error.toShape() } });
    }
    const first = this.#steps.flatMap((step) => bad.get(step.id) ?? [])[0];
    if (first !== undefined) {
      this.#refused = conflicts.size > 0;
      this.#control.stop({ kind: 'failed', error: first });
      return;
    }
    for (const [id, data] of satisfied) await record(run, { type: 'step.satisfied', step: id, data });
  }

  async #runStep(step: AnyStep<Ports>): Promise<boolean> {
    const { run } = this.options;
    if (stepHistory(run.history, step.id).ended) return true;
    // Made before `step.started` is recorded: it tells the step whether an earlier attempt had started it.
    const units = runContext(this.#context(step));
    this.#working.add(step.id);
    try {
      await this.#control.boundary();
      await record(run, { type: 'step.started', step: step.id, data: {} });
      const output = toJson(await step.run(run.plans[step.id], units.context));
      await units.idle();
      this.#progress.flush();
      await record(run, { type: 'step.done', step: step.id, data: { output } });
      return true;
    } catch (error) {
      await this.#fail(step, error, () => units.idle());
      return false;
    } finally {
      this.#working.delete(step.id);
    }
  }

  async #fail(step: AnyStep<Ports>, error: unknown, idle: () => Promise<void>): Promise<void> {
    const stopped = this.#control.reason() !== undefined && toAppError(error).code === 'CANCELLED';
    const failure = toAppError(error).at(step.id);
    if (!this.#control.signal.aborted && !stopped) this.#control.stop({ kind: 'failed', error: failure });
    await idle();
    this.#progress.flush();
    if (this.#control.signal.aborted || stopped) return;
    await record(this.options.run, {
      type: 'step.failed',
      step: step.id,
      data: { error: failure.toShape() },
    });
  }

  async #verifyAll(steps: readonly AnyStep<Ports>[]): Promise<Ending | undefined> {
    const { run } = this.options;
    this.#phase = 'verifying';
    await record(run, { type: 'run.state', data: { state: 'verifying' } });
    const evidence: { step: string; item: Evidence }[] = [];
    await this.#inEveryLane(steps, async (step) => {
      const { output } = stepHistory(run.history, step.id);
      if (output === undefined) return;
      this.#working.add(step.id);
      try {
        await record(run, { type: 'step.verifying', step: step.id, data: {} });
        const found = await step.verify(run.plans[step.id], output.value, readContext(this.#context(step)));
        this.#progress.flush();
        await record(run, { type: 'step.verified', step: step.id, data: { evidence: found } });
        evidence.push(...found.map((item) => ({ step: step.id, item })));
      } catch (error) {
        await this.#fail(step, error, () => Promise.resolve());
      } finally {
        this.#working.delete(step.id);
      }
    });
    if (this.#control.reason() !== undefined) return undefined;
    const differing = evidence.filter(({ item }) => !item.equal);
    if (differing.length > 0) return { differs: differs(differing) };
    return { warnings: this.#steps.some((step) => stepHistory(run.history, step.id).warnings.size > 0) };
  }

  /** Lanes side by side, whatever the steps' needs; stops, without throwing, at the first boundary after a stop. */
  async #inEveryLane(
    steps: readonly AnyStep<Ports>[],
    work: (step: AnyStep<Ports>) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      lanes.map(async (lane) => {
        for (const step of steps.filter((candidate) => candidate.lane === lane)) {
          const goesOn = await this.#control.boundary().then(
            () => true,
            () => false,
          );
          if (!goesOn) return;
          await work(step);
        }
      }),
    );
  }

  async #settle(ending: Ending | undefined): Promise<Pick<RunOutcome, 'state' | 'error' | 'refused'>> {
    const { journal } = this.options.run;
    const { state, error } = outcomeOf(this.#control.reason(), ending);
    const refused = this.#refused && state === 'failed';
    const data = {
      state,
      ...(error === undefined ? {} : { error: error.toShape() }),
      ...(refused ? { refused } : {}),
    };
    const result = { state, refused, ...(error === undefined ? {} : { error }) };
    try {
      await journal.append({ type: 'run.state', data });
      await journal.close();
      return result;
    } catch (failure) {
      const cause = toAppError(failure);
      const lastState = { state: 'failed' as const, error: cause.toShape() };
      await journal.lastWord([{ type: 'run.state', data: lastState }]);
      await journal.close().catch(() => undefined);
      return {
        state: cause.code === 'DISK_FULL_LOCAL' ? 'failed' : 'interrupted',
        error: cause,
        refused: false,
      };
    }
  }
}

function outcomeOf(
  reason: StopReason | undefined,
  ending: Ending | undefined,
): { state: RunState; error?: AppError } {
  if (ending !== undefined) {
    if ('differs' in ending) return { state: 'failed', error: ending.differs };
    return { state: ending.warnings ? 'succeeded-with-warnings' : 'succeeded' };
  }
  switch (reason?.kind) {
    case 'cancelled':
      return { state: 'cancelled' };
    case 'failed':
      return { state: 'failed', error: reason.error };
    case 'interrupted':
    case undefined:
      return { state: 'interrupted', ...(reason?.error === undefined ? {} : { error: reason.error }) };
  }
}

function differs(differing: readonly { step: string; item: Evidence }[]): AppError {
  const subjects = differing.map(({ item }) => item.subject);
  const named = subjects.slice(0, 3).join(', ');
  const more = subjects.length > 3 ? ` and ${subjects.length - 3} more` : '';
  return new AppError('VERIFICATION_DIFFERS', `Source and target differ: ${named}${more}.`, {
    hint: 'Read the evidence of each. If the source changed meanwhile, stop writing to it and migrate those again.',
    step: differing[0]?.step,
    details: Object.fromEntries(
      differing
        .slice(0, 20)
        .map(({ item }) => [item.subject, `${item.method}: source ${item.source}, target ${item.target}`]),
    ),
  });
}

/** Calls back when a signal aborts, also when it did already; `until` takes the listener away. */
function onAbort(signal: AbortSignal, until: AbortSignal, call: () => void): void {
  if (signal.aborted) call();
  else signal.addEventListener('abort', call, { once: true, signal: until });
}
