import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { toAppError } from '#shared/model/errors';
import { qualified, quoteName } from '../common/sql-text';
import { sqlState } from '../common/sqlstate';
import type { LinkTable } from './columns';

/** New values for a row that is locked: text forms by column. */
export interface RowChange {
  ctid: string;
  values: ReadonlyMap<string, string>;
}

/** Where a changed row stands now. */
export interface ChangedRow {
  ctid: string;
  key: Record<string, string>;
}

export type ChangeOutcome = { done: ChangedRow } | { refused: string };

/** What one row's values can be refused for: a length, a constraint, a unique value, a form, an error that a domain raises. */
const refusals = /^(22|23)|^(21000|P0001|428C9)$/;

/**
 * Gives locked rows new values, all in one statement or, when the server refuses one of them, in halves, so that a refused row does not
 * hold up the others. Each value is compared with what the server made of it. Must run in a transaction.
 */
export async function changeRows(
  session: DatabaseSession,
  table: LinkTable,
  changes: readonly RowChange[],
): Promise<ChangeOutcome[]> {
  if (changes.length === 0) return [];
  try {
    return await inSavepoint(session, () => updateRows(session, table, changes));
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    if (changes.length === 1) return [{ refused: reason }];
  }
  const half = changes.length >> 1;
  return [
    ...(await changeRows(session, table, changes.slice(0, half))),
    ...(await changeRows(session, table, changes.slice(half))),
  ];
}

class NotExact extends Error {}

function refusalOf(error: unknown): string | undefined {
  if (error instanceof NotExact) return error.message;
  return refusals.test(sqlState(error) ?? '') ? toAppError(error).message : undefined;
}

async function inSavepoint<T>(session: DatabaseSession, work: () => Promise<T>): Promise<T> {
  await session.execute('savepoint cutover_links');
  try {
    const result = await work();
    await session.execute('release savepoint cutover_links');
    return result;
  } catch (error) {
    await session.execute('rollback to savepoint cutover_links');
    throw error;
  }
}

const updatedRow = z.object({
  place: z.coerce.number(),
  ctid: z.string(),
  key: z.array(z.string()),
  cells: z.array(z.string().nullable()),
});

async function updateRows(
  session: DatabaseSession,
  table: LinkTable,
  changes: readonly RowChange[],
): Promise<ChangeOutcome[]> {
  const columns = table.columns.filter(({ name }) => changes.some(({ values }) => values.has(name)));
  const sets = columns.map(
    ({ name, castTo }, index) =>
      `${quoteName(name)} = case when v.c${index} is null then t.${quoteName(name)} else v.c${index}::${castTo} end`,
  );
  const key = table.key.map((column) => `t.${quoteName(column.name)}::text`);
  const cells = columns.map(({ name }) => `t.${quoteName(name)}::text`);
  const updated = await session.query(
    updatedRow,
    `update only ${qualified(table)} t set ${sets.join(', ')}
     from unnest($1::text[]${columns.map((_column, index) => `, $${index + 2}::text[]`).join('')})
       with ordinality v (tid${columns.map((_column, index) => `, c${index}`).join('')}, place)
     where t.ctid = v.tid::tid
     returning v.place, t.ctid::text as ctid, array[${key.join(', ')}]::text[] as key, array[${cells.join(', ')}]::text[] as cells`,
    [
      changes.map(({ ctid }) => ctid),
      ...columns.map(({ name }) => changes.map(({ values }) => values.get(name) ?? null)),
    ],
  );
  const byPlace = new Map(updated.map((row) => [row.place, row]));
  return changes.map(({ values }, index): ChangeOutcome => {
    const row = byPlace.get(index + 1);
    if (row === undefined) throw new NotExact('The row is not there any more, or may not be changed.');
    columns.forEach(({ name }, column) => {
      const wanted = values.get(name);
      if (wanted !== undefined && row.cells[column] !== wanted)
        throw new NotExact(`The column ${name} does not keep the new value as it is.`);
    });
    const keys = Object.fromEntries(table.key.map(({ name }, place) => [name, row.key[place] ?? '']));
    return { done: { ctid: row.ctid, key: keys } };
  });
}
