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

/**
 * The data of an event without secrets. An output that loses something that way is marked: a step must not go on from an
 * output that is not what it gave (a secret may be as ordinary a word as `postgres`).
 */
export function redactData(event: NewJournalEvent, redact: Redact): unknown {
  const data = redactDeep(event.data, redact);
  if (event.type !== 'unit.done' && event.type !== 'step.done' && event.type !== 'step.satisfied')
    return data;
  const kept = JSON.stringify(data) === JSON.stringify(event.data);
  return kept || typeof data !== 'object' ? data : { ...data, redacted: true };
}
