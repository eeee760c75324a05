import { migratedMark, type UserDetail, userDetailSchema, userSummarySchema } from '#shared/model/users';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';

/** The service sees only users of this instance. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';

/** A timestamp column as ISO 8601 in UTC with its microseconds. */
export const iso = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Leaves out what is NULL or empty, as the schemas want it. */
function known(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== ''));
}
const rowOf = <S extends z.ZodType>(schema: S) =>
  z.preprocess((row) => known(z.record(z.string(), z.unknown()).parse(row)), schema);

/** Columns of a summary over `u`, a row of `auth.users`. */
export const summaryColumns = `u.id::text as id, u.email, u.phone,
  coalesce(u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'name') as name,
  ${iso('u.created_at')} as "createdAt", ${iso('u.updated_at')} as "updatedAt",
  ${iso('u.last_sign_in_at')} as "lastSignInAt", ${iso('u.email_confirmed_at')} as "emailConfirmedAt",
  ${iso('u.phone_confirmed_at')} as "phoneConfirmedAt", ${iso('u.invited_at')} as "invitedAt",
  ${iso('u.banned_until')} as "bannedUntil", ${iso('u.deleted_at')} as "deletedAt",
  array(select distinct i.provider from auth.identities i where i.user_id = u.id order by 1) as providers,
  exists (select from auth.mfa_factors f where f.user_id = u.id and f.status = 'verified') as mfa,
  coalesce(u.raw_app_meta_data ? '${migratedMark}', false) as migrated, u.is_anonymous as anonymous`;

export const summaryRow = rowOf(userSummarySchema);

const detailRow = rowOf(
  userDetailSchema.omit({ identities: true, factors: true, sessions: true, passkeys: true }),
);
const identityRow = rowOf(userDetailSchema.shape.identities.element);
const factorRow = rowOf(userDetailSchema.shape.factors.element);
const sessionRow = rowOf(userDetailSchema.shape.sessions.unwrap().element);

export function userNotFound(id: string): AppError {
  return new AppError('NOT_FOUND', `There is no user ${id}.`, {
    hint: 'Somebody else may have deleted it. Reload the list.',
  });
}

/** Everything about one user; `lock` keeps others from changing the row until the transaction ends. Throws `NOT_FOUND`. */
export async function readDetail(
  session: DatabaseSession,
  id: string,
  lock: 'lock' | 'none' = 'none',
): Promise<UserDetail> {
  if (!z.guid().safeParse(id).success) throw userNotFound(id);
  const [user] = await session.query(
    detailRow,
    `select ${summaryColumns}, u.role, coalesce(u.encrypted_password, '') <> '' as "hasPassword",
       coalesce(u.raw_user_meta_data, '{}') as "userMetadata", coalesce(u.raw_app_meta_data, '{}') as "appMetadata"
     from auth.users u where u.id = $1 and u.instance_id = '${nilUuid}' ${lock === 'lock' ? 'for update of u' : ''}`,
    [id],
  );
  if (user === undefined) throw userNotFound(id);
  const identities = await session.query(
    identityRow,
    `select i.provider, i.provider_id as "providerId", i.email, ${iso('i.created_at')} as "createdAt",
       ${iso('i.last_sign_in_at')} as "lastSignInAt"
     from auth.identities i where i.user_id = $1 order by i.created_at, i.provider`,
    [id],
  );
  const factors = await session.query(
    factorRow,
    `select f.id::text as id, f.friendly_name as name, f.factor_type::text as type, f.status::text as status,
       ${iso('f.created_at')} as "createdAt"
     from auth.mfa_factors f where f.user_id = $1 order by f.created_at`,
    [id],
  );
  const sessions = await session.query(
    sessionRow,
    `select s.id::text as id, ${iso('s.created_at')} as "createdAt",
       to_char(s.refreshed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "refreshedAt",
       s.user_agent as "userAgent", host(s.ip) as ip, s.aal::text as aal
     from auth.sessions s where s.user_id = $1 and (s.not_after is null or s.not_after > now())
     order by s.created_at desc nulls last`,
    [id],
  );
  return { ...user, identities, factors, sessions, passkeys: await readPasskeys(session, id) };
}

const passkeyRow = rowOf(userDetailSchema.shape.passkeys.element);
const presentRow = z.object({ present: z.boolean() });

/** Passkeys stand in a table that older versions of the service do not have. */
export async function hasPasskeys(session: DatabaseSession): Promise<boolean> {
  const [row] = await session.query(
    presentRow,
    `select to_regclass('auth.webauthn_credentials') is not null as present`,
  );
  return row?.present === true;
}

async function readPasskeys(session: DatabaseSession, id: string): Promise<UserDetail['passkeys']> {
  if (!(await hasPasskeys(session))) return [];
  return session.query(
    passkeyRow,
    `select c.id::text as id, to_jsonb(c) ->> 'friendly_name' as name, ${iso('c.created_at')} as "createdAt"
     from auth.webauthn_credentials c where c.user_id = $1 order by c.created_at`,
    [id],
  );
}
