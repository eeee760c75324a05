import type { ResetCounts } from '#shared/contract/users';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';
import { hasUserMap, mapTable } from '../../../steps/users/user-map';
import { nilUuid } from './rows';

/** The digest that the map keeps of users who were imported without a password. */
const noPassword = `encode(sha256(''), 'hex')`;

/**
 * Imported users whose old hash the service refuses. That a mail went out is the service's own note, so it counts whoever had it sent, and
 * nothing is sent twice after a crash.
 */
const imported = `${mapTable} m join auth.users u on u.id = m.user_id and u.instance_id = '${nilUuid}'
  where m.password_digest = ${noPassword} and u.deleted_at is null`;
const without = `coalesce(u.encrypted_password, '') = ''`;
const banned = `coalesce(u.banned_until > now(), false)`;
const due = `${without} and u.email is not null and not ${banned} and u.recovery_sent_at is null`;

const countsRow = z.object({
  waiting: z.coerce.number(),
  mailed: z.coerce.number(),
  chosen: z.coerce.number(),
  banned: z.coerce.number(),
  unreachable: z.coerce.number(),
});

/** How far the users who need a new password have come. */
export async function countResets(session: DatabaseSession): Promise<ResetCounts> {
  const none = { waiting: 0, mailed: 0, chosen: 0, banned: 0, unreachable: 0 };
  if (!(await hasUserMap(session))) return none;
  const [row] = await session.query(
    countsRow,
    `select count(*) filter (where ${due}) as waiting,
       count(*) filter (where ${without} and not ${banned} and u.email is not null and u.recovery_sent_at is not null) as mailed,
       count(*) filter (where not ${without}) as chosen,
       count(*) filter (where ${without} and ${banned}) as banned,
       count(*) filter (where ${without} and not ${banned} and u.email is null) as unreachable
     from ${imported}`,
  );
  return row ?? none;
}

const nextRow = z.object({ id: z.string(), email: z.string() });

/** Who is to be written to next, the most recently active first; `except` are ids. */
export async function nextReset(
  session: DatabaseSession,
  except: readonly string[],
): Promise<z.infer<typeof nextRow> | undefined> {
  if (!(await hasUserMap(session))) return undefined;
  const [row] = await session.query(
    nextRow,
    `select u.id::text as id, u.email from ${imported} and ${due} and u.id <> all ($1::uuid[])
     order by u.last_sign_in_at desc nulls last, u.id limit 1`,
    [except],
  );
  return row;
}
