import type { Warning } from '#shared/model/run';
import type { SchemaReader } from '../../ports/database';
import type { Omission } from './plan-entries';

/** One warning for each reason, so that a hundred omissions do not hide the one that matters. */
export function omissionWarnings(omitted: readonly Omission[]): Warning[] {
  const byReason = new Map<string, string[]>();
  for (const { id, reason } of omitted.filter((item) => item.missed)) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  }
  return [...byReason].map(([reason, ids]) => ({
    code: 'SCHEMA_ENTRY_LEFT_OUT',
    message: `Left out, because ${reason}: ${ids.join(', ')}.`,
  }));
}

/** What read the schema in place of the built-in pg_dump, in a sentence. */
export function describeReader({ program, reason }: SchemaReader): string {
  return `The schema is read by ${program}, because ${reason}.`;
}
