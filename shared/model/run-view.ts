import type { JournalEvent, RunState, RunView, StepView, UnitView } from './run';
import { logLineOf } from './run-log';

/** Log lines that a view keeps; the journal has them all. */
const logLimit = 500;

/** A view of a run before its first event. */
export function emptyRunView(id: string): RunView {
  return { id, state: 'planned', only: [], planHash: '', startedAt: '', at: '', seq: -1, steps: [], log: [] };
}

/** Whether nothing will happen any more unless somebody resumes the run. */
export function isSettled(state: RunState): boolean {
  switch (state) {
    case 'succeeded':
    case 'succeeded-with-warnings':
    case 'failed':
    case 'cancelled':
    case 'interrupted':
      return true;
    case 'planned':
    case 'running':
    case 'paused':
    case 'cancelling':
    case 'verifying':
      return false;
  }
}

/** Whether a settled run can be taken up again. */
export function isResumable(state: RunState): boolean {
  return state === 'failed' || state === 'cancelled' || state === 'interrupted';
}

/** Whether taking a settled run up again leads anywhere: one that was refused wrote nothing, and its plan may no longer hold. */
export function offersResume(run: Pick<RunView, 'state' | 'refused'>): boolean {
  return isResumable(run.state) && run.refused !== true;
}

/** How a settled run ended, as a script tells it apart. */
export type RunOutcomeClass = 'done' | 'failed' | 'refused' | 'differs' | 'cancelled';

/**
 * The class of a settled run's end. `refused`: a check found a conflict before anything was written. An interrupted run counts as
 * failed; undefined while the run is not settled.
 */
export function outcomeClass(view: RunView): RunOutcomeClass | undefined {
  if (!isSettled(view.state)) return undefined;
  if (view.state === 'succeeded' || view.state === 'succeeded-with-warnings') return 'done';
  if (view.state === 'cancelled') return 'cancelled';
  if (view.error?.code === 'VERIFICATION_DIFFERS') return 'differs';
  return view.refused === true ? 'refused' : 'failed';
}

/** The event that follows in the journal of a run that was under way and that nobody holds; see {@link RunState}. */
export function interruptedEvent(view: RunView): JournalEvent {
  return { seq: view.seq + 1, at: view.at, type: 'run.state', data: { state: 'interrupted' } };
}

/** The same run as a reader sees it who knows that nobody holds its lock. */
export function withoutHolder(view: RunView): RunView {
  return view.seq < 0 || isSettled(view.state) ? view : reduceRun(view, interruptedEvent(view));
}

/**
 * The view after one more event. Pure: the page, the CLI and a second host that watches all fold the same events,
 * so they show the same state. Events that the view already holds (`seq` not above its own) change nothing.
 */
export function reduceRun(view: RunView, event: JournalEvent): RunView {
  if (event.seq <= view.seq) return view;
  const next = applyEvent({ ...view, seq: event.seq, at: event.at }, event);
  const line = logLineOf(next, event);
  return line === undefined ? next : { ...next, log: [...next.log.slice(-(logLimit - 1)), line] };
}

function applyEvent(next: RunView, event: JournalEvent): RunView {
  switch (event.type) {
    case 'run.header':
      return { ...next, only: event.data.only, planHash: event.data.planHash, startedAt: event.at };
    case 'run.state': {
      const { state, error, refused } = event.data;
      return {
        ...omitError(next),
        state,
        steps: isSettled(state) ? next.steps.map(comeToRest) : next.steps,
        ...(error === undefined ? {} : { error }),
        ...(refused === undefined ? {} : { refused }),
      };
    }
    case 'run.resumed':
      return omitError({ ...next, state: 'running', steps: next.steps.map(clearFailure) });
    case 'step.planned':
      return {
        ...next,
        steps: [
          ...next.steps.filter((step) => step.id !== event.step),
          {
            ...event.data,
            state: 'waiting',
            evidence: [],
            runWarnings: [],
            units: event.data.units.map((unit): UnitView => ({
              id: unit.id,
              label: unit.label,
              state: 'waiting',
              ...(unit.expected === undefined ? {} : { progress: unit.expected }),
              ...(unit.bytes === undefined ? {} : { bytes: unit.bytes }),
            })),
          },
        ],
      };
    case 'step.started':
      return onStep(next, event.step, (step) => ({
        ...step,
        state: 'running',
        startedAt: step.startedAt ?? event.at,
      }));
    case 'step.satisfied':
      return onStep(next, event.step, (step) => ({ ...step, state: 'satisfied', endedAt: event.at }));
    case 'step.done':
      return onStep(next, event.step, (step) => ({ ...step, state: 'done', endedAt: event.at }));
    case 'step.failed':
      return onStep(next, event.step, (step) => ({
        ...step,
        state: 'failed',
        endedAt: event.at,
        error: event.data.error,
      }));
    case 'step.verifying':
      return onStep(next, event.step, (step) => ({ ...step, state: 'verifying' }));
    case 'step.verified':
      return onStep(next, event.step, (step) => ({
        ...step,
        evidence: event.data.evidence,
        state: event.data.evidence.every((item) => item.equal) ? 'verified' : 'differs',
      }));
    case 'unit.begun':
      return onUnit(next, event.step, event.unit, (unit) => {
        const { error: _earlier, ...rest } = unit;
        return { ...rest, state: 'running' };
      });
    case 'unit.done':
      return onUnit(next, event.step, event.unit, (unit) => ({
        ...unit,
        state: 'done',
        ...(unit.progress === undefined ? {} : { progress: { ...unit.progress, done: unit.progress.total } }),
      }));
    case 'unit.failed':
      return onUnit(next, event.step, event.unit, (unit) => ({
        ...unit,
        state: 'failed',
        error: event.data.error,
      }));
    case 'unit.reset':
      return onUnit(next, event.step, event.unit, (unit) => ({
        ...unit,
        state: 'waiting',
        ...(unit.progress === undefined ? {} : { progress: { ...unit.progress, done: 0 } }),
      }));
    case 'warning':
      return onStep(next, event.step, (step) => ({
        ...step,
        runWarnings: [...step.runWarnings, event.data],
      }));
    case 'log':
      return next;
    case 'progress':
      return event.data.items.reduce(
        (current, item) =>
          item.unit === undefined
            ? onStep(current, item.step, (step) => ({ ...step, progress: item.progress }))
            : onUnit(current, item.step, item.unit, (unit) => ({
                ...unit,
                // Thinned-out progress may arrive after the end of its unit; an ended unit stays complete.
                progress:
                  unit.state === 'done' ? { ...item.progress, done: item.progress.total } : item.progress,
              })),
        next,
      );
  }
}

function omitError(view: RunView): RunView {
  const { error: _gone, refused: _earlier, ...rest } = view;
  return rest;
}

/** A step of a run that stopped: what was under way waits for whoever resumes. */
function comeToRest(step: StepView): StepView {
  const state = step.state === 'running' ? 'waiting' : step.state === 'verifying' ? 'done' : step.state;
  return {
    ...step,
    state,
    units: step.units.map((unit) => (unit.state === 'running' ? { ...unit, state: 'waiting' } : unit)),
  };
}

function clearFailure(step: StepView): StepView {
  if (step.state === 'differs') return { ...step, state: 'done' };
  if (step.state !== 'failed') return step;
  const { error: _gone, endedAt: _earlier, ...rest } = step;
  return { ...rest, state: 'waiting' };
}

function onStep(view: RunView, id: string, change: (step: StepView) => StepView): RunView {
  return { ...view, steps: view.steps.map((step) => (step.id === id ? change(step) : step)) };
}

function onUnit(
  view: RunView,
  stepId: string,
  unitId: string,
  change: (unit: UnitView) => UnitView,
): RunView {
  return onStep(view, stepId, (step) => {
    const known = step.units.some((unit) => unit.id === unitId);
    const units = known
      ? step.units
      : [...step.units, { id: unitId, label: unitId, state: 'waiting' as const }];
    return { ...step, units: units.map((unit) => (unit.id === unitId ? change(unit) : unit)) };
  });
}
