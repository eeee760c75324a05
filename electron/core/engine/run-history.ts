import type { RunHeader, RunState } from '#shared/model/run';
import type { NewJournalEvent } from './journal-writer';

/** What a step did so far, as the journal tells it. */
export interface StepHistory {
  planned: boolean;
  started: boolean;
  /** Done or satisfied. */
  ended: boolean;
  /** The output of an ended step; absent for a satisfied step that could not tell it. */
  output?: { value: unknown };
  /** Outputs of finished units. */
  done: Map<string, unknown>;
  /** Units that began and whose end does not stand. */
  begun: Set<string>;
  /** Code and message of the warnings given, so that a repeated unit does not repeat its warning. */
  warnings: Set<string>;
}

/** Everything of a run that its executor goes on from. */
export interface RunHistory {
  header: RunHeader | undefined;
  state: RunState;
  steps: Map<string, StepHistory>;
}

export function emptyHistory(): RunHistory {
  return { header: undefined, state: 'planned', steps: new Map() };
}

/** The history of one step; made when it is asked for the first time. */
export function stepHistory(history: RunHistory, id: string): StepHistory {
  let step = history.steps.get(id);
  if (step === undefined) {
    step = {
      planned: false,
      started: false,
      ended: false,
      done: new Map(),
      begun: new Set(),
      warnings: new Set(),
    };
    history.steps.set(id, step);
  }
  return step;
}

/** Takes one more event into the history. */
export function recordEvent(history: RunHistory, event: NewJournalEvent): void {
  switch (event.type) {
    case 'run.header':
      history.header = event.data;
      return;
    case 'run.state':
      history.state = event.data.state;
      return;
    case 'run.resumed':
      history.state = 'running';
      return;
    case 'step.planned':
      stepHistory(history, event.step).planned = true;
      return;
    case 'step.started':
      stepHistory(history, event.step).started = true;
      return;
    case 'step.satisfied': {
      const step = stepHistory(history, event.step);
      if (event.data.redacted === true) return;
      step.ended = true;
      if (event.data.output !== undefined) step.output = { value: event.data.output };
      return;
    }
    case 'step.done': {
      const step = stepHistory(history, event.step);
      if (event.data.redacted === true) return;
      step.ended = true;
      step.output = { value: event.data.output };
      return;
    }
    case 'unit.begun':
      stepHistory(history, event.step).begun.add(event.unit);
      return;
    case 'unit.done': {
      const step = stepHistory(history, event.step);
      if (event.data.redacted === true) return;
      step.begun.delete(event.unit);
      step.done.set(event.unit, event.data.output);
      return;
    }
    case 'unit.reset': {
      const step = stepHistory(history, event.step);
      step.done.delete(event.unit);
      step.begun.add(event.unit);
      return;
    }
    case 'warning':
      stepHistory(history, event.step).warnings.add(warningKey(event.data));
      return;
    case 'step.failed':
    case 'step.verifying':
    case 'step.verified':
    case 'unit.failed':
    case 'log':
    case 'progress':
      return;
  }
}

/** Two warnings of a step with the same key are one. */
export function warningKey(warning: { code: string; message: string }): string {
  return `${warning.code} ${warning.message}`;
}

/** The history that a whole journal tells. */
export function replay(events: readonly NewJournalEvent[]): RunHistory {
  const history = emptyHistory();
  for (const event of events) recordEvent(history, event);
  return history;
}
