import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';
import { shapeSchema, type Shape } from './shape';

export const linkColumnSchema = z.object({
  name: z.string(),
  /** Type as an operator reads it. */
  type: z.string(),
  /** Type that a new value is given as: the base type without a length, so that a value that is too long is refused and never cut. */
  castTo: z.string(),
  shape: shapeSchema,
  /** Why its links are only counted: the server computes it, or other rows point at its values. */
  fixed: z.enum(['generated', 'foreign-key', 'type']).optional(),
});
export type LinkColumn = z.infer<typeof linkColumnSchema>;

export const linkTableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  /** A materialized view is only counted, and filled again after a rewrite. */
  kind: z.enum(['table', 'materialized-view']),
  /** What tells rows apart: the columns of the primary key or of another unique index without NULLs; empty when there is none. */
  key: z.array(z.object({ name: z.string(), type: z.string() })),
  columns: z.array(linkColumnSchema),
});
/** A table with columns in which links can stand. */
export type LinkTable = z.infer<typeof linkTableSchema>;

const typeRow = z.object({
  oid: z.string(),
  name: z.string(),
  type: z.string(),
  kind: z.string(),
  base: z.string(),
  element: z.string(),
  array: z.boolean(),
  fields: z.array(z.string()).nullable(),
});
type TypeRow = z.infer<typeof typeRow>;

/** A type as a cast names it, without a length; the plain word `character` would mean one character. */
const castName = (oid: string): string =>
  `case ${oid} when 'pg_catalog.bpchar'::regtype then 'pg_catalog.bpchar' when 'pg_catalog._bpchar'::regtype then 'pg_catalog.bpchar[]'
     else pg_catalog.format_type(${oid}, null) end`;

const typesSql = `
select t.oid::text as oid, ${castName('t.oid')} as name, t.typname as type, t.typtype as kind,
  t.typbasetype::text as base, t.typelem::text as element, t.typcategory = 'A' and t.typelem <> 0 as array,
  (select array_agg(a.atttypid::text order by a.attnum) from pg_catalog.pg_attribute a
    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) as fields
from pg_catalog.pg_type t
where t.typtype in ('b', 'd', 'c')`;

const columnRow = z.object({
  schema: z.string(),
  table: z.string(),
  kind: z.string(),
  name: z.string(),
  oid: z.string(),
  shown: z.string(),
  generated: z.boolean(),
  referenced: z.boolean(),
  key: z.array(z.object({ name: z.string(), type: z.string() })),
});

const columnsSql = `
select n.nspname as schema, c.relname as table, c.relkind as kind, a.attname as name, a.atttypid::text as oid,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as shown, a.attgenerated <> '' as generated,
  exists (select from pg_catalog.pg_constraint f where f.contype = 'f'
    and (f.conrelid = c.oid and a.attnum = any (f.conkey) or f.confrelid = c.oid and a.attnum = any (f.confkey))) as referenced,
  coalesce(k.columns, '[]') as key
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join lateral (
  select jsonb_agg(jsonb_build_object('name', b.attname, 'type', ${castName('b.atttypid')}) order by p.place) as columns
  from (
    select i.indrelid, i.indkey, i.indnkeyatts from pg_catalog.pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
      and not exists (select from pg_catalog.pg_attribute b
        where b.attrelid = c.oid and b.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]) and not b.attnotnull)
    order by i.indisprimary desc, i.indnkeyatts, i.indexrelid limit 1
  ) u
  cross join lateral unnest((u.indkey::int2[])[0:u.indnkeyatts - 1]) with ordinality p (attnum, place)
  join pg_catalog.pg_attribute b on b.attrelid = u.indrelid and b.attnum = p.attnum
) k on true
where c.relkind in ('r', 'm') and c.relpersistence <> 't'
  and (${isApplicationSchema('n.nspname')} or n.nspname = 'auth' and c.relname = 'users' and a.attname = 'raw_user_meta_data')
  and n.nspname <> 'cutover_links' and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')}
order by 1, 2, a.attnum`;

const texts: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'citext', 'xml']);
/** Types that hold texts in a form of their own, in which links are found and not changed. */
const foreign: ReadonlySet<string> = new Set(['hstore']);

/** How a type's text form holds texts; undefined when it holds none. */
function shapeOf(oid: string, types: ReadonlyMap<string, TypeRow>, depth = 0): Shape | undefined {
  const type = types.get(oid);
  if (type === undefined || depth > 8) return undefined;
  if (type.kind === 'd') return shapeOf(type.base, types, depth + 1);
  if (type.array) {
    const element = shapeOf(type.element, types, depth + 1);
    return element === undefined ? undefined : { kind: 'array', element };
  }
  if (type.kind === 'c') {
    const fields = (type.fields ?? []).map((field) => shapeOf(field, types, depth + 1) ?? null);
    return fields.every((field) => field === null) ? undefined : { kind: 'record', fields };
  }
  if (texts.has(type.type)) return { kind: 'text' };
  return type.type === 'json' || type.type === 'jsonb' ? { kind: 'json' } : undefined;
}

function baseOf(oid: string, types: ReadonlyMap<string, TypeRow>): TypeRow | undefined {
  const type = types.get(oid);
  return type?.kind === 'd' ? baseOf(type.base, types) : type;
}

/** The application's tables and materialized views with the columns in which links can stand, by name. */
export async function readLinkTables(session: DatabaseSession): Promise<LinkTable[]> {
  const types = new Map((await session.query(typeRow, typesSql)).map((type) => [type.oid, type]));
  const tables = new Map<string, LinkTable>();
  for (const row of await session.query(columnRow, columnsSql)) {
    const base = baseOf(row.oid, types);
    const isForeign = base !== undefined && foreign.has(base.type);
    const shape: Shape | undefined = isForeign ? { kind: 'text' } : shapeOf(row.oid, types);
    if (base === undefined || shape === undefined) continue;
    const id = JSON.stringify([row.schema, row.table]);
    const table = tables.get(id) ?? {
      schema: row.schema,
      name: row.table,
      kind: row.kind === 'm' ? ('materialized-view' as const) : ('table' as const),
      key: row.key,
      columns: [],
    };
    tables.set(id, table);
    const fixed = isForeign
      ? 'type'
      : row.generated
        ? 'generated'
        : row.referenced
          ? 'foreign-key'
          : undefined;
    table.columns.push({
      name: row.name,
      type: row.shown,
      castTo: base.name,
      shape,
      ...(fixed === undefined ? {} : { fixed }),
    });
  }
  return [...tables.values()];
}
