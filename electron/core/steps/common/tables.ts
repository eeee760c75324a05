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
  /** Rows are hashed as texts: one of the servers is PostgreSQL 13, which has no hash of records. */
  hashAsText: z.boolean().optional(),
  /** Size on disk, rounded up to a power of two so that a live table does not change the plan all the time. */
  bytes: z.number(),
  /** How the rows are divided for copying: by their place in the table, so that a part is read without the others. */
  parts: z.object({ count: z.number(), pages: z.number() }),
});
/** A table that holds rows: an ordinary one or a leaf of a partitioned one. */
export type Table = z.infer<typeof tableSchema>;

const tableRow = z.object({
  schema: z.string(),
  name: z.string(),
  bytes: z.coerce.number(),
  pages: z.coerce.number(),
  columns: z.array(columnFactsSchema),
});

/** The smallest power of two, from one page on, that is not below `bytes`. */
function roundedSize(bytes: number): number {
  let size = 8_192;
  while (size < bytes) size *= 2;
  return size;
}

/** Bytes, with what is stored out of line, that a part of a table is to have. */
const partBytes = 128 * 2 ** 20;

/**
 * Divides a table into parts of equally many pages, a power of two: a table that grows changes the plan only when it grows by a whole part.
 * The last part has no end, so what is added meanwhile belongs to it.
 */
export function divide(bytes: number, pages: number, wanted = partBytes): Table['parts'] {
  if (pages <= 1 || bytes <= wanted) return { count: 1, pages: 0 };
  const fitting = wanted / (bytes / pages);
  const size = fitting < 1 ? 1 : 2 ** Math.floor(Math.log2(fitting));
  return { count: Math.ceil(pages / size), pages: size };
}

const tablesSql = `
with recursive root (oid, root) as (
  select oid, oid from pg_catalog.pg_type where typtype <> 'd'
  union all
  select d.oid, r.root from pg_catalog.pg_type d join root r on d.typbasetype = r.oid where d.typtype = 'd'
)
select n.nspname as schema, c.relname as name, pg_catalog.pg_table_size(c.oid) as bytes,
  pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int as pages, coalesce(a.columns, '[]') as columns
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

const serverRow = z.object({ encoding: z.string(), version: z.coerce.number() });

/** Hashes of records, and reading a range of pages without the others, came with PostgreSQL 14. */
const firstWithRecordHashes = 140_000;

/** The application's tables that hold rows, by name. */
export async function readTables(session: DatabaseSession): Promise<Table[]> {
  const [server] = await session.query(
    serverRow,
    `select current_setting('server_encoding') as encoding, current_setting('server_version_num') as version`,
  );
  const utf8 = server?.encoding === 'UTF8';
  const old = server !== undefined && server.version < firstWithRecordHashes;
  const rows = await session.query(tableRow, tablesSql);
  return rows.map(({ schema, name, bytes, pages, columns }) => ({
    schema,
    name,
    columns: columns.filter((column) => !column.generated).map((column) => column.name),
    hash: columns.map((column) => hashExpression(column, utf8)),
    format: copyFormat(columns),
    bytes: roundedSize(bytes),
    parts: old ? { count: 1, pages: 0 } : divide(bytes, pages),
    ...(old ? { hashAsText: true } : {}),
  }));
}

/** What an operator reads, and the id of a table's unit: no two tables have the same. */
export function tableLabel(table: Pick<Table, 'schema' | 'name'>): string {
  // With a dot in a name, "a.b"."c" and "a"."b.c" would look alike.
  const plain = (name: string): string => (/[."]/.test(name) ? quoteName(name) : name);
  return `${plain(table.schema)}.${plain(table.name)}`;
}

/** A range of a table's pages that is copied at once; without one, the whole table. */
export interface PageRange {
  readonly from: number;
  /** Undefined: to the end. */
  readonly to: number | undefined;
}

/** The condition that holds for the rows of a range; empty for the whole table. */
function inRange(range: PageRange | undefined): string {
  if (range === undefined) return '';
  const end = range.to === undefined ? '' : ` and ctid < '(${range.to},0)'::tid`;
  return ` where ctid >= '(${range.from},0)'::tid${end}`;
}

export const fingerprintSchema = z.object({ rows: z.number(), hash: z.string() });
/** Number of rows and the sum of their hashes, which does not depend on their order. */
export type Fingerprint = z.infer<typeof fingerprintSchema>;

const fingerprintRow = z.object({ rows: z.coerce.number(), hash: z.string() });

/** The 64-bit hash of a row, or of some of its columns: `expressions` are those of {@link Table.hash}. */
export function rowHash(table: Pick<Table, 'hashAsText'>, expressions: readonly string[]): string {
  const row = `row(${expressions.join(', ')})`;
  return table.hashAsText === true
    ? `pg_catalog.hashtextextended(${row}::text collate "C", 0)`
    : `pg_catalog.hash_record_extended(${row}, 0)`;
}

/** Counts and hashes a table's own rows as the session's transaction sees them. The hash of equal rows is equal on every server. */
export async function fingerprintTable(
  session: DatabaseSession,
  table: Table,
  range?: PageRange,
): Promise<Fingerprint> {
  const sum = `coalesce(sum(${rowHash(table, table.hash)}), 0)::text`;
  const [row] = await session.query(
    fingerprintRow,
    `select count(*) as rows, ${sum} as hash from only ${qualified(table)}${inRange(range)}`,
  );
  return row ?? { rows: 0, hash: '0' };
}

/** The fingerprint of a table whose parts have these. */
export function sumFingerprints(parts: readonly Fingerprint[]): Fingerprint {
  return {
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    hash: parts.reduce((sum, part) => sum + BigInt(part.hash), 0n).toString(),
  };
}

/** Both halves of the copy of a table or a part of it; they name the columns, so that their order may differ. */
export function copyStatements(
  table: Table,
  range?: PageRange,
  format: Table['format'] = table.format,
): { copyOut: string; copyIn: string } {
  const names = table.columns.map(quoteName).join(', ');
  const columns = names === '' ? '' : ` (${names})`;
  const options = `with (format ${format})`;
  const rows =
    range === undefined
      ? `${qualified(table)}${columns}`
      : `(select ${names} from only ${qualified(table)}${inRange(range)})`;
  return {
    copyOut: `copy ${rows} to stdout ${options}`,
    copyIn: `copy ${qualified(table)}${columns} from stdin ${options}`,
  };
}
