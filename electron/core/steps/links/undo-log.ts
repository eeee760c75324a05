import { z } from 'zod';
import { type LinkRewrite, linkRewriteSchema } from '#shared/contract/links';
import type { DatabaseSession } from '../../ports/database';
import type { ChangedRow } from './change-rows';
import type { LinkTable } from './columns';
import { type LinkRules, linkRulesSchema } from './rules';

/**
 * Old values live beside the data, in a schema that the project's API does not serve, until the operator removes them: an undo must work
 * from another machine and after the run's folder is gone.
 */
const createSql = `
create schema if not exists cutover_links;
comment on schema cutover_links is 'Cutover: old values of rewritten links. Remove it with: cutover links forget';
create table if not exists cutover_links.rewrite (
  id text primary key,
  at timestamptz not null default now(),
  rules jsonb not null);
create table if not exists cutover_links.change (
  id bigint generated always as identity primary key,
  rewrite text not null references cutover_links.rewrite (id),
  schema_name text not null,
  table_name text not null,
  row_key jsonb not null,
  row_place tid not null,
  old_values jsonb not null,
  new_values jsonb not null,
  undone_at timestamptz,
  left_because text);
create index if not exists change_rewrite on cutover_links.change (rewrite, schema_name, table_name, id) where undone_at is null;
revoke all on schema cutover_links from public;`;

/** Opens the record of a rewrite; the same id may be opened again. */
export async function beginRewrite(session: DatabaseSession, id: string, rules: LinkRules): Promise<void> {
  await session.execute('begin');
  try {
    // Two that begin at once would both find nothing there.
    await session.execute(`select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('cutover_links'))`);
    await session.execute(createSql);
    await session.execute(
      'insert into cutover_links.rewrite (id, rules) values ($1, $2) on conflict (id) do nothing',
      [id, JSON.stringify(rules)],
    );
    await session.execute('commit');
  } catch (error) {
    await session.execute('rollback').catch(() => undefined);
    throw error;
  }
}

export interface RecordedChange {
  row: ChangedRow;
  old: Record<string, string>;
  new: Record<string, string>;
}

/** Records changes in the transaction that makes them. */
export async function recordChanges(
  session: DatabaseSession,
  rewrite: string,
  table: Pick<LinkTable, 'schema' | 'name'>,
  changes: readonly RecordedChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await session.execute(
    `insert into cutover_links.change (rewrite, schema_name, table_name, row_key, row_place, old_values, new_values)
     select $1, $2, $3, c.key, c.place, c.old, c.new
     from unnest($4::jsonb[], $5::tid[], $6::jsonb[], $7::jsonb[]) c (key, place, old, new)`,
    [
      rewrite,
      table.schema,
      table.name,
      changes.map(({ row }) => JSON.stringify(row.key)),
      changes.map(({ row }) => row.ctid),
      changes.map((change) => JSON.stringify(change.old)),
      changes.map((change) => JSON.stringify(change.new)),
    ],
  );
}

const presentRow = z.object({ present: z.boolean() });
const rewriteRow = z.object({
  id: z.string(),
  at: z.string(),
  rules: linkRulesSchema,
  rows: z.coerce.number(),
  undone: z.coerce.number(),
  left: z.coerce.number(),
});

/** Every rewrite that is on record, the newest first; with their rules. */
export async function listRewrites(
  session: DatabaseSession,
): Promise<(LinkRewrite & { rules: LinkRules })[]> {
  const [found] = await session.query(
    presentRow,
    `select pg_catalog.to_regclass('cutover_links.change') is not null as present`,
  );
  if (found?.present !== true) return [];
  const rows = await session.query(
    rewriteRow,
    `select r.id, to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, r.rules, count(c.id) as rows,
       count(c.undone_at) as undone, count(c.left_because) as left
     from cutover_links.rewrite r left join cutover_links.change c on c.rewrite = r.id
     group by r.id order by r.at desc, r.id desc`,
  );
  return rows.map((row) => ({ ...linkRewriteSchema.parse(row), rules: row.rules }));
}

/** Removes the record of every rewrite for good. */
export async function forgetRewrites(session: DatabaseSession): Promise<void> {
  await session.execute('drop schema if exists cutover_links cascade');
}
