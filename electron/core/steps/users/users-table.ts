import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';
import { qualified, quoteName } from '../common/sql-text';

/** What a column holds, by the names that frameworks give it. Earlier names win. */
const columnNames = {
  email: ['email', 'email_address', 'mail', 'e_mail'],
  hash: [
    'hashed_password',
    'password_hash',
    'encrypted_password',
    'password_digest',
    'passwd_hash',
    'pw_hash',
    'password',
    'passwd',
  ],
  active: ['is_active', 'active', 'is_enabled', 'enabled'],
  blocked: ['is_disabled', 'disabled', 'is_banned', 'banned', 'is_blocked', 'blocked'],
  verified: [
    'is_verified',
    'email_verified',
    'is_email_verified',
    'verified',
    'email_confirmed',
    'is_confirmed',
  ],
  verifiedAt: ['email_verified_at', 'email_confirmed_at', 'verified_at', 'confirmed_at'],
  createdAt: ['created_at', 'created', 'date_joined', 'inserted_at', 'created_on', 'registered_at'],
  updatedAt: ['updated_at', 'modified_at', 'updated', 'updated_on'],
  lastSignInAt: ['last_sign_in_at', 'last_login_at', 'last_login', 'last_signed_in_at', 'last_seen_at'],
} as const;

type Part = keyof typeof columnNames;

/** Copied under their own names: names for everybody to see, and what a backend authorises by. */
const nameColumns: ReadonlySet<string> = new Set([
  'full_name',
  'name',
  'display_name',
  'first_name',
  'last_name',
  'username',
  'avatar_url',
]);
const roleColumns: ReadonlySet<string> = new Set(['role', 'roles', 'is_superuser', 'is_admin', 'is_staff']);

export const usersTableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  id: z.string(),
  /** Name of the id's type. */
  idType: z.string(),
  columns: z.object({
    email: z.string(),
    hash: z.string(),
    active: z.string().optional(),
    blocked: z.string().optional(),
    verified: z.string().optional(),
    verifiedAt: z.string().optional(),
    createdAt: z.string().optional(),
    updatedAt: z.string().optional(),
    lastSignInAt: z.string().optional(),
  }),
  names: z.array(z.string()),
  roles: z.array(z.string()),
});
/** The application's table of users, and which column holds what. */
export type UsersTable = z.infer<typeof usersTableSchema>;

const columnSchema = z.object({ name: z.string(), type: z.string(), category: z.string(), key: z.boolean() });
const relationRow = z.object({ schema: z.string(), name: z.string(), columns: z.array(columnSchema) });
type Relation = z.infer<typeof relationRow>;

const relationsSql = `
select n.nspname as schema, c.relname as name, jsonb_agg(jsonb_build_object(
    'name', a.attname,
    'type', t.typname,
    'category', coalesce(b.typcategory, t.typcategory),
    'key', exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary and i.indkey::int2[] = array[a.attnum])
  ) order by a.attnum) as columns
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type b on b.oid = t.typbasetype
where c.relkind in ('r', 'p') and not c.relispartition and ${isApplicationSchema('n.nspname')}
  and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')}
group by 1, 2 order by 1, 2`;

/** Type categories that a part's column may have: strings, booleans, dates. */
const categories: Record<Part, string> = {
  email: 'S',
  hash: 'S',
  active: 'B',
  blocked: 'B',
  verified: 'B',
  verifiedAt: 'D',
  createdAt: 'D',
  updatedAt: 'D',
  lastSignInAt: 'D',
};

function findColumn(relation: Relation, part: Part): string | undefined {
  for (const name of columnNames[part]) {
    const found = relation.columns.find(
      (column) => column.name.toLowerCase() === name && column.category === categories[part],
    );
    if (found !== undefined) return found.name;
  }
  return undefined;
}

function asUsersTable(relation: Relation): UsersTable | undefined {
  const email = findColumn(relation, 'email');
  const hash = findColumn(relation, 'hash');
  const id =
    relation.columns.find((column) => column.key) ?? relation.columns.find((column) => column.name === 'id');
  if (email === undefined || hash === undefined || id === undefined) return undefined;
  const optional = (
    ['active', 'blocked', 'verified', 'verifiedAt', 'createdAt', 'updatedAt', 'lastSignInAt'] as const
  ).flatMap((part) => {
    const name = findColumn(relation, part);
    return name === undefined ? [] : [[part, name] as const];
  });
  const among = (names: ReadonlySet<string>): string[] =>
    relation.columns.map((column) => column.name).filter((name) => names.has(name));
  return {
    schema: relation.schema,
    name: relation.name,
    id: id.name,
    idType: id.type,
    columns: { email, hash, ...Object.fromEntries(optional) },
    names: among(nameColumns),
    roles: among(roleColumns),
  };
}

const tableNames = ['users', 'user', 'accounts', 'account', 'auth_user', 'app_users', 'members', 'customers'];
const sampleRow = z.object({ sampled: z.coerce.number(), hashes: z.coerce.number() });

/** How likely a table is the one that people sign in with: its name, its schema, and whether it holds password hashes. */
async function score(session: DatabaseSession, table: UsersTable): Promise<number> {
  const named = tableNames.indexOf(table.name.toLowerCase());
  const hash = quoteName(table.columns.hash);
  const [sample] = await session.query(
    sampleRow,
    `select count(*) as sampled, count(*) filter (where h ~ '^[$](2[abxy]|argon2|bcrypt|pbkdf2|scrypt|fbscrypt)') as hashes
     from (select ${hash}::text as h from ${qualified(table)} where ${hash} is not null limit 50) s`,
  );
  const share = sample === undefined || sample.sampled === 0 ? 0 : sample.hashes / sample.sampled;
  return (named === -1 ? 0 : tableNames.length - named) + (table.schema === 'public' ? 1 : 0) + share * 20;
}

/** The likeliest table of users, or undefined. */
export async function findUsersTable(session: DatabaseSession): Promise<UsersTable | undefined> {
  const relations = await session.query(relationRow, relationsSql);
  let best: { table: UsersTable; score: number } | undefined;
  for (const relation of relations) {
    const table = asUsersTable(relation);
    if (table === undefined) continue;
    const reached = await score(session, table);
    if (best === undefined || reached > best.score) best = { table, score: reached };
  }
  return best?.table;
}
