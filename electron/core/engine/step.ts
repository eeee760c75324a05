import type { z } from 'zod';
import type { Effect, Evidence, Lane, Progress, StepPlan, UnitPlan, Warning } from '#shared/model/run';
import type { AppError } from '#shared/model/errors';

/** What every phase of a step gets. `Ports` are the step's way to the outside; the engine does not know them. */
export interface ReadContext<Ports> {
  readonly ports: Ports;
  /** Aborted on cancel, and when the run's lock is lost. Goes through everything that waits. */
  readonly signal: AbortSignal;
  log(level: 'info' | 'warn' | 'error', message: string): void;
  /** Absolute progress of the step, or of one unit of it. May be called as often as one likes: the engine thins it out. */
  progress(progress: Progress, unit?: string): void;
  /** The journalled output of another step of this run, parsed by `schema`; undefined when that step is not part of the run or not done. */
  outputOf<T>(step: string, schema: z.ZodType<T>): T | undefined;
}

export interface UnitState {
  /**
   * True when an earlier attempt began this unit and did not finish it: the target may or may not hold its effect,
   * so the body has to find out or to start over.
   */
  readonly begunBefore: boolean;
  readonly signal: AbortSignal;
}

export interface RunContext<Ports> extends ReadContext<Ports> {
  /**
   * Runs an idempotent unit of work once. A unit whose end stands in the journal is not run again: its journalled
   * output comes back, parsed by `output`. Before a unit begins the engine waits while the run is paused and stops
   * when it was cancelled, so units are the boundaries at which a run stops.
   */
  unit<T>(id: string, output: z.ZodType<T>, body: (state: UnitState) => Promise<T>): Promise<T>;
  /** The journalled output of a finished unit. */
  finished<T>(id: string, output: z.ZodType<T>): T | undefined;
  /** Takes back the end of a unit (journalled), so that `unit` runs it again with `begunBefore` true. */
  reset(id: string, reason: string): Promise<void>;
  /** Shown on the step; the run then ends as `succeeded-with-warnings`. */
  warn(warning: Warning): Promise<void>;
  /** True in a run that was resumed, when the step had started before. */
  readonly resumed: boolean;
}

/**
 * `satisfied`: the target already is as planned; with the `output` that the step would have had, the step is verified
 * like one that ran and its output can be read by others. A conflict stops the run before any step writes anything.
 */
export type CheckResult =
  { state: 'pending' } | { state: 'satisfied'; output?: unknown } | { state: 'conflict'; error: AppError };

export interface StepDescription {
  summary: string;
  details: string[];
  warnings: Warning[];
  units: UnitPlan[];
}

/**
 * One step of a migration. Everything that it needs to know later is in its plan and outputs, which are plain JSON:
 * they go through the journal, and `plan`/`output` schemas parse them back.
 */
export interface Step<Ports, Plan, Output> {
  readonly id: string;
  /** Raised when plan or outputs change shape or meaning; a journal of another version can't be resumed. */
  readonly version: number;
  readonly title: string;
  readonly lane: Lane;
  readonly needs: readonly string[];
  readonly effect: Effect;
  /** It runs once the other steps are verified, because it changes what they brought; they are not compared again then. */
  readonly afterVerification?: boolean;
  readonly planSchema: z.ZodType<Plan>;
  readonly outputSchema: z.ZodType<Output>;
  /** Reads only. The result is hashed: it must not hold times or anything else that differs between two equal situations. */
  plan(context: ReadContext<Ports>): Promise<Plan>;
  describe(plan: Plan): StepDescription;
  /** Asked of the target before `run`, on a fresh run only: `begunBefore` units answer for a resumed one. */
  check(plan: Plan, context: ReadContext<Ports>): Promise<CheckResult>;
  run(plan: Plan, context: RunContext<Ports>): Promise<Output>;
  /** Independent reads of both sides. */
  verify(plan: Plan, output: Output, context: ReadContext<Ports>): Promise<Evidence[]>;
}

/** A step whose plan and output types are hidden, so that steps of different types fit one list. */
export interface AnyStep<Ports> {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly lane: Lane;
  readonly needs: readonly string[];
  readonly effect: Effect;
  readonly afterVerification: boolean;
  plan(context: ReadContext<Ports>): Promise<unknown>;
  describe(plan: unknown): StepPlan;
  check(plan: unknown, context: ReadContext<Ports>): Promise<CheckResult>;
  run(plan: unknown, context: RunContext<Ports>): Promise<unknown>;
  verify(plan: unknown, output: unknown, context: ReadContext<Ports>): Promise<Evidence[]>;
}

/** Hides a step's own types; plan and output are parsed on each way back in. */
export function defineStep<Ports, Plan, Output>(step: Step<Ports, Plan, Output>): AnyStep<Ports> {
  const { id, version, title, lane, needs, effect, afterVerification = false } = step;
  return {
    id,
    version,
    title,
    lane,
    needs,
    effect,
    afterVerification,
    plan: (context) => step.plan(context),
    describe: (plan) => ({
      id,
      title,
      lane,
      effect,
      needs: [...needs],
      ...step.describe(step.planSchema.parse(plan)),
    }),
    check: (plan, context) => step.check(step.planSchema.parse(plan), context),
    run: (plan, context) => step.run(step.planSchema.parse(plan), context),
    verify: (plan, output, context) =>
      step.verify(step.planSchema.parse(plan), step.outputSchema.parse(output), context),
  };
}
