import { z } from 'zod';
import type { Evidence } from '#shared/model/run';
import type { DatabaseSession } from '../../ports/database';
import { addedColumnComment } from '../common/added-columns';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';

const columnRow = z.object({ relation: z.string(), shape: z.string() });

/**
 * One line per relation: its kind and its columns with type, modifier, NOT NULL, default and generation. Since PostgreSQL 17
 * partitions have the identity of their parent, so theirs does not count.
 */
const columnsSql = `
select n.nspname || '.' || c.relname as relation,
  c.relkind::text || ': ' || coalesce(string_agg(a.attname || ' ' || t.typname || '(' || a.atttypmod || ')'
    || case when a.attnotnull then ' not null' else '' end
    || case when a.atthasdef then ' default' else '' end
    || case when c.relispartition then '' else a.attidentity::text end || a.attgenerated::text, ', ' order by a.attnum), '') as shape
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join (pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid)
  on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and pg_catalog.col_description(c.oid, a.attnum) is distinct from '${addedColumnComment}'
where c.relkind in ('r', 'p', 'v', 'm') and c.relpersistence <> 't' and n.nspname = any ($1)
  and ${isApplicationSchema('n.nspname')} and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')}
group by 1, c.relkind, c.relispartition order by 1`;

/** Compares every table and view of the schemas, column by column, as both catalogs hold them. `leftOut`: those that are not to be there. */
export async function compareColumns(
  source: DatabaseSession,
  target: DatabaseSession,
  schemas: readonly string[],
  leftOut: readonly string[] = [],
): Promise<Evidence> {
  const [all, here] = await Promise.all([
    source.query(columnRow, columnsSql, [schemas]),
    target.query(columnRow, columnsSql, [schemas]),
  ]);
  const notCompared = new Set(leftOut);
  const there = all.filter((row) => !notCompared.has(row.relation));
  const onTarget = new Map(here.map((row) => [row.relation, row.shape]));
  // A primary key makes its columns NOT NULL, and comes after the rows.
  const loose = (shape: string): string => shape.replaceAll(' not null', '');
  const different = there.filter((row) => loose(onTarget.get(row.relation) ?? '') !== loose(row.shape));
  return {
    subject: 'tables and views',
    method: 'names, columns, types and defaults in both catalogs',
    source: `${there.length} relations`,
    target: `${there.length - different.length} equal`,
    equal: different.length === 0,
    ...(different.length === 0
      ? {}
      : { note: `Different: ${different.map((row) => row.relation).join(', ')}` }),
  };
}
