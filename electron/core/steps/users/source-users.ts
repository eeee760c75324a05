import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName, quoteText } from '../common/sql-text';
import type { UsersTable } from './users-table';

/** Password hashes that the Auth service verifies; facts of its own source. */
const acceptedHash = `^([$]2[aby][$][0-9]{2}[$][./A-Za-z0-9]{53}|[$]argon2(i|id)[$]v=19[$].+|[$]fbscrypt[$].+)$`;

const name = (column: string): string => `t.${quoteName(column)}`;

/** SQL over `t`: each part of a user as the import needs it. */
function userExpressions(table: UsersTable) {
  const { columns } = table;
  const hash = `${name(columns.hash)}::text`;
  const accepted = `coalesce(${hash}, '') ~ ${quoteText(acceptedHash)}`;
  const conditions = [
    ...(columns.active === undefined ? [] : [`${name(columns.active)} is false`]),
    ...(columns.blocked === undefined ? [] : [`${name(columns.blocked)} is true`]),
  ];
  const verified =
    columns.verified !== undefined
      ? `${name(columns.verified)} is true`
      : columns.verifiedAt !== undefined
        ? `${name(columns.verifiedAt)} is not null`
        : 'true';
  const time = (column: string | undefined): string =>
    column === undefined ? 'null::timestamptz' : `${name(column)}::timestamptz`;
  const fields = (names: readonly string[]): string =>
    `jsonb_strip_nulls(jsonb_build_object(${names.map((column) => `${quoteText(column)}, ${name(column)}`).join(', ')}))`;
  return {
    id: name(table.id),
    email: `lower(${name(columns.email)}::text)`,
    accepted,
    hash: `case when ${accepted} then ${hash} else '' end`,
    kind: `case when ${hash} is null or ${hash} = '' then 'none' else coalesce(substring(${hash} from '^[$]([a-z0-9-]+)[$]'), 'unknown') end`,
    inactive: conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`,
    verified,
    verifiedAt: `case when ${verified} then coalesce(${time(columns.verifiedAt)}, ${time(columns.createdAt)}, now()) end`,
    createdAt: `coalesce(${time(columns.createdAt)}, now())`,
    updatedAt: `coalesce(${time(columns.updatedAt)}, ${time(columns.createdAt)}, now())`,
    lastSignInAt: time(columns.lastSignInAt),
    names: fields(table.names),
    roles: fields(table.roles),
  };
}

const skippedRow = z.object({ id: z.string(), reason: z.enum(['duplicate', 'no-email']) });
/** A user that is not imported. `duplicate`: another one has the same address but for letter case, and signed in later. */
export type SkippedUser = z.infer<typeof skippedRow>;
export const skippedUserSchema = skippedRow;

/** Users that can't be imported, by id: of addresses that differ in letter case only, the one that signed in last is kept, else the newest. */
export function readSkipped(session: DatabaseSession, table: UsersTable): Promise<SkippedUser[]> {
  const { id, email, lastSignInAt } = userExpressions(table);
  const created =
    table.columns.createdAt === undefined
      ? 'null::timestamptz'
      : `${name(table.columns.createdAt)}::timestamptz`;
  return session.query(
    skippedRow,
    `select id, case when email = '' then 'no-email' else 'duplicate' end as reason from (
       select ${id}::text as id, coalesce(${email}, '') as email, row_number() over (
         partition by ${email} order by ${lastSignInAt} desc nulls last, ${created} desc nulls last, ${id} desc) as place
       from ${qualified(table)} t) u
     where email = '' or place > 1 order by id`,
  );
}

const countsRow = z.object({
  users: z.coerce.number(),
  unverified: z.coerce.number(),
  inactive: z.coerce.number(),
  hashes: z.record(z.string(), z.number()),
  refused: z.record(z.string(), z.number()),
});
export type UserCounts = z.infer<typeof countsRow>;

/** What is in the table, by hash format. `refused`: formats that the Auth service can't verify. */
export async function countUsers(session: DatabaseSession, table: UsersTable): Promise<UserCounts> {
  const { verified, inactive, accepted, kind } = userExpressions(table);
  const [row] = await session.query(
    countsRow,
    `with u as (select ${verified} as verified, ${inactive} as inactive, ${accepted} as accepted, ${kind} as kind from ${qualified(table)} t)
     select count(*) as users, count(*) filter (where not verified) as unverified, count(*) filter (where inactive) as inactive,
       (select coalesce(jsonb_object_agg(kind, n), '{}') from (select kind, count(*) as n from u group by 1) k) as hashes,
       (select coalesce(jsonb_object_agg(kind, n), '{}') from (select kind, count(*) as n from u where not accepted group by 1) k) as refused
     from u`,
  );
  return row ?? { users: 0, unverified: 0, inactive: 0, hashes: {}, refused: {} };
}

const userRow = z.object({
  id: z.string(),
  email: z.string(),
  hash: z.string(),
  inactive: z.boolean(),
  verified: z.boolean(),
  verified_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  last_sign_in_at: z.string().nullable(),
  names: z.record(z.string(), z.unknown()),
  roles: z.record(z.string(), z.unknown()),
});
/** A user as the import writes it. Holds the password hash: never logged, never journalled. */
export type SourceUser = z.infer<typeof userRow>;

/** SQL: the page of at most `$3` users that follow `$1` by id (null begins), without those in `$2`. */
function page(table: UsersTable, select: string): string {
  const { id } = userExpressions(table);
  return `select ${select} from ${qualified(table)} t
    where ($1::uuid is null or ${id} > $1::uuid) and ${id} <> all ($2::uuid[]) order by ${id} limit $3`;
}

/** The next users in the order of their ids. */
export function readUsers(
  session: DatabaseSession,
  table: UsersTable,
  after: string | null,
  skipped: readonly string[],
  limit: number,
): Promise<SourceUser[]> {
  const e = userExpressions(table);
  const select = `${e.id}::text as id, ${e.email} as email, ${e.hash} as hash, ${e.inactive} as inactive, ${e.verified} as verified,
    (${e.verifiedAt})::text as verified_at, (${e.createdAt})::text as created_at, (${e.updatedAt})::text as updated_at,
    (${e.lastSignInAt})::text as last_sign_in_at, ${e.names} as names, ${e.roles} as roles`;
  return session.query(userRow, page(table, select), [after, skipped, limit]);
}

const digestRow = z.object({
  id: z.string(),
  email: z.string(),
  digest: z.string(),
  inactive: z.boolean(),
  verified: z.boolean(),
});
/** A user for comparing: the password hash as a digest that the server made. */
export type UserDigest = z.infer<typeof digestRow>;
export const userDigestSchema = digestRow;

/** SQL for a digest of a text, the same on both servers. */
export const digestOf = (text: string): string => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`;

/** The next users in the order of their ids, for comparing. */
export function readDigests(
  session: DatabaseSession,
  table: UsersTable,
  after: string | null,
  skipped: readonly string[],
  limit: number,
): Promise<UserDigest[]> {
  const e = userExpressions(table);
  const select = `${e.id}::text as id, ${e.email} as email, ${digestOf(e.hash)} as digest, ${e.inactive} as inactive, ${e.verified} as verified`;
  return session.query(digestRow, page(table, select), [after, skipped, limit]);
}
