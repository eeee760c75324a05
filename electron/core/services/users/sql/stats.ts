import type { UserStats } from '#shared/contract/users';
import { userStatsSchema } from '#shared/contract/users';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';
import { nilUuid } from './rows';

const totalsRow = userStatsSchema.omit({ signUps: true, lastSeen: true, providers: true, sampled: true });
const dayRow = z.object({ day: z.string(), count: z.number() });
const providerRow = z.object({ provider: z.string(), count: z.number() });

/** Figures over all users that are not deleted; days are UTC's. */
export async function readStats(session: DatabaseSession, days: number): Promise<UserStats> {
  const [totals] = await session.query(
    totalsRow,
    `select count(*)::int as total,
       (count(*) filter (where last_sign_in_at > now() - interval '1 day'))::int as "activeDay",
       (count(*) filter (where last_sign_in_at > now() - interval '7 days'))::int as "activeWeek",
       (count(*) filter (where last_sign_in_at > now() - interval '30 days'))::int as "activeMonth",
       (count(*) filter (where confirmed_at is not null))::int as confirmed,
       (count(*) filter (where banned_until > now()))::int as banned,
       (count(*) filter (where last_sign_in_at is null))::int as "neverSignedIn"
     from auth.users where instance_id = '${nilUuid}' and deleted_at is null`,
  );
  const perDay = (column: 'created_at' | 'last_sign_in_at') =>
    session.query(
      dayRow,
      `with counted as (
         select (${column} at time zone 'UTC')::date as day, count(*)::int as count from auth.users
         where instance_id = '${nilUuid}' and deleted_at is null
           and ${column} >= (date_trunc('day', now() at time zone 'UTC') - make_interval(days => $1 - 1)) at time zone 'UTC'
         group by 1)
       select to_char(d.day, 'YYYY-MM-DD') as day, coalesce(counted.count, 0) as count
       from generate_series((now() at time zone 'UTC')::date - ($1 - 1), (now() at time zone 'UTC')::date, interval '1 day') d (day)
       left join counted on counted.day = d.day::date order by 1`,
      [days],
    );
  const signUps = await perDay('created_at');
  const lastSeen = await perDay('last_sign_in_at');
  const providers = await session.query(
    providerRow,
    `select i.provider, count(distinct i.user_id)::int as count from auth.identities i
     join auth.users u on u.id = i.user_id where u.instance_id = '${nilUuid}' and u.deleted_at is null
     group by 1 order by 2 desc, 1`,
  );
  return { ...totalsRow.parse(totals), signUps, lastSeen, providers };
}
