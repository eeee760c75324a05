import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName } from '../common/sql-text';
import { changeRows, type RowChange } from './change-rows';
import type { LinkTable } from './columns';
import { type TriggerMode, withoutTriggers } from './triggers';

const changesAtOnce = 250;

const tableRow = z.object({ schema: z.string(), name: z.string(), rows: z.coerce.number() });

/** The tables that a rewrite changed and that are not undone yet, with how many rows. */
export function rewrittenTables(
  session: DatabaseSession,
  rewrite: string,
): Promise<{ schema: string; name: string; rows: number }[]> {
  return session.query(
    tableRow,
    `select schema_name as schema, table_name as name, count(*) as rows from cutover_links.change
     where rewrite = $1 and undone_at is null and left_because is null group by 1, 2 order by 1, 2`,
    [rewrite],
  );
}

const values = z.record(z.string(), z.string());
const changeRow = z.object({ id: z.string(), key: values, place: z.string(), old: values, new: values });
type Change = z.infer<typeof changeRow>;

export interface Undone {
  /** Rows that are as they were. */
  restored: number;
  /** Rows that stay as they are: changed since, removed, or refused. */
  left: number;
}

/**
 * Gives a table's rows their old values back, the last change first, batch by batch. A row whose value is not the one that was written stays
 * as it is, and the record says why.
 */
export async function undoTable(options: {
  session: DatabaseSession;
  table: LinkTable;
  rewrite: string;
  triggers: TriggerMode;
  signal: AbortSignal;
  onProgress: (undone: Undone) => void;
}): Promise<Undone> {
  const { session, table, rewrite, triggers, signal, onProgress } = options;
  const total: Undone = { restored: 0, left: 0 };
  for (;;) {
    signal.throwIfAborted();
    const more = await withoutTriggers(session, table, triggers, async () => {
      const changes = await session.query(
        changeRow,
        `select id::text as id, row_key as key, row_place::text as place, old_values as old, new_values as new
         from cutover_links.change where rewrite = $1 and schema_name = $2 and table_name = $3
           and undone_at is null and left_because is null
         order by id desc limit ${changesAtOnce}`,
        [rewrite, table.schema, table.name],
      );
      const outcomes = await undoChanges(session, table, changes);
      const ids = [...outcomes.keys()];
      const reasons = [...outcomes.values()];
      await session.execute(
        `update cutover_links.change c set undone_at = case when v.reason is null then now() end, left_because = v.reason
         from unnest($1::bigint[], $2::text[]) v (id, reason) where c.id = v.id`,
        [ids, reasons],
      );
      const left = reasons.filter((reason) => reason !== null).length;
      total.left += left;
      total.restored += ids.length - left;
      return changes.length > 0;
    });
    onProgress(total);
    if (!more) return total;
  }
}

const currentRow = z.object({ id: z.string(), ctid: z.string(), cells: z.array(z.string().nullable()) });

/**
 * Undoes changes; answers by id with the reasons of those that stay, null for the others. Of two changes of one row only the later one is
 * dealt with: the next round finds the earlier one.
 */
async function undoChanges(
  session: DatabaseSession,
  table: LinkTable,
  changes: readonly Change[],
): Promise<Map<string, string | null>> {
  const outcomes = new Map<string, string | null>();
  const current = await currentRows(session, table, changes);
  const undoing: { id: string; change: RowChange }[] = [];
  const places = new Set<string>();
  for (const change of changes) {
    const row = current.get(change.id);
    if (row === undefined) {
      outcomes.set(change.id, 'The row is not there any more.');
      continue;
    }
    if (places.has(row.ctid)) continue;
    places.add(row.ctid);
    if (Object.entries(change.new).some(([name, value]) => row.values.get(name) !== value))
      outcomes.set(change.id, 'The row has been changed since.');
    else
      undoing.push({
        id: change.id,
        change: { ctid: row.ctid, values: new Map(Object.entries(change.old)) },
      });
  }
  const results = await changeRows(
    session,
    table,
    undoing.map(({ change }) => change),
  );
  results.forEach((result, index) => {
    outcomes.set(undoing[index]?.id ?? '', 'refused' in result ? result.refused : null);
  });
  return outcomes;
}

async function currentRows(
  session: DatabaseSession,
  table: LinkTable,
  changes: readonly Change[],
): Promise<Map<string, { ctid: string; values: Map<string, string> }>> {
  const cells = table.columns.map(({ name }) => `t.${quoteName(name)}::text`);
  const byKey = table.key.map(
    ({ name, type }, index) => `t.${quoteName(name)} = (v.key ->> $${index + 4})::${type}`,
  );
  const rows = await session.query(
    currentRow,
    `select v.id, t.ctid::text as ctid, array[${cells.join(', ')}]::text[] as cells
     from unnest($1::text[], $2::jsonb[], $3::tid[]) v (id, key, place)
     join only ${qualified(table)} t on ${byKey.length === 0 ? 't.ctid = v.place' : byKey.join(' and ')}
     for update of t`,
    [
      changes.map(({ id }) => id),
      changes.map(({ key }) => JSON.stringify(key)),
      changes.map(({ place }) => place),
      ...table.key.map(({ name }) => name),
    ],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        ctid: row.ctid,
        values: new Map(
          table.columns.flatMap(({ name }, index): [string, string][] => {
            const value = row.cells[index];
            return value === undefined || value === null ? [] : [[name, value]];
          }),
        ),
      },
    ]),
  );
}
