import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { AuthError, validationFailed } from './http-error';
import { findUsers, nilUuid, type UserRecord } from './user-record';

/** What a new user is made from; the password is hashed already. */
export interface NewUser {
  id?: string | undefined;
  role?: string | undefined;
  email?: string | undefined;
  phone?: string | undefined;
  encryptedPassword: string;
  emailConfirmed: boolean;
  phoneConfirmed?: boolean | undefined;
  userMetadata?: Record<string, unknown> | undefined;
  appMetadata?: Record<string, unknown> | undefined;
  bannedUntil?: Date | undefined;
}

/** The address in the form that the service stores, lower-cased. */
export function validEmail(email: string): string {
  if (!/^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$/.test(email)) {
    throw validationFailed('Unable to validate email address: invalid format');
  }
  return email.toLowerCase();
}

/** The user with this address whatever its letter case, as the service looks it up. */
export async function findUserByEmail(client: PoolClient, email: string): Promise<UserRecord | undefined> {
  const [user] = await findUsers(
    client,
    `lower(email) = $1 and aud = 'authenticated' and is_sso_user = false limit 1`,
    [email.toLowerCase()],
    'Database error querying schema',
  );
  return user;
}

/** @throws AuthError `email_exists` when another user has the address. */
export async function assertEmailFree(client: PoolClient, email: string, exceptId?: string): Promise<void> {
  const other = await findUserByEmail(client, email);
  if (other !== undefined && other.id !== exceptId) {
    throw new AuthError(422, 'email_exists', 'A user with this email address has already been registered');
  }
}

/** @throws AuthError `phone_exists` when another user has the number. */
export async function assertPhoneFree(client: PoolClient, phone: string, exceptId?: string): Promise<void> {
  const other = await client.query('select from auth.users where phone = $1 and id is distinct from $2', [
    phone,
    exceptId ?? null,
  ]);
  if (other.rowCount !== 0) {
    throw new AuthError(422, 'phone_exists', 'Phone number already registered by another user');
  }
}

/** Inserts a user with the identities that belong to it, and returns it as it is stored. */
export async function insertUser(client: PoolClient, user: NewUser): Promise<UserRecord> {
  const id = user.id ?? randomUUID();
  const provider = user.email === undefined ? 'phone' : 'email';
  const providers = [
    ...(user.email === undefined ? [] : ['email']),
    ...(user.phone === undefined ? [] : ['phone']),
  ];
  await client.query(
    `insert into auth.users (instance_id, id, aud, role, email, phone, encrypted_password, email_confirmed_at, phone_confirmed_at,
       raw_app_meta_data, raw_user_meta_data, banned_until, created_at, updated_at, confirmation_token, recovery_token, email_change_token_new, email_change)
     values ($1, $2, 'authenticated', $3, $4, $5, $6, case when $7 then now() end, case when $8 then now() end, $9, $10, $11, now(), now(), '', '', '', '')`,
    [
      nilUuid,
      id,
      user.role ?? 'authenticated',
      user.email ?? null,
      user.phone ?? null,
      user.encryptedPassword,
      user.emailConfirmed && user.email !== undefined,
      user.phoneConfirmed === true && user.phone !== undefined,
      { provider, providers, ...user.appMetadata },
      user.userMetadata ?? {},
      user.bannedUntil ?? null,
    ],
  );
  for (const name of providers) {
    const data =
      name === 'email'
        ? { sub: id, email: user.email, email_verified: user.emailConfirmed, phone_verified: false }
        : { sub: id, phone: user.phone, email_verified: false, phone_verified: user.phoneConfirmed === true };
    await client.query(
      `insert into auth.identities (id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
       values ($1, $2::text, $2::uuid, $3, $4, now(), now(), now())`,
      [randomUUID(), id, data, name],
    );
  }
  const [stored] = await findUsers(client, 'id = $1', [id], 'Database error loading user');
  if (stored === undefined) throw new Error('A user that was just inserted is gone.');
  return stored;
}

/** Merges metadata as the service does: null deletes a key, everything else replaces it. */
export function mergeMetadata(
  old: Record<string, unknown>,
  changes: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== null));
}

const unitSeconds: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** The end of a ban: `none` ends it (null), otherwise a Go duration from now such as `24h` or `1h30m`; days don't exist there. */
export function banEnd(duration: string): Date | null {
  if (duration === 'none') return null;
  const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(duration)) {
    throw validationFailed(`invalid format for ban duration: time: invalid duration "${duration}"`);
  }
  const seconds = [...duration.matchAll(part)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitSeconds[unit ?? ''] ?? 0),
    0,
  );
  return new Date(Date.now() + seconds * 1000);
}
