import type { SchemaEntryView } from '#shared/contract/schema-entries';

/** Which entries are listed. */
export interface SchemaFilter {
  text: string;
  /** `''` for all of them. */
  type: string;
  decision: '' | SchemaEntryView['decision'];
}

export const everything: SchemaFilter = { text: '', type: '', decision: '' };

/** The entries that a filter lets through. The text is looked for in names and SQL, whatever its case. */
export function filterEntries(entries: readonly SchemaEntryView[], filter: SchemaFilter): SchemaEntryView[] {
  const wanted = filter.text.trim().toLowerCase();
  return entries.filter(
    ({ type, decision, id, sql }) =>
      (filter.type === '' || type === filter.type) &&
      (filter.decision === '' || decision === filter.decision) &&
      (wanted === '' || id.toLowerCase().includes(wanted) || sql.toLowerCase().includes(wanted)),
  );
}

/** What a trial leaves out more and less than what is kept; `along`: what only hangs on a choice. */
export interface SchemaChange {
  readonly leftOut: readonly string[];
  readonly along: readonly string[];
  readonly back: readonly string[];
}

/** Ids of the entries whose decision differs between the kept choices and the tried ones. */
export function changeOf(kept: readonly SchemaEntryView[], tried: readonly SchemaEntryView[]): SchemaChange {
  const before = new Map(kept.map((entry) => [entry.id, entry.decision]));
  const changed = tried.filter(({ id, decision }) => before.get(id) !== decision);
  const out = changed.filter(({ decision }) => decision === 'left-out');
  return {
    leftOut: out.filter(({ chosen }) => chosen).map(({ id }) => id),
    along: out.filter(({ chosen }) => !chosen).map(({ id }) => id),
    back: changed.filter(({ decision }) => decision === 'applied').map(({ id }) => id),
  };
}
