import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName, quoteText } from '../common/sql-text';
import type { LinkTable } from './columns';
import { type FoundLink, rewriteText } from './find-links';
import { linkHosts, type LinkRules } from './rules';
import { rewriteValue } from './shape';

/** Rows that are held at a time; one of them can hold megabytes. */
const rowsAtOnce = 250;

/** A row that holds a link of the old storage, or may: the server sifts by host name alone. */
export interface LinkRow {
  ctid: string;
  /** Values by column in their text form; those without the host name are absent. */
  values: Map<string, string>;
  /** The row's key in text form; empty when the table has none. */
  key: Record<string, string>;
}

const rowSchema = z.object({
  place: z.string(),
  cells: z.array(z.string().nullable()),
  key: z.array(z.string()),
});

/** Matches whatever holds one of the host names, in any letter case. */
function siftOf(rules: LinkRules): string {
  const patterns = linkHosts(rules).map((host) => quoteText(`%${host.replace(/[\\%_]/g, '\\$&')}%`));
  return `ilike any (array[${patterns.join(', ')}]::text[])`;
}

/**
 * The rows after `after` (a ctid, first `(0,0)`) and up to `through` that may hold a link, in the order in which they lie, at most so many at a
 * time. Empty at the end. `lock` keeps them as they are until the transaction ends.
 */
export async function linkRows(
  session: DatabaseSession,
  table: LinkTable,
  rules: LinkRules,
  range: { after: string; through: string; lock: boolean },
): Promise<LinkRow[]> {
  const sift = siftOf(rules);
  const names = table.columns.map((column) => `${quoteName(column.name)}::text collate "C"`);
  const cells = names.map((name) => `case when ${name} ${sift} then ${name} end`);
  const key = table.key.map((column) => `${quoteName(column.name)}::text`);
  const rows = await session.query(
    rowSchema,
    `select ctid::text as place, array[${cells.join(', ')}]::text[] as cells, array[${key.join(', ')}]::text[] as key
     from only ${qualified(table)}
     where ctid > $1::tid and ctid <= $2::tid and (${names.map((name) => `${name} ${sift}`).join(' or ')})
     order by ctid limit ${rowsAtOnce}${range.lock ? ' for update' : ''}`,
    [range.after, range.through],
  );
  return rows.map((row) => ({
    ctid: row.place,
    key: Object.fromEntries(table.key.map((column, index) => [column.name, row.key[index] ?? ''])),
    values: new Map(
      table.columns.flatMap((column, index): [string, string][] => {
        const value = row.cells[index];
        return value === undefined || value === null ? [] : [[column.name, value]];
      }),
    ),
  }));
}

const endRow = z.object({ blocks: z.coerce.number() });

/** The last place at which the table can hold a row now: what is written later is not looked at. */
export async function endOfTable(
  session: DatabaseSession,
  table: LinkTable,
): Promise<{ through: string; blocks: number }> {
  const [end] = await session.query(
    endRow,
    `select pg_catalog.pg_relation_size(${quoteText(qualified(table))}::regclass) / current_setting('block_size')::bigint as blocks`,
  );
  const blocks = end?.blocks ?? 0;
  return { through: `(${blocks},0)`, blocks };
}

/** The block of a ctid. */
export function blockOf(ctid: string): number {
  return Number(/^\((\d+),/.exec(ctid)?.[1] ?? 0);
}

/** A row's columns that change, each with its old and new text; `see` is shown every link, changed or not. */
export function changesOf(
  table: LinkTable,
  row: LinkRow,
  rules: LinkRules,
  see?: (column: LinkTable['columns'][number], link: FoundLink, text: string) => void,
): Map<string, { old: string; new: string }> {
  const changes = new Map<string, { old: string; new: string }>();
  for (const column of table.columns) {
    const value = row.values.get(column.name);
    if (value === undefined) continue;
    const changed = rewriteValue(column.shape, value, (text) =>
      rewriteText(text, rules, (link, within) => see?.(column, link, within)),
    );
    if (changed !== value && column.fixed === undefined && table.kind === 'table')
      changes.set(column.name, { old: value, new: changed });
  }
  return changes;
}
