import {
  lanes,
  type Lane,
  type Progress,
  type RunView,
  type StepView,
  type UnitView,
} from '#shared/model/run';

/** Where a lane stands, in the words of its steps. */
export type LaneState = 'waiting' | 'running' | 'copied' | 'verifying' | 'verified' | 'differs' | 'failed';

export interface LaneProgress {
  lane: Lane;
  state: LaneState;
  /** The step under way, or the one that failed. */
  current: StepView | undefined;
  /** What the lane is measured by: the step that moves its bulk, as far as it has begun. */
  measure: Progress | undefined;
  /** What `measure` comes to in the end: its total, or an estimate by size while some units have not told theirs. */
  expected: number | undefined;
  /** The step that `measure` belongs to. */
  measuredStep: string | undefined;
  /** 0 to 1. */
  fraction: number;
}

const ended = new Set<StepView['state']>(['done', 'satisfied', 'verifying', 'verified', 'differs']);

/** A step's progress: the sum over its units, or its own report where that knows more. */
export function stepProgress(step: StepView): Progress | undefined {
  const unit = step.units.find((item) => item.progress !== undefined)?.progress?.unit;
  if (unit === undefined) return step.progress;
  const sum = { done: 0, total: 0, unit };
  for (const { state, progress } of step.units) {
    if (progress?.unit !== unit) continue;
    sum.total += progress.total;
    sum.done += state === 'waiting' ? 0 : Math.min(progress.done, progress.total);
  }
  const own = step.progress;
  return own?.unit === unit && own.done > sum.done ? { ...own, total: Math.max(own.total, sum.total) } : sum;
}

function laneState(steps: StepView[]): LaneState {
  const has = (...states: StepView['state'][]) => steps.some((step) => states.includes(step.state));
  if (has('failed')) return 'failed';
  if (has('differs')) return 'differs';
  if (has('running')) return 'running';
  if (steps.every((step) => step.state === 'waiting')) return 'waiting';
  if (steps.some((step) => step.state === 'waiting')) return 'running';
  if (has('verifying')) return 'verifying';
  return steps.every((step) => step.state === 'verified')
    ? 'verified'
    : has('verified')
      ? 'verifying'
      : 'copied';
}

/** The progress of one lane of a run; undefined when the run has no step in it. */
export function laneProgress(view: RunView, lane: Lane): LaneProgress | undefined {
  const steps = view.steps.filter((step) => step.lane === lane);
  if (steps.length === 0) return undefined;
  const state = laneState(steps);
  const bulk = bulkStep(steps);
  const progress = bulk === undefined ? undefined : stepProgress(bulk);
  const measure = progress !== undefined && progress.total > 0 ? progress : undefined;
  const told = bulk === undefined || bulk.units.every((unit) => unit.bytes === undefined || hasTold(unit));
  const share = bulk === undefined ? undefined : shareOfBytes(bulk);
  const allEnded = steps.every((step) => ended.has(step.state));
  const weights = steps.map((step) => (step === bulk ? bulkWeight : 1));
  const partial =
    steps.reduce((sum, step, index) => sum + (weights[index] ?? 1) * stepFraction(step), 0) /
    weights.reduce((sum, weight) => sum + weight, 0);
  return {
    lane,
    state,
    current:
      steps.find((step) => step.state === 'failed') ??
      steps.find((step) => step.state === 'running' || step.state === 'verifying'),
    measure: measure === undefined || !allEnded ? measure : { ...measure, done: measure.total },
    expected:
      measure === undefined || told || allEnded || share === undefined || share === 0
        ? measure?.total
        : Math.max(measure.total, measure.done / share),
    measuredStep: bulk?.id,
    fraction: allEnded ? 1 : Math.min(partial, 0.99),
  };
}

/** How much more the step that moves the bulk counts in its lane than one that makes catalogue entries. */
const bulkWeight = 8;

/** The step that moves what its lane is about: rows, users or objects, and not catalogue entries. */
function bulkStep(steps: readonly StepView[]): StepView | undefined {
  const moves = (step: StepView): boolean => {
    const unit = stepProgress(step)?.unit;
    return (unit !== undefined && unit !== 'entries') || step.units.some((item) => item.bytes !== undefined);
  };
  return steps.find(moves) ?? (steps.length === 1 ? steps[0] : undefined);
}

/** Whether the unit's own total is known: a table's rows are counted when its turn comes. */
function hasTold(unit: UnitView): boolean {
  return unit.state === 'done' || unit.progress !== undefined;
}

/** How much of a step's bytes is moved, 0 to 1; undefined when its units have no sizes. */
function shareOfBytes(step: StepView): number | undefined {
  let done = 0;
  let total = 0;
  for (const { state, bytes = 0, progress } of step.units) {
    total += bytes;
    if (state === 'done') done += bytes;
    else if (state !== 'waiting' && progress !== undefined && progress.total > 0)
      done += (bytes * progress.done) / progress.total;
  }
  return total === 0 ? undefined : done / total;
}

function stepFraction(step: StepView): number {
  if (ended.has(step.state)) return 1;
  const share = shareOfBytes(step);
  if (share !== undefined) return share;
  const progress = stepProgress(step);
  if (progress !== undefined && progress.total > 0) return progress.done / progress.total;
  const done = step.units.filter((unit) => unit.state === 'done').length;
  return step.units.length === 0 ? 0 : done / step.units.length;
}

/** The lanes that a run has, in their fixed order. */
export function laneProgresses(view: RunView): LaneProgress[] {
  return lanes.flatMap((lane) => laneProgress(view, lane) ?? []);
}

/** How far the copying of the whole run is, 0 to 1: lanes weigh the same, because their units can't be added. */
export function runFraction(progresses: readonly LaneProgress[]): number {
  if (progresses.length === 0) return 0;
  return progresses.reduce((sum, item) => sum + item.fraction, 0) / progresses.length;
}

interface Sample {
  /** Milliseconds on the clock of the host that runs. */
  at: number;
  done: number;
}

/** The newest measurements of a lane, of one step only. */
export interface LaneWindow {
  step: string;
  samples: readonly Sample[];
}

export type Windows = Readonly<Partial<Record<Lane, LaneWindow>>>;

const windowMs = 10_000;
/** A longer silence is a pause, over which no rate is drawn. */
const gapMs = 6_000;

/** The windows with the measurements of one more view. */
export function measure(windows: Windows, view: RunView): Windows {
  const at = Date.parse(view.at);
  if (Number.isNaN(at)) return windows;
  const next: Partial<Record<Lane, LaneWindow>> = {};
  for (const item of laneProgresses(view)) {
    if (item.measure === undefined || item.measuredStep === undefined) continue;
    const earlier = windows[item.lane];
    const last = earlier?.samples.at(-1);
    const fits =
      earlier?.step === item.measuredStep &&
      last !== undefined &&
      at - last.at < gapMs &&
      item.measure.done >= last.done;
    const kept = fits ? earlier.samples.filter((sample) => at - sample.at <= windowMs) : [];
    const newest = kept.at(-1)?.at === at ? kept.slice(0, -1) : kept;
    next[item.lane] = { step: item.measuredStep, samples: [...newest, { at, done: item.measure.done }] };
  }
  return next;
}

/** The speed over a window in units a second; undefined while less than a second is known or nothing moves. */
export function rateOf(window: LaneWindow | undefined): number | undefined {
  const first = window?.samples[0];
  const last = window?.samples.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < 1000) return undefined;
  const rate = ((last.done - first.done) / (last.at - first.at)) * 1000;
  return rate > 0 ? rate : undefined;
}

/** Seconds until a lane is through at its present speed; undefined when unknown. */
export function secondsLeft(item: LaneProgress, rate: number | undefined): number | undefined {
  if (item.fraction === 1) return 0;
  if (item.measure === undefined || item.expected === undefined || rate === undefined) return undefined;
  return (item.expected - item.measure.done) / rate;
}
