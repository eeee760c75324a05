import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { quoteName } from '../common/sql-text';
import { digestOf, userDigestSchema, type SourceUser } from './source-users';

const nilUuid = '00000000-0000-0000-0000-000000000000';

/** NULL in one of these makes every sign-in of the user fail. */
const tokenColumns = [
  'confirmation_token',
  'recovery_token',
  'email_change',
  'email_change_token_new',
  'email_change_token_current',
  'phone_change',
  'phone_change_token',
  'reauthentication_token',
] as const;

/** Far enough that nobody is let in by the passing of time. */
const bannedUntil = '2999-12-31 00:00:00+00';

const columnRow = z.object({
  relation: z.enum(['users', 'identities']),
  name: z.string(),
  generated: z.boolean(),
});
const rightRow = z.object({ relation: z.string(), right: z.string() });

/** The columns of `auth.users` and `auth.identities` that can be written; they differ between versions of the service. */
export interface AuthTables {
  users: ReadonlySet<string>;
  identities: ReadonlySet<string>;
}

/** Reads what the target has. Throws `USERS_TABLE_NOT_FOUND` without an Auth schema, `DATABASE_PERMISSION_DENIED` naming what is missing. */
export async function readAuthTables(target: DatabaseSession): Promise<AuthTables> {
  const columns = await target.query(
    columnRow,
    `select c.relname as relation, a.attname as name, a.attgenerated <> '' as generated
     from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'auth' and c.relname in ('users', 'identities') and a.attnum > 0 and not a.attisdropped`,
  );
  const of = (relation: string): Set<string> =>
    new Set(
      columns
        .filter((column) => column.relation === relation && !column.generated)
        .map((column) => column.name),
    );
  const tables = { users: of('users'), identities: of('identities') };
  if (!tables.users.has('encrypted_password') || !tables.identities.has('provider_id')) {
    throw new AppError(
      'USERS_TABLE_NOT_FOUND',
      'The target has no auth.users and auth.identities as Supabase Auth makes them.',
      {
        hint: 'SUPABASE_DB_URL must lead to a Supabase project’s database.',
      },
    );
  }
  const missing = await target.query(
    rightRow,
    `select r.relation, p.right from (values ('auth.users'), ('auth.identities')) r (relation),
       (values ('SELECT'), ('INSERT')) p ("right")
     where not pg_catalog.has_table_privilege(r.relation, p.right)`,
  );
  if (missing.length > 0) {
    const list = missing.map((item) => `${item.right} on ${item.relation}`).join(', ');
    throw new AppError('DATABASE_PERMISSION_DENIED', `The role of SUPABASE_DB_URL lacks ${list}.`, {
      hint: 'Use the project’s postgres role.',
    });
  }
  return tables;
}

/** Expressions over `u`, a user of the batch, by the column that they fill. */
const userColumns: Readonly<Record<string, string>> = {
  instance_id: `'${nilUuid}'::uuid`,
  id: 'u.id',
  aud: `'authenticated'`,
  role: `'authenticated'`,
  email: 'u.email',
  encrypted_password: 'u.hash',
  email_confirmed_at: 'u.verified_at',
  last_sign_in_at: 'u.last_sign_in_at',
  raw_app_meta_data: `u.roles || '{"provider": "email", "providers": ["email"]}'::jsonb`,
  raw_user_meta_data: 'u.names',
  created_at: 'u.created_at',
  updated_at: 'u.updated_at',
  phone: 'null',
  banned_until: `case when u.inactive then '${bannedUntil}'::timestamptz end`,
  ...Object.fromEntries(tokenColumns.map((column) => [column, `''`])),
};

const identityColumns: Readonly<Record<string, string>> = {
  provider_id: 'u.id::text',
  user_id: 'u.id',
  provider: `'email'`,
  identity_data: `jsonb_build_object('sub', u.id::text, 'email', u.email, 'email_verified', u.verified, 'phone_verified', false)`,
  last_sign_in_at: 'u.last_sign_in_at',
  created_at: 'u.created_at',
  updated_at: 'u.updated_at',
};

const batch = `jsonb_to_recordset($1::jsonb) as u (id uuid, email text, hash text, inactive bool, verified bool,
  verified_at timestamptz, created_at timestamptz, updated_at timestamptz, last_sign_in_at timestamptz, names jsonb, roles jsonb)`;

function insertInto(
  table: string,
  values: Readonly<Record<string, string>>,
  there: ReadonlySet<string>,
  conflict: string,
): string {
  const used = Object.entries(values).filter(([column]) => there.has(column));
  return `insert into ${table} (${used.map(([column]) => quoteName(column)).join(', ')})
    select ${used.map(([, expression]) => expression).join(', ')} from ${batch} ${conflict}`;
}

/**
 * Writes a batch of users with their identities, all or none. `again`: an earlier attempt may have written them already.
 * Throws `USERS_CONFLICT` when an id or address is taken.
 */
export async function insertUsers(
  target: DatabaseSession,
  tables: AuthTables,
  users: readonly SourceUser[],
  again: boolean,
): Promise<void> {
  const values = [JSON.stringify(users)];
  const once = (columns: string): string => (again ? `on conflict (${columns}) do nothing` : '');
  try {
    await target.execute('begin');
    await target.execute(insertInto('auth.users', userColumns, tables.users, once('id')), values);
    await target.execute(
      insertInto('auth.identities', identityColumns, tables.identities, once('provider_id, provider')),
      values,
    );
    await target.execute('commit');
  } catch (error) {
    if (error instanceof AppError && error.details?.sqlstate === '23505') {
      throw new AppError(
        'USERS_CONFLICT',
        'A user to be imported has an id or address that the Auth service has already.',
        {
          hint: 'A user has signed up on either side since the plan was made. Plan again.',
          cause: error,
        },
      );
    }
    throw error;
  }
}

const countRow = z.object({ users: z.coerce.number() });

/** How many users the service has, as its tables say. */
export async function countAuthUsers(target: DatabaseSession): Promise<number> {
  const [row] = await target.query(
    countRow,
    `select count(*) as users from auth.users where instance_id = '${nilUuid}'`,
  );
  return row?.users ?? 0;
}

const idRow = z.object({ id: z.string() });

/** Of these users, the ids of those whose id or address the service has already. */
export async function findTaken(
  target: DatabaseSession,
  users: readonly { id: string; email: string }[],
): Promise<string[]> {
  const rows = await target.query(
    idRow,
    `select u.id::text as id from jsonb_to_recordset($1::jsonb) as u (id uuid, email text)
     where exists (select from auth.users a where a.id = u.id) or exists (select from auth.users a where lower(a.email) = u.email)`,
    [JSON.stringify(users.map(({ id, email }) => ({ id, email })))],
  );
  return rows.map((row) => row.id);
}

const importedRow = userDigestSchema.extend({ identity: z.boolean(), tokens: z.boolean() });
/** An imported user for comparing. `tokens`: no token is NULL. */
export type ImportedUser = z.infer<typeof importedRow>;

/** What the service has of these ids. */
export function readImported(
  target: DatabaseSession,
  tables: AuthTables,
  ids: readonly string[],
): Promise<ImportedUser[]> {
  const tokens = tokenColumns
    .filter((column) => tables.users.has(column))
    .map((column) => `a.${quoteName(column)} is not null`);
  return target.query(
    importedRow,
    `select a.id::text as id, coalesce(a.email, '') as email, ${digestOf(`coalesce(a.encrypted_password, '')`)} as digest,
       a.banned_until is not null and a.banned_until > now() as inactive, a.email_confirmed_at is not null as verified,
       exists (select from auth.identities i where i.user_id = a.id and i.provider = 'email' and i.provider_id = a.id::text
         and i.identity_data ->> 'email' = a.email) as identity,
       ${tokens.length === 0 ? 'true' : tokens.join(' and ')} as tokens
     from auth.users a where a.id = any ($1::uuid[]) and a.instance_id = '${nilUuid}'`,
    [ids],
  );
}
