import type { UserSource } from '#shared/model/users-mapping';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';
import { qualified, quoteName } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import { chooseColumns, metadataColumns, scoreTable, type SampledColumn } from './score-columns';

const columnSchema = z.object({
  name: z.string(),
  category: z.string(),
  /** Unique by itself. */
  unique: z.boolean(),
  primary: z.boolean(),
});
const relationRow = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(columnSchema),
  /** Foreign keys of one column: `column` points at `to`. */
  links: z.array(z.object({ column: z.string(), schema: z.string(), name: z.string(), to: z.string() })),
});
type Relation = z.infer<typeof relationRow>;

const relationsSql = `
select n.nspname as schema, c.relname as name, jsonb_agg(jsonb_build_object(
    'name', a.attname,
    'category', coalesce(b.typcategory, t.typcategory),
    'unique', exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is null
      and i.indnkeyatts = 1 and i.indkey[0] = a.attnum),
    'primary', exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)
  ) order by a.attnum) as columns,
  coalesce((select jsonb_agg(jsonb_build_object('column', ka.attname, 'schema', fn.nspname, 'name', fc.relname, 'to', fa.attname) order by k.conname)
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_attribute ka on ka.attrelid = k.conrelid and ka.attnum = k.conkey[1]
    join pg_catalog.pg_class fc on fc.oid = k.confrelid join pg_catalog.pg_namespace fn on fn.oid = fc.relnamespace
    join pg_catalog.pg_attribute fa on fa.attrelid = k.confrelid and fa.attnum = k.confkey[1]
    where k.conrelid = c.oid and k.contype = 'f' and array_length(k.conkey, 1) = 1), '[]') as links
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type b on b.oid = t.typbasetype
where c.relkind in ('r', 'p') and not c.relispartition and ${isApplicationSchema('n.nspname')}
  and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')}
  and pg_catalog.has_table_privilege(c.oid, 'SELECT')
group by c.oid, n.nspname, c.relname order by 1, 2`;

const sampleRow = z.object({
  column: z.string(),
  filled: z.boolean(),
  emails: z.coerce.number(),
  hashes: z.coerce.number(),
  phones: z.coerce.number(),
});

/** Rows of a table that are looked at. */
const sampled = 200;

/** A word that only a hash of a password begins with. */
const hashForm =
  '^(bcrypt[$]|argon2|[{](bcrypt|argon2|pbkdf2|scrypt)[}])?[$]?(2[abxy][$][0-9]{2}[$]|argon2(i|d|id)[$]|pbkdf2|scrypt|fbscrypt|bcrypt|wp[$]|[PH156][$])|^!';

/** What the values of a table's text columns look like; the values themselves stay on the server. */
async function sample(session: DatabaseSession, relation: Relation): Promise<SampledColumn[]> {
  const texts = relation.columns.filter((column) => column.category === 'S');
  const each = texts.map(
    ({ name }) =>
      `select '${name.replaceAll("'", "''")}' as "column", v.${quoteName(name)}::text as value from v`,
  );
  const rows =
    each.length === 0
      ? []
      : await session.query(
          sampleRow,
          `with v as (select * from ${qualified(relation)} limit ${sampled})
           select "column", count(value) > 0 as filled,
             coalesce(avg((value ~ '^[^@\\s]+@[^@\\s]+$')::int), 0) as emails,
             coalesce(avg((value ~ '${hashForm}')::int), 0) as hashes,
             coalesce(avg((value ~ '^([+]|00)[0-9 ()./-]{7,20}$')::int), 0) as phones
           from (${each.join(' union all ')}) s where value <> '' group by 1`,
        );
  const of = new Map(rows.map((row) => [row.column, row]));
  return relation.columns.map(({ name, category }) => ({
    name,
    category,
    ...(of.get(name) ?? { filled: false, emails: 0, hashes: 0, phones: 0 }),
  }));
}

/** A table that people may sign in with, and how likely that is. */
export interface UsersCandidate {
  source: UserSource;
  score: number;
}

const profileName = /profile|user_?info|user_?detail|person|account_?info/i;

/** A table with one row a user and things that a person shows of themselves: joined, so that they become metadata. */
function joinsOf(relation: Relation, id: string, relations: readonly Relation[], taken: ReadonlySet<string>) {
  for (const other of relations) {
    if (other === relation || !profileName.test(other.name)) continue;
    const link = other.links.find(
      (one) => one.schema === relation.schema && one.name === relation.name && one.to === id,
    );
    if (link === undefined || other.columns.find((column) => column.name === link.column)?.unique !== true)
      continue;
    const { user } = metadataColumns(other.columns.map((column) => column.name));
    const own = user.filter((name) => !taken.has(name));
    if (own.length === 0) continue;
    return {
      joins: [{ alias: 'profile', schema: other.schema, name: other.name, column: link.column, equals: id }],
      userMetadata: Object.fromEntries(own.map((name) => [name, { from: 'profile', column: name }])),
    };
  }
  return { joins: [], userMetadata: {} };
}

async function asCandidate(
  session: DatabaseSession,
  relation: Relation,
  relations: readonly Relation[],
): Promise<UsersCandidate | undefined> {
  const id =
    relation.columns.find((column) => column.primary) ??
    relation.columns.find((column) => column.name === 'id');
  // Most tables have nothing that could be an address or a number: those are not sampled.
  if (id === undefined || relation.columns.filter((column) => column.category === 'S').length < 2)
    return undefined;
  const columns = await sample(session, relation);
  const fields = chooseColumns(columns.filter((column) => column.name !== id.name));
  if (fields.hash === undefined || (fields.email === undefined && fields.phone === undefined))
    return undefined;
  const shares = columns.find((column) => column.name === fields.hash);
  const used = new Set<string>(Object.values(fields));
  const metadata = metadataColumns(columns.map((column) => column.name).filter((name) => !used.has(name)));
  const joined = joinsOf(relation, id.name, relations, new Set([...metadata.user, ...used]));
  const same = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, name]));
  return {
    source: {
      schema: relation.schema,
      name: relation.name,
      id: id.name,
      joins: joined.joins,
      fields,
      userMetadata: { ...same(metadata.user), ...joined.userMetadata },
      appMetadata: same(metadata.app),
    },
    score: scoreTable(relation.schema, relation.name) + (shares?.hashes ?? 0) * 20,
  };
}

/** Tables that may be the users', the likeliest first. Reads catalogs and a few rows of each table with text columns. */
export async function findUserTables(session: DatabaseSession): Promise<UsersCandidate[]> {
  const relations = await session.query(relationRow, relationsSql);
  const found: UsersCandidate[] = [];
  for (const relation of relations) {
    const candidate = await asCandidate(session, relation, relations);
    if (candidate !== undefined) found.push(candidate);
  }
  return found.sort((a, b) => b.score - a.score || (tableLabel(a.source) < tableLabel(b.source) ? -1 : 1));
}
