import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { isAccepted } from './hash-formats';
import { allUsersSql, usersSql, type ResolvedMapping, type ResolvedSource } from './source-sql';

const countsSchema = z.object({
  users: z.number(),
  unverified: z.number(),
  inactive: z.number(),
  hashes: z.array(z.object({ kind: z.string(), users: z.number(), accepted: z.boolean() })),
  /** Numbers that Auth can't take: no country, no digits. */
  badPhones: z.number(),
  /** Addresses that Auth refuses. */
  badEmails: z.number(),
});
type UserCounts = z.infer<typeof countsSchema>;

export const exceptionReasons = [
  'duplicate',
  'no-address',
  'invalid-email',
  'inactive',
  'taken',
  'phone-duplicate',
  'email-dropped',
] as const;
export const userExceptionSchema = z.object({
  /** Label of the table. */
  source: z.string(),
  /** The user's id there, as text. */
  key: z.string(),
  reason: z.enum(exceptionReasons),
  /** Who keeps the disputed address or number, as `table:id`. */
  winner: z.string().optional(),
  /** Why that one. */
  why: z.enum(['chosen', 'active', 'signed in last', 'newest', 'highest id']).optional(),
});
/**
 * A user who is not imported as the row stands. `phone-duplicate` comes without the number, `email-dropped` without an
 * invalid address but with a number; the others do not come at all.
 */
export type UserException = z.infer<typeof userExceptionSchema>;

/** Whether the user is left out, and not only changed. */
export function isLeftOut(reason: UserException['reason']): boolean {
  return reason !== 'phone-duplicate' && reason !== 'email-dropped';
}

/** The first row has the counts, each of the others an exception. */
const surveyRow = z.object({
  counts: countsSchema.nullable(),
  source: z.string().nullable(),
  key: z.string().nullable(),
  reason: userExceptionSchema.shape.reason.nullable(),
  winner: z.string().nullable(),
  why: userExceptionSchema.shape.why.unwrap().nullable(),
});

export interface UsersSurvey {
  counts: UserCounts;
  /** In a lasting order. */
  exceptions: UserException[];
}

/**
 * What is in the tables, and everybody who is not imported as the row stands, in one reading. A disputed address stays with
 * the one whom the operator chose, else an active one, else who signed in last, else the newest, else the highest id.
 */
export async function surveyUsers(session: DatabaseSession, mapping: ResolvedMapping): Promise<UsersSurvey> {
  const skip = mapping.choices.inactive === 'skip' ? 'inactive' : 'false';
  const rank = `chosen desc, inactive, last_sign_in_at desc nulls last, created_at desc nulls last, key desc`;
  const why = (
    w: string,
  ): string => `case when ${w}.chosen then 'chosen' when ${w}.inactive <> p.inactive then 'active'
      when ${w}.last_sign_in_at is distinct from p.last_sign_in_at then 'signed in last'
      when ${w}.created_at is distinct from p.created_at then 'newest' else 'highest id' end`;
  const rows = await session.query(
    surveyRow,
    `with u as materialized (
       select source, key, source || ':' || key as ref, email, phone, raw_email, raw_phone, inactive, verified, kind, accepted, last_sign_in_at, created_at,
         ${skip} as unwanted, source || ':' || key = any ($1::text[]) as chosen
       from (${allUsersSql(mapping)}) x),
     e as materialized (select u.*, row_number() over w as place, first_value(ref) over w as winner from u where not unwanted and email is not null
       window w as (partition by email order by ${rank})),
     p as materialized (
       select e.* from e
       union all
       select u.*, 1, u.ref from u where not unwanted and email is null),
     f as (select p.ref, row_number() over w as phone_place, first_value(p.ref) over w as phone_winner from p where p.place = 1 and p.phone is not null
       window w as (partition by p.phone order by ${rank})),
     found as (
       select p.source, p.key, case
           when p.email is null and p.phone is null then case when p.raw_email is null then 'no-address' else 'invalid-email' end
           when p.place > 1 or p.email is null and f.phone_place > 1 then 'duplicate'
           when f.phone_place > 1 then 'phone-duplicate'
           when p.email is null and p.raw_email is not null then 'email-dropped' end as reason,
         case when p.place > 1 then p.winner when f.phone_place > 1 then f.phone_winner end as winner, p.ref
       from p left join f on f.ref = p.ref)
     select null::jsonb as counts, o.source, o.key, o.reason, o.winner, case when o.winner is not null then ${why('w')} end as why
     from found o join p on p.ref = o.ref left join u w on w.ref = o.winner
     where o.reason is not null
     union all
     select null, source, key, 'inactive', null, null from u where unwanted
     union all
     select jsonb_build_object('users', count(*), 'unverified', count(*) filter (where not verified), 'inactive', count(*) filter (where inactive),
         'badPhones', count(*) filter (where raw_phone is not null and phone is null),
         'badEmails', count(*) filter (where raw_email is not null and email is null),
         'hashes', coalesce((select jsonb_agg(jsonb_build_object('kind', kind, 'users', n, 'accepted', accepted) order by n desc, kind)
           from (select kind, accepted, count(*) as n from u group by 1, 2) k), '[]')), null, null, null, null, null
     from u
     order by 2 nulls first, 3`,
    [mapping.choices.keep],
  );
  return {
    counts: countsSchema.parse(rows[0]?.counts),
    exceptions: rows.flatMap(({ source, key, reason, winner, why: because }) =>
      source === null || key === null || reason === null
        ? []
        : [
            {
              source,
              key,
              reason,
              ...(winner === null ? {} : { winner }),
              ...(because === null ? {} : { why: because }),
            },
          ],
    ),
  };
}

const userRow = z.object({
  source: z.string(),
  key: z.string(),
  /** Null when the id comes from the map. */
  id: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  hash: z.string(),
  inactive: z.boolean(),
  verified: z.boolean(),
  phone_verified: z.boolean(),
  verified_at: z.string().nullable(),
  created_at: z.string().nullable(),
  updated_at: z.string().nullable(),
  last_sign_in_at: z.string().nullable(),
  /** User and app metadata as JSON text: parsing would round its numbers. */
  own: z.string(),
  app: z.string(),
});
/** A user as the import writes it. Holds the password hash: never logged, never journalled. */
export type SourceUser = z.infer<typeof userRow>;

/** Changes rows to what the exceptions and the choices make of them; who is left out is not in the result. */
export function applyExceptions(
  users: readonly SourceUser[],
  exceptions: ReadonlyMap<string, UserException>,
): SourceUser[] {
  return users.flatMap((user) => {
    const exception = exceptions.get(`${user.source}:${user.key}`);
    if (exception === undefined) return [user];
    if (isLeftOut(exception.reason)) return [];
    return [exception.reason === 'phone-duplicate' ? { ...user, phone: null } : user];
  });
}

/** The next users of a source in the order of their ids; `after` is the key of the last one, null begins. */
export function readUsers(
  session: DatabaseSession,
  source: ResolvedSource,
  choices: ResolvedMapping['choices'],
  after: string | null,
  limit: number,
): Promise<SourceUser[]> {
  const inactive = choices.inactive === 'import' ? 'false' : 'u.inactive';
  const verified = choices.unverified === 'confirm' ? 'true' : 'u.verified';
  const time = (column: string): string => `u.${column}::text as ${column}`;
  return session.query(
    userRow,
    `select u.source, u.key, u.id::text as id, u.email, u.phone, case when ${isAccepted('u.hash')} then u.hash else '' end as hash,
       ${inactive} as inactive, ${verified} as verified, u.phone_verified,
       ${['verified_at', 'created_at', 'updated_at', 'last_sign_in_at'].map(time).join(', ')}, u.own::text as own, u.app::text as app
     from (${usersSql(source, { paged: true })} offset 0) u`,
    [after, limit],
  );
}
