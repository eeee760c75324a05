import type { PoolClient } from 'pg';
import { z } from 'zod';
import { unexpectedFailure } from './http-error';

/** Every look-up of the service filters on this instance: rows without it do not exist for it. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';

const timestamp = z
  .string()
  .transform((text) => text.replace(' ', 'T').replace(/\+00$/, 'Z'))
  .nullable();
const metadata = z
  .record(z.string(), z.unknown())
  .nullable()
  .transform((value) => value ?? {});

/**
 * A row of `auth.users` as the service reads it. The members that are not nullable here are not nullable there either,
 * although the table allows NULL: a row with one of them missing makes the request fail.
 */
const userRowSchema = z.object({
  id: z.string(),
  aud: z.string(),
  role: z.string(),
  email: z.string().nullable(),
  encrypted_password: z.string().nullable(),
  email_confirmed_at: timestamp,
  invited_at: timestamp,
  confirmation_token: z.string(),
  confirmation_sent_at: timestamp,
  recovery_token: z.string(),
  recovery_sent_at: timestamp,
  email_change_token_new: z.string(),
  email_change_token_current: z.string(),
  email_change: z.string(),
  email_change_sent_at: timestamp,
  last_sign_in_at: timestamp,
  raw_app_meta_data: metadata,
  raw_user_meta_data: metadata,
  created_at: timestamp.pipe(z.string()),
  updated_at: timestamp.pipe(z.string()),
  phone: z.string().nullable(),
  phone_confirmed_at: timestamp,
  phone_change: z.string(),
  phone_change_token: z.string(),
  phone_change_sent_at: timestamp,
  confirmed_at: timestamp,
  banned_until: timestamp,
  reauthentication_token: z.string(),
  reauthentication_sent_at: timestamp,
  deleted_at: timestamp,
  is_anonymous: z.boolean(),
});
export type UserRecord = z.infer<typeof userRowSchema>;

const identitySchema = z.object({
  id: z.string(),
  provider_id: z.string(),
  user_id: z.string(),
  identity_data: z.record(z.string(), z.unknown()),
  provider: z.string(),
  last_sign_in_at: timestamp,
  created_at: timestamp,
  updated_at: timestamp,
  email: z.string().nullable(),
});

const factorSchema = z.object({
  id: z.string(),
  user_id: z.string(),
  friendly_name: z.string().nullable(),
  factor_type: z.string(),
  status: z.string(),
  phone: z.string().nullable(),
  created_at: timestamp,
  updated_at: timestamp,
  last_challenged_at: timestamp,
});

const known = (value: unknown): boolean => value !== null && value !== undefined && value !== '';

/** Leaves out what is not set, as the service's answers do. */
function compact(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => known(value)));
}

/** Reads users by an SQL condition. `problem` is the service's own sentence for a row that it can't read. */
export async function findUsers(
  client: PoolClient,
  condition: string,
  values: readonly unknown[],
  problem: string,
): Promise<UserRecord[]> {
  const { rows } = await client.query(
    `select * from auth.users where instance_id = '${nilUuid}' and ${condition}`,
    [...values],
  );
  const parsed = z.array(userRowSchema).safeParse(rows);
  if (!parsed.success) throw unexpectedFailure(problem);
  return parsed.data;
}

/** The factors of these users. */
async function factorsOf(
  client: PoolClient,
  userIds: readonly string[],
): Promise<z.infer<typeof factorSchema>[]> {
  const { rows } = await client.query(
    'select * from auth.mfa_factors where user_id = any($1::uuid[]) order by created_at',
    [userIds],
  );
  return z.array(factorSchema).parse(rows);
}

/** Users in the shape of the service's answers, with identities and factors. */
export async function describeUsers(
  client: PoolClient,
  users: readonly UserRecord[],
): Promise<Record<string, unknown>[]> {
  const ids = users.map((user) => user.id);
  const { rows } = await client.query(
    'select * from auth.identities where user_id = any($1::uuid[]) order by created_at',
    [ids],
  );
  const identities = z.array(identitySchema).parse(rows);
  const factors = await factorsOf(client, ids);
  return users.map((user) => {
    const own = factors
      .filter((factor) => factor.user_id === user.id)
      .map(({ user_id: _owner, ...factor }) => compact(factor));
    return {
      id: user.id,
      aud: user.aud,
      role: user.role,
      email: user.email ?? '',
      phone: user.phone ?? '',
      ...compact({
        email_confirmed_at: user.email_confirmed_at,
        invited_at: user.invited_at,
        phone_confirmed_at: user.phone_confirmed_at,
        confirmation_sent_at: user.confirmation_sent_at,
        confirmed_at: user.confirmed_at,
        recovery_sent_at: user.recovery_sent_at,
        new_email: user.email_change,
        email_change_sent_at: user.email_change_sent_at,
        new_phone: user.phone_change,
        phone_change_sent_at: user.phone_change_sent_at,
        reauthentication_sent_at: user.reauthentication_sent_at,
        last_sign_in_at: user.last_sign_in_at,
        banned_until: user.banned_until,
        deleted_at: user.deleted_at,
      }),
      app_metadata: user.raw_app_meta_data,
      user_metadata: user.raw_user_meta_data,
      ...(own.length === 0 ? {} : { factors: own }),
      identities: identities
        .filter((identity) => identity.user_id === user.id)
        .map(({ id, provider_id, ...identity }) => ({ identity_id: id, id: provider_id, ...identity })),
      created_at: user.created_at,
      updated_at: user.updated_at,
      is_anonymous: user.is_anonymous,
    };
  });
}

/** One user in the shape of the service's answers. */
export async function describeUser(client: PoolClient, user: UserRecord): Promise<Record<string, unknown>> {
  const [described] = await describeUsers(client, [user]);
  return described ?? {};
}
