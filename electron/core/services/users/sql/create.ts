import { AppError, toAppError } from '#shared/model/errors';
import type { NewUser } from '#shared/model/users';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';
import type { ImportedUser, ImportResult } from '../../../ports/users';
import { phoneDigits } from '../edits';
import { hashPassword } from '../passwords';
import { userExists } from '../refusals';
import { nilUuid } from './rows';

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
];

interface Row extends ImportedUser {
  id: string;
}

const recordset = `jsonb_to_recordset($1::jsonb) as r (id uuid, email text, phone text, "passwordHash" text, "emailConfirmed" bool,
  "phoneConfirmed" bool, "createdAt" timestamptz, "lastSignInAt" timestamptz, "bannedUntil" timestamptz, "userMetadata" jsonb, "appMetadata" jsonb)`;

const providersOf = (row: ImportedUser): string[] => [
  ...(row.email === undefined ? [] : ['email']),
  ...(row.phone === undefined ? [] : ['phone']),
];

const idRow = z.object({ id: z.string() });

/** Inserts those that are free, with their identities, and returns the ids of the inserted. Belongs into a transaction. */
async function insertRows(session: DatabaseSession, rows: readonly Row[]): Promise<Set<string>> {
  const records = JSON.stringify(
    rows.map((row) => {
      const providers = providersOf(row);
      return { ...row, appMetadata: { provider: providers[0], providers, ...row.appMetadata } };
    }),
  );
  const inserted = await session.query(
    idRow,
    `insert into auth.users (instance_id, id, aud, role, email, phone, encrypted_password, email_confirmed_at, phone_confirmed_at,
       last_sign_in_at, banned_until, raw_app_meta_data, raw_user_meta_data, created_at, updated_at, ${tokenColumns.join(', ')})
     select '${nilUuid}', r.id, 'authenticated', 'authenticated', r.email, r.phone, coalesce(r."passwordHash", ''),
       case when r."emailConfirmed" and r.email is not null then coalesce(r."createdAt", now()) end,
       case when r."phoneConfirmed" and r.phone is not null then coalesce(r."createdAt", now()) end,
       r."lastSignInAt", r."bannedUntil", r."appMetadata", r."userMetadata", coalesce(r."createdAt", now()), now(),
       ${tokenColumns.map(() => `''`).join(', ')}
     from ${recordset} on conflict do nothing returning id::text as id`,
    [records],
  );
  const ids = new Set(inserted.map((row) => row.id));
  await session.execute(
    `insert into auth.identities (provider_id, user_id, provider, identity_data, last_sign_in_at, created_at, updated_at)
     select r.id::text, r.id, p.provider,
       case p.provider when 'email'
         then jsonb_build_object('sub', r.id::text, 'email', r.email, 'email_verified', r."emailConfirmed", 'phone_verified', false)
         else jsonb_build_object('sub', r.id::text, 'phone', r.phone, 'email_verified', false, 'phone_verified', r."phoneConfirmed") end,
       r."lastSignInAt", coalesce(r."createdAt", now()), now()
     from ${recordset}, lateral (values ('email', r.email), ('phone', r.phone)) p (provider, value)
     where p.value is not null and r.id = any ($2::uuid[])`,
    [records, [...ids]],
  );
  return ids;
}

const takenRow = z.object({
  place: z.coerce.number(),
  by_email: z.string().nullable(),
  by_phone: z.string().nullable(),
  by_id: z.string().nullable(),
  same_email: z.boolean(),
});
type Taken = z.infer<typeof takenRow>;

/** Who has the addresses, numbers and ids already. */
async function findTaken(session: DatabaseSession, users: readonly ImportedUser[]): Promise<Taken[]> {
  return session.query(
    takenRow,
    `select r.place, e.id::text as by_email, p.id::text as by_phone, i.id::text as by_id,
       coalesce(lower(i.email) = r.email, r.email is null) as same_email
     from jsonb_to_recordset($1::jsonb) as r (place int, id uuid, email text, phone text)
     left join lateral (select u.id from auth.users u
       where u.instance_id = '${nilUuid}' and lower(u.email) = r.email and not u.is_sso_user limit 1) e on true
     left join auth.users p on p.phone = r.phone
     left join auth.users i on i.id = r.id
     where e.id is not null or p.id is not null or i.id is not null`,
    [JSON.stringify(users.map(({ id, email, phone }, place) => ({ place, id, email, phone })))],
  );
}

/** Creates one user; belongs into a transaction. Throws `USER_EXISTS` and `USER_REFUSED`. */
export async function createUser(session: DatabaseSession, user: NewUser): Promise<string> {
  if (user.email === undefined && user.phone === undefined) {
    throw new AppError('USER_REFUSED', 'A user needs an address or a number.', { hint: 'Give one of them.' });
  }
  const row: Row = {
    id: randomUUID(),
    email: user.email?.toLowerCase(),
    phone: user.phone === undefined ? undefined : phoneDigits(user.phone),
    ...(user.password === undefined ? {} : { passwordHash: await hashPassword(user.password) }),
    emailConfirmed: user.confirmed,
    phoneConfirmed: user.confirmed,
    userMetadata: user.userMetadata ?? {},
    appMetadata: user.appMetadata ?? {},
  };
  const [taken] = await findTaken(session, [row]);
  if (taken !== undefined) throw userExists(taken.by_email === null ? 'phone' : 'email');
  const inserted = await insertRows(session, [row]);
  // Somebody else was quicker by a moment: the database's own uniqueness decides.
  if (!inserted.has(row.id)) throw userExists(row.email === undefined ? 'phone' : 'email');
  return row.id;
}

/** Whether a user that is there is the one of the file, or stands in its way. */
function judge(user: ImportedUser, taken: Taken): ImportResult {
  const { by_email: email, by_phone: phone, by_id: id } = taken;
  if (user.id !== undefined && id !== null && !taken.same_email) {
    return { status: 'bad', reason: `The id ${user.id} belongs to a user with another address.` };
  }
  if (user.id !== undefined && email !== null && email !== user.id) {
    return { status: 'bad', reason: `The address belongs to another user, ${email}.` };
  }
  if (phone !== null && phone !== (id ?? email)) {
    return { status: 'bad', reason: `The number belongs to another user, ${phone}.` };
  }
  return { status: 'existing' };
}

/** A batch of an import, which a second attempt after a lost connection finds as the first one left it. */
export class ImportBatch {
  readonly rows: readonly Row[];
  /** Places of users that nobody stood in the way of when the batch was begun. */
  private free: ReadonlySet<number> | undefined;

  constructor(readonly users: readonly ImportedUser[]) {
    this.rows = users.map((user) => ({ ...user, id: user.id ?? randomUUID() }));
  }

  /** Given who is there at present: tells which users of the batch came in with an earlier attempt. */
  begin(taken: ReadonlyMap<number, Taken>): (place: number) => boolean {
    const free = (this.free ??= new Set([...this.users.keys()].filter((place) => !taken.has(place))));
    return (place) => free.has(place) && taken.get(place)?.by_id === this.rows[place]?.id;
  }
}

/** Imports one batch: all that can be, in one transaction; what the database refuses is found user by user. */
export async function importUsers(
  session: DatabaseSession,
  batch: ImportBatch,
  dryRun: boolean,
): Promise<ImportResult[]> {
  const taken = new Map((await findTaken(session, batch.rows)).map((row) => [row.place, row]));
  const cameIn = batch.begin(taken);
  const results = batch.users.map((user, place): ImportResult => {
    const found = taken.get(place);
    return found === undefined || cameIn(place) ? { status: 'imported' } : judge(user, found);
  });
  if (dryRun) return results;
  const free = batch.rows.flatMap((row, place) => (taken.has(place) ? [] : [{ place, row }]));
  if (free.length === 0) return results;
  const note = (inserted: ReadonlySet<string>, items: typeof free) => {
    for (const { place, row } of items) if (!inserted.has(row.id)) results[place] = { status: 'existing' };
  };
  await session.execute('begin');
  try {
    note(
      await insertRows(
        session,
        free.map(({ row }) => row),
      ),
      free,
    );
    await session.execute('commit');
    return results;
  } catch (error) {
    const failure = toAppError(error);
    if (failure.details?.sqlstate === undefined) throw failure;
    await session.execute('rollback');
  }
  for (const item of free) {
    await session.execute('begin');
    try {
      note(await insertRows(session, [item.row]), [item]);
      await session.execute('commit');
    } catch (error) {
      const failure = toAppError(error);
      if (failure.details?.sqlstate === undefined) throw failure;
      await session.execute('rollback');
      results[item.place] = { status: 'bad', reason: failure.message };
    }
  }
  return results;
}
