import { migratedMark } from '#shared/model/users';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { apiIdOf } from './api-users';
import { bannedUntil, silenceTriggers } from './auth-tables';
import { batchSql, digestOf } from './insert-users';
import type { SourceUser } from './source-users';
import { mapTable } from './user-map';

/** Users of a batch as the value of {@link batchSql}, with the id that they have when they came by the admin API. */
export const batchWithApiIds = (users: readonly SourceUser[]): string =>
  JSON.stringify(users.map((user) => ({ ...user, api_id: apiIdOf(user) })));

/** SQL: whether `a` is the user `u` of a batch, made by the admin API. */
export const cameByApi = `a.id = u.api_id and a.raw_app_meta_data ->> '${migratedMark}' = u.source`;

const anyRow = z.object({ some: z.boolean() });

/** Whether users of these tables came by the admin API and are not in the map yet. */
export async function hasApiUsers(target: DatabaseSession, sources: readonly string[]): Promise<boolean> {
  const [row] = await target.query(
    anyRow,
    `select exists (select from auth.users a where a.raw_app_meta_data ->> '${migratedMark}' = any ($1::text[])
       and not exists (select from ${mapTable} m where m.user_id = a.id)) as some`,
    [sources],
  );
  return row?.some ?? false;
}

/**
 * Takes the users of a batch who came by the admin API into the map, and gives them what that could not: the date of creation, the end of a
 * ban as the import writes it, and no password in the place of one that nobody knows. All or none; doing it again changes nothing.
 */
export async function adoptApiUsers(
  target: DatabaseSession,
  users: readonly SourceUser[],
  { silent }: { silent: boolean },
): Promise<void> {
  try {
    await target.execute('begin');
    if (silent) await silenceTriggers(target);
    await target.execute(
      `with u as materialized (select u.* from ${batchSql}),
       m as (insert into ${mapTable} (source, old_id, user_id, email, password_digest, inactive, verified)
         select u.source, u.key, a.id, u.email, ${digestOf('u.hash')}, u.inactive, u.verified
         from u join auth.users a on ${cameByApi} on conflict do nothing returning source, old_id, user_id)
       update auth.users a set created_at = coalesce(u.created_at, a.created_at), last_sign_in_at = coalesce(a.last_sign_in_at, u.last_sign_in_at),
         banned_until = case when u.inactive and a.banned_until > now() then '${bannedUntil}' else a.banned_until end,
         encrypted_password = case when u.hash = '' and a.last_sign_in_at is null and a.recovery_sent_at is null then '' else a.encrypted_password end
       from m join u on u.source = m.source and u.key = m.old_id where a.id = m.user_id`,
      [batchWithApiIds(users)],
    );
    await target.execute('commit');
  } catch (error) {
    await target.execute('rollback').catch(() => undefined);
    throw error;
  }
}
