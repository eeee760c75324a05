import { AppError } from '#shared/model/errors';
import { migratedMark } from '#shared/model/users';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { quoteName } from '../common/sql-text';
import { oldIdMark } from './api-users';
import { bannedUntil, nilUuid, silenceTriggers, tokenColumns, type AuthTables } from './auth-tables';
import type { SourceUser } from './source-users';
import { mapTable } from './user-map';

/** SQL for a digest of a text, the same on both servers. */
export const digestOf = (text: string): string => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`;

/** SQL: the users of a batch, given as JSON in `$1`. */
export const batchSql = `jsonb_to_recordset($1::jsonb) as u (source text, key text, id uuid, email text, phone text, hash text, inactive bool,
  verified bool, phone_verified bool, verified_at timestamptz, created_at timestamptz, updated_at timestamptz, last_sign_in_at timestamptz,
  own text, app text, api_id uuid)`;

/** Expressions over `u`, a new user with `user_id`, by the column that they fill. */
const userColumns: Readonly<Record<string, string>> = {
  instance_id: `'${nilUuid}'::uuid`,
  id: 'u.user_id',
  aud: `'authenticated'`,
  role: `'authenticated'`,
  email: 'u.email',
  phone: 'u.phone',
  encrypted_password: 'u.hash',
  email_confirmed_at: `case when u.email is not null and u.verified then coalesce(u.verified_at, u.created_at, now()) end`,
  phone_confirmed_at: `case when u.phone is not null and u.phone_verified then coalesce(u.created_at, now()) end`,
  last_sign_in_at: 'u.last_sign_in_at',
  raw_app_meta_data: `jsonb_build_object('${migratedMark}', u.source) || u.app::jsonb || case when u.email is null then '{"provider": "phone", "providers": ["phone"]}'::jsonb
    when u.phone is null then '{"provider": "email", "providers": ["email"]}' else '{"provider": "email", "providers": ["email", "phone"]}' end`,
  raw_user_meta_data: 'u.own::jsonb',
  created_at: 'coalesce(u.created_at, now())',
  updated_at: 'coalesce(u.updated_at, u.created_at, now())',
  banned_until: `case when u.inactive then '${bannedUntil}'::timestamptz end`,
  ...Object.fromEntries(tokenColumns.map((column) => [column, `''`])),
};

/** Keys of the app metadata that the import sets by itself, as an array in SQL. */
export const ownAppKeys = `'{provider,providers,${migratedMark},${oldIdMark}}'::text[]`;

const identityColumns: Readonly<Record<string, string>> = {
  provider_id: 'u.user_id::text',
  user_id: 'u.user_id',
  provider: 'p.provider',
  identity_data: `case p.provider
    when 'email' then jsonb_build_object('sub', u.user_id::text, 'email', u.email, 'email_verified', u.verified, 'phone_verified', false)
    else jsonb_build_object('sub', u.user_id::text, 'phone', u.phone, 'email_verified', false, 'phone_verified', u.phone_verified) end`,
  last_sign_in_at: 'u.last_sign_in_at',
  created_at: 'coalesce(u.created_at, now())',
  updated_at: 'coalesce(u.updated_at, u.created_at, now())',
};

function listed(values: Readonly<Record<string, string>>, there: ReadonlySet<string>) {
  const used = Object.entries(values).filter(([column]) => there.has(column));
  return {
    columns: used.map(([column]) => quoteName(column)).join(', '),
    values: used.map(([, expression]) => expression).join(', '),
  };
}

const insertedRow = z.object({ inserted: z.coerce.number() });

/**
 * Writes those users of a batch that were not imported before, with their identities and their place in the map, all or
 * none; answers how many. A user that was imported and then deleted at the Auth service stays deleted. Throws
 * `USERS_CONFLICT` when an id, address or number belongs to somebody else there.
 */
export async function insertUsers(
  target: DatabaseSession,
  tables: AuthTables,
  users: readonly SourceUser[],
  { silent }: { silent: boolean },
): Promise<number> {
  const user = listed(userColumns, tables.users);
  const identity = listed(identityColumns, tables.identities);
  try {
    await target.execute('begin');
    if (silent) await silenceTriggers(target);
    const [row] = await target.query(
      insertedRow,
      `with b as materialized (select u.* from ${batchSql}),
       m as (insert into ${mapTable} (source, old_id, user_id, email, password_digest, inactive, verified)
         select source, key, coalesce(id, gen_random_uuid()), email, ${digestOf('hash')}, inactive, verified from b
         on conflict (source, old_id) do nothing returning source, old_id, user_id),
       u as materialized (select b.*, m.user_id from m join b on b.source = m.source and b.key = m.old_id),
       a as (insert into auth.users (${user.columns}) select ${user.values} from u),
       i as (insert into auth.identities (${identity.columns}) select ${identity.values}
         from u cross join (values ('email'), ('phone')) p (provider)
         where case p.provider when 'email' then u.email else u.phone end is not null)
       select count(*) as inserted from m`,
      [JSON.stringify(users)],
    );
    await target.execute('commit');
    return row?.inserted ?? 0;
  } catch (error) {
    await target.execute('rollback').catch(() => undefined);
    if (error instanceof AppError && error.details?.sqlstate === '23505') {
      throw new AppError(
        'USERS_CONFLICT',
        'A user to be imported has an id, address or number that the Auth service has already.',
        {
          hint: 'A user has signed up on either side since the plan was made. Plan again.',
          cause: error,
        },
      );
    }
    throw error;
  }
}
