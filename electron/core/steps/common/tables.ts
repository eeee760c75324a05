import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { columnFactsSchema, copyFormat, hashExpression } from './column-rules';
import { isApplicationSchema, isNotOfExtension } from './reserved-schemas';
import { qualified, quoteName } from './sql-text';

export const tableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  /** Columns to copy, in order; generated ones are left to the target. */
  columns: z.array(z.string()),
  /** An expression for every column, generated ones too. */
  hash: z.array(z.string()),
  format: z.enum(['binary', 'text']),
  /** Size on disk, rounded up to a power of two so that a live table does not change the plan all the time. */
  bytes: z.number(),
});
/** A table that holds rows: an ordinary one or a leaf of a partitioned one. */
export type Table = z.infer<typeof tableSchema>;

const tableRow = z.object({
  schema: z.string(),
  name: z.string(),
  bytes: z.coerce.number(),
  columns: z.array(columnFactsSchema),
});

/** The smallest power of two, from one page on, that is not below `bytes`. */
function roundedSize(bytes: number): number {
  let size = 8_192;
  while (size < bytes) size *= 2;
  return size;
}

const tablesSql = `
with recursive root (oid, root) as (
  select oid, oid from pg_catalog.pg_type where typtype <> 'd'
  union all
  select d.oid, r.root from pg_catalog.pg_type d join root r on d.typbasetype = r.oid where d.typtype = 'd'
)
select n.nspname as schema, c.relname as name, pg_catalog.pg_table_size(c.oid) as bytes, coalesce(a.columns, '[]') as columns
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join lateral (
  select jsonb_agg(jsonb_build_object(
      'name', a.attname,
      'generated', a.attgenerated <> '',
      'type', t.typname,
      'kind', t.typtype,
      'builtIn', t.oid < 16384,
      'hasBinary', t.typsend <> 0 and t.typreceive <> 0,
      'deterministic', coalesce((select l.collisdeterministic from pg_catalog.pg_collation l where l.oid = a.attcollation), true),
      'element', case when t.typcategory = 'A' and t.typelem <> 0
        then (select jsonb_build_object('type', e.typname, 'kind', e.typtype, 'builtIn', e.oid < 16384)
              from pg_catalog.pg_type e where e.oid = t.typelem) end
    ) order by a.attnum) as columns
  from pg_catalog.pg_attribute a
  join root r on r.oid = a.atttypid
  join pg_catalog.pg_type t on t.oid = r.root
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) a on true
where c.relkind = 'r' and c.relpersistence <> 't' and ${isApplicationSchema('n.nspname')}
  and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')}
order by 1, 2`;

const encodingRow = z.object({ encoding: z.string() });

/** The application's tables that hold rows, by name. */
export async function readTables(session: DatabaseSession): Promise<Table[]> {
  const [server] = await session.query(encodingRow, `select current_setting('server_encoding') as encoding`);
  const utf8 = server?.encoding === 'UTF8';
  const rows = await session.query(tableRow, tablesSql);
  return rows.map(({ schema, name, bytes, columns }) => ({
    schema,
    name,
    columns: columns.filter((column) => !column.generated).map((column) => column.name),
    hash: columns.map((column) => hashExpression(column, utf8)),
    format: copyFormat(columns),
    bytes: roundedSize(bytes),
  }));
}

/** What an operator reads, and the id of a table's unit: no two tables have the same. */
export function tableLabel(table: Pick<Table, 'schema' | 'name'>): string {
  // With a dot in a name, "a.b"."c" and "a"."b.c" would look alike.
  const plain = (name: string): string => (/[."]/.test(name) ? quoteName(name) : name);
  return `${plain(table.schema)}.${plain(table.name)}`;
}

export const fingerprintSchema = z.object({ rows: z.number(), hash: z.string() });
/** Number of rows and the sum of their hashes, which does not depend on their order. */
export type Fingerprint = z.infer<typeof fingerprintSchema>;

const fingerprintRow = z.object({ rows: z.coerce.number(), hash: z.string() });

/**
 * Counts and hashes a table's own rows as the session's transaction sees them. The hash of equal rows is equal on every
 * server since PostgreSQL 14.
 */
export async function fingerprintTable(session: DatabaseSession, table: Table): Promise<Fingerprint> {
  const sum = `coalesce(sum(pg_catalog.hash_record_extended(row(${table.hash.join(', ')}), 0)::numeric), 0)::text`;
  const [row] = await session.query(
    fingerprintRow,
    `select count(*) as rows, ${sum} as hash from only ${qualified(table)}`,
  );
  return row ?? { rows: 0, hash: '0' };
}

/** Both halves of a table's copy; they name the columns, so that their order may differ. */
export function copyStatements(table: Table): { copyOut: string; copyIn: string } {
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map(quoteName).join(', ')})`;
  const format = `with (format ${table.format})`;
  return {
    copyOut: `copy ${qualified(table)}${columns} to stdout ${format}`,
    copyIn: `copy ${qualified(table)}${columns} from stdin ${format}`,
  };
}
