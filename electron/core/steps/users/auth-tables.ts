import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { searchTriggers } from './search-table';

/** Every look-up of the service filters on this instance. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';

/** NULL in one of these makes every sign-in of the user fail. */
export const tokenColumns = [
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
export const bannedUntil = '2999-12-31 00:00:00+00';

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
       (values ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) p ("right")
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

const countRow = z.object({ users: z.coerce.number() });

/** How many users the service has, as its tables say. */
export async function countAuthUsers(target: DatabaseSession): Promise<number> {
  const [row] = await target.query(
    countRow,
    `select count(*) as users from auth.users where instance_id = '${nilUuid}'`,
  );
  return row?.users ?? 0;
}

const triggerRow = z.object({ name: z.string(), runs: z.string() });

/** Triggers that the application has on `auth.users`, with the function that each one runs. */
export function readAuthTriggers(target: DatabaseSession): Promise<{ name: string; runs: string }[]> {
  return target.query(
    triggerRow,
    `select g.tgname as name, n.nspname || '.' || p.proname as runs
     from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid join pg_catalog.pg_namespace n on n.oid = p.pronamespace
     where g.tgrelid = 'auth.users'::regclass and not g.tgisinternal and g.tgenabled <> 'D' and g.tgname <> all (string_to_array('${searchTriggers.join(' ')}', ' ')) order by 1`,
  );
}

/** Keeps the application's triggers from firing until the transaction ends. Throws `DATABASE_PERMISSION_DENIED` where the role may not. */
export async function silenceTriggers(target: DatabaseSession): Promise<void> {
  await target.execute('set local session_replication_role = replica');
}
