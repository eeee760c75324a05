import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { bannedUntil, nilUuid, silenceTriggers } from './auth-tables';
import { batchSql, digestOf } from './insert-users';
import type { SourceUser } from './source-users';
import { mapTable } from './user-map';

/** What changed at the application since a user was imported, counted. */
export const carriedSchema = z.object({
  passwords: z.coerce.number(),
  /** Passwords that were changed on both sides: the one at the Auth service stays. */
  passwordsKept: z.coerce.number(),
  bans: z.coerce.number(),
  unbans: z.coerce.number(),
  confirmations: z.coerce.number(),
  emails: z.coerce.number(),
  /** Addresses that were changed but are somebody else’s at the Auth service, or were changed there as well. */
  emailsKept: z.coerce.number(),
  /** Imported, and deleted at the Auth service since. */
  gone: z.coerce.number(),
});
export type Carried = z.infer<typeof carriedSchema>;

export const nothingCarried: Carried = {
  passwords: 0,
  passwordsKept: 0,
  bans: 0,
  unbans: 0,
  confirmations: 0,
  emails: 0,
  emailsKept: 0,
  gone: 0,
};

/** The sum of two counts. */
export function addCarried(a: Carried, b: Carried): Carried {
  return {
    passwords: a.passwords + b.passwords,
    passwordsKept: a.passwordsKept + b.passwordsKept,
    bans: a.bans + b.bans,
    unbans: a.unbans + b.unbans,
    confirmations: a.confirmations + b.confirmations,
    emails: a.emails + b.emails,
    emailsKept: a.emailsKept + b.emailsKept,
    gone: a.gone + b.gone,
  };
}

/**
 * What differs between the users of a batch and what was imported of them. A value that was changed at the Auth service too
 * is left as it is there. `u` is the batch, `m` the map, `a` the Auth user.
 */
const changesSql = `with c as materialized (
  select m.source, m.old_id, m.user_id, a.id is null as gone, u.hash, u.email, u.inactive, u.verified, u.verified_at,
    ${digestOf('u.hash')} as digest,
    ${digestOf('u.hash')} <> m.password_digest as password_changed,
    ${digestOf(`coalesce(a.encrypted_password, '')`)} = m.password_digest as password_untouched,
    u.inactive and not m.inactive as ban, not u.inactive and m.inactive and a.banned_until = '${bannedUntil}' as unban,
    u.verified and not m.verified and a.email_confirmed_at is null as confirmation,
    u.email is not null and u.email is distinct from m.email as email_changed,
    case when u.email is distinct from m.email then a.email is not distinct from m.email and not exists (
      select from auth.users o where o.instance_id = '${nilUuid}' and lower(o.email) = u.email and o.id <> m.user_id) else true end as email_free
  from ${batchSql} join ${mapTable} m on m.source = u.source and m.old_id = u.key
  left join auth.users a on a.id = m.user_id)`;

const countsSql = `count(*) filter (where not gone and password_changed and password_untouched) as passwords,
  count(*) filter (where not gone and password_changed and not password_untouched) as "passwordsKept",
  count(*) filter (where not gone and ban) as bans, count(*) filter (where not gone and unban) as unbans,
  count(*) filter (where not gone and confirmation) as confirmations,
  count(*) filter (where not gone and email_changed and email_free) as emails,
  count(*) filter (where not gone and email_changed and not email_free) as "emailsKept",
  count(*) filter (where gone) as gone`;

/** Counts what {@link carryChanges} would carry over; reads only. */
export async function countChanges(target: DatabaseSession, users: readonly SourceUser[]): Promise<Carried> {
  const [row] = await target.query(carriedSchema, `${changesSql} select ${countsSql} from c`, [
    JSON.stringify(users),
  ]);
  return row ?? nothingCarried;
}

/**
 * Carries over what changed at the application since the users of a batch were imported: passwords, deactivations,
 * confirmations, addresses. All or none; doing it again changes nothing.
 */
export async function carryChanges(
  target: DatabaseSession,
  users: readonly SourceUser[],
  { silent }: { silent: boolean },
): Promise<Carried> {
  try {
    await target.execute('begin');
    if (silent) await silenceTriggers(target);
    const [row] = await target.query(
      carriedSchema,
      `${changesSql},
       a as (update auth.users a set
           encrypted_password = case when c.password_changed and c.password_untouched then c.hash else a.encrypted_password end,
           banned_until = case when c.ban then '${bannedUntil}'::timestamptz when c.unban then null else a.banned_until end,
           email_confirmed_at = case when c.confirmation then coalesce(c.verified_at, now()) else a.email_confirmed_at end,
           email = case when c.email_changed and c.email_free then c.email else a.email end,
           updated_at = now()
         from c where a.id = c.user_id and (c.password_changed and c.password_untouched or c.ban or c.unban or c.confirmation or c.email_changed and c.email_free)),
       i as (update auth.identities i set updated_at = now(), identity_data = i.identity_data || jsonb_strip_nulls(jsonb_build_object(
             'email', case when c.email_changed and c.email_free then c.email end,
             'email_verified', case when c.confirmation then true end))
         from c where i.user_id = c.user_id and i.provider = 'email' and (c.email_changed and c.email_free or c.confirmation)),
       m as (update ${mapTable} m set carried_at = now(), inactive = c.inactive, verified = c.verified,
           password_digest = case when c.password_untouched then c.digest else m.password_digest end,
           email = case when c.email_free then coalesce(c.email, m.email) else m.email end
         from c where m.source = c.source and m.old_id = c.old_id and not c.gone
           and (c.password_changed and c.password_untouched or c.inactive <> m.inactive or c.verified <> m.verified or c.email_changed and c.email_free))
       select ${countsSql} from c`,
      [JSON.stringify(users)],
    );
    await target.execute('commit');
    return row ?? nothingCarried;
  } catch (error) {
    await target.execute('rollback').catch(() => undefined);
    throw error;
  }
}
