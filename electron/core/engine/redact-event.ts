import type { ErrorShape } from '#shared/model/errors';
import type { Warning } from '#shared/model/run';
import type { NewJournalEvent } from './journal-writer';

type Redact = (text: string) => string;

/** Applies `redact` to every text at any depth; names of members stay, because readers depend on them. */
export function redactDeep(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => redactDeep(item, redact));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, redactDeep(member, redact)]),
    );
  }
  return value;
}

/** The same failure with every text redacted, its causes included. */
export function redactShape(redact: Redact, error: ErrorShape): ErrorShape {
  return {
    ...error,
    message: redact(error.message),
    ...(error.hint === undefined ? {} : { hint: redact(error.hint) }),
    ...(error.unit === undefined ? {} : { unit: redact(error.unit) }),
    ...(error.details === undefined
      ? {}
      : {
          details: Object.fromEntries(
            Object.entries(error.details).map(([name, text]) => [name, redact(text)]),
          ),
        }),
    ...(error.cause === undefined ? {} : { cause: redactShape(redact, error.cause) }),
  };
}

function redactWarning(redact: Redact, warning: Warning): Warning {
  return {
    ...warning,
    message: redact(warning.message),
    ...(warning.hint === undefined ? {} : { hint: redact(warning.hint) }),
  };
}

/** An output that loses something is marked: a step must not go on from an output that is not what it gave. */
function redactOutput(data: object, redact: Redact): unknown {
  const kept = redactDeep(data, redact);
  if (JSON.stringify(kept) === JSON.stringify(data) || typeof kept !== 'object') return kept;
  return { ...kept, redacted: true };
}

/**
 * The data of an event without secrets. The journal's own words (ids, states, lanes, codes) stay as they are: a secret may be
 * as ordinary a word as `database`, and a journal without that word could be neither written nor read.
 */
export function redactData(event: NewJournalEvent, redact: Redact): unknown {
  switch (event.type) {
    case 'run.header':
    case 'run.resumed':
    case 'step.started':
    case 'step.verifying':
    case 'unit.begun':
    case 'progress':
      return event.data;
    case 'run.state': {
      const { error } = event.data;
      return error === undefined ? event.data : { ...event.data, error: redactShape(redact, error) };
    }
    case 'step.failed':
    case 'unit.failed':
      return { error: redactShape(redact, event.data.error) };
    case 'step.planned': {
      const { title, summary, details, warnings, units } = event.data;
      return {
        ...event.data,
        title: redact(title),
        summary: redact(summary),
        details: details.map(redact),
        warnings: warnings.map((warning) => redactWarning(redact, warning)),
        units: units.map((unit) => ({ ...unit, label: redact(unit.label) })),
      };
    }
    case 'warning':
      return redactWarning(redact, event.data);
    case 'log':
      return { ...event.data, message: redact(event.data.message) };
    case 'step.done':
    case 'step.satisfied':
    case 'unit.done':
      return redactOutput(event.data, redact);
    case 'step.verified':
    case 'unit.reset':
      return redactDeep(event.data, redact);
  }
}
