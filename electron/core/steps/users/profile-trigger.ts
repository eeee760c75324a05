import type { UserPart } from '#shared/model/users-mapping';
import type { UsersReport } from '#shared/model/users-report';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName, quoteText } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import type { ResolvedMapping, ResolvedSource } from './source-sql';
import { bridgeColumn } from './user-links';

const columnRow = z.object({
  name: z.string(),
  /** As in `score-columns`: S strings, B booleans, D dates. */
  category: z.string(),
  /** As SQL writes it. */
  type: z.string(),
  required: z.boolean(),
  /** Whether a row can be made without naming it. */
  optional: z.boolean(),
});
type Column = z.infer<typeof columnRow>;

/** What a new Auth user, `new`, has for a part of the mapping, and the category of column that can take it. */
const values: Partial<Record<UserPart, readonly [category: string, sql: string]>> = {
  email: ['S', 'new.email'],
  phone: ['S', `'+' || new.phone`],
  active: ['B', 'true'],
  blocked: ['B', 'false'],
  verified: ['B', 'new.email_confirmed_at is not null'],
  phoneVerified: ['B', 'new.phone_confirmed_at is not null'],
  verifiedAt: ['D', 'new.email_confirmed_at'],
  createdAt: ['D', 'new.created_at'],
  updatedAt: ['D', 'new.updated_at'],
};

/** The columns that a row of a new user gets, with the SQL of their values. */
function filledColumns(
  source: ResolvedSource,
  bridged: boolean,
  columns: readonly Column[],
): Map<string, string> {
  const of = new Map(columns.map((column) => [column.name, column]));
  const filled = new Map<string, string>();
  if (source.idKind === 'uuid') filled.set(source.id, 'new.id');
  else if (bridged) filled.set(bridgeColumn, 'new.id');
  for (const [part, [category, sql]] of Object.entries(values)) {
    const from = Object.entries(source.fields).find(([name]) => name === part)?.[1];
    if (typeof from === 'string' && of.get(from)?.category === category) filled.set(from, sql);
  }
  for (const [key, from] of Object.entries(source.userMetadata)) {
    // Anything but a text may be of a form that the column refuses, and a refusal here is one of the sign-up.
    const column = typeof from === 'string' ? of.get(from) : undefined;
    if (column?.category !== 'S' || filled.has(column.name)) continue;
    const value = `new.raw_user_meta_data ->> ${quoteText(key)}`;
    // A cast shortens what is too long for the column, which would be refused otherwise.
    filled.set(column.name, `(${column.required ? `coalesce(${value}, '')` : value})::${column.type}`);
  }
  return filled;
}

/**
 * For each table of users: SQL that gives whoever signs up at Supabase Auth after the move a row there too, and what stands in its way.
 * Nothing is run. A table whose ids are only mapped, without a column for the new id, gets none.
 */
export async function planProfileTriggers(
  source: DatabaseSession,
  mapping: ResolvedMapping,
): Promise<UsersReport['profileTriggers']> {
  const triggers: UsersReport['profileTriggers'] = [];
  const bridged = mapping.choices.otherIds !== 'leave';
  for (const one of mapping.sources) {
    if (one.idKind !== 'uuid' && !bridged) continue;
    const columns = await source.query(
      columnRow,
      `select a.attname as name, coalesce(b.typcategory, t.typcategory) as category,
         pg_catalog.format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
         not a.attnotnull or a.atthasdef or a.attidentity <> '' or a.attgenerated <> '' as optional
       from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_type t on t.oid = a.atttypid left join pg_catalog.pg_type b on b.oid = t.typbasetype
       where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [one.schema, one.name],
    );
    const filled = filledColumns(one, bridged, columns);
    const missing = columns.filter((column) => !column.optional && !filled.has(column.name));
    const { hash } = one.fields;
    const table = qualified(one);
    const name = `${quoteName(one.schema)}.${quoteName(`${one.name}_of_new_user`.slice(0, 63))}`;
    const statements = [
      ...missing
        .filter((column) => column.name === hash)
        .map((column) => `alter table ${table} alter column ${quoteName(column.name)} drop not null`),
      `create or replace function ${name}() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into ${table} (${[...filled.keys()].map(quoteName).join(', ')})
  values (${[...filled.values()].join(', ')})
  on conflict do nothing;
  return new;
end $$`,
      `revoke all on function ${name}() from public, anon, authenticated`,
      `create or replace trigger ${quoteName(`${one.name}_of_new_user`.slice(0, 63))} after insert on auth.users for each row execute function ${name}()`,
    ];
    triggers.push({
      table: tableLabel(one),
      sql: `${statements.join(';\n')};`,
      obstacles: missing.filter((column) => column.name !== hash).map((column) => column.name),
    });
  }
  return triggers;
}
