import { randomBytes, randomUUID } from 'node:crypto';
import { hash } from 'bcryptjs';
import type { Evidence } from '#shared/model/run';
import type { AuthPort } from '../../ports/auth';
import type { DatabaseSession } from '../../ports/database';
import { insertUsers } from './insert-users';
import type { AuthTables } from './auth-tables';
import type { SourceUser } from './source-users';
import { mapTable } from './user-map';

/** No address can end so, hence nobody is ever written to. */
const domain = 'cutover-canary.invalid';
const sourceName = 'canary';

/** Removes canaries, also those of a process that was killed between making and removing one. */
async function remove(target: DatabaseSession): Promise<void> {
  await target.execute(`delete from auth.users where email like '%@${domain}'`);
  await target.execute(`delete from ${mapTable} where source = '${sourceName}'`);
}

/** Whether a user of the service is such a one. */
export const isCanary = ({ email }: { email: string }): boolean => email.endsWith(`@${domain}`);

/** A user of Cutover's own with this hash. */
export function canaryUser(passwordHash: string): SourceUser {
  const email = `${randomUUID()}@${domain}`;
  return {
    source: sourceName,
    key: email,
    id: randomUUID(),
    email,
    phone: null,
    hash: passwordHash,
    inactive: false,
    verified: true,
    phone_verified: false,
    verified_at: null,
    created_at: null,
    updated_at: null,
    last_sign_in_at: null,
    own: '{}',
    app: '{}',
  };
}

/** Signs in with the right password and with a wrong one. */
export async function signInEvidence(
  auth: AuthPort,
  email: string,
  password: string,
  signal: AbortSignal,
): Promise<Evidence> {
  const right = await auth.canSignIn({ email, password }, signal);
  const wrong = await auth.canSignIn({ email, password: `${password}x` }, signal);
  return {
    subject: 'sign-in',
    method: 'a user made for this is imported, signs in and is removed',
    source: 'the right password is taken, a wrong one refused',
    target: `the right one is ${right ? 'taken' : 'refused'}, a wrong one ${wrong ? 'taken' : 'refused'}`,
    equal: right && !wrong,
  };
}

/**
 * Imports a user of its own with a random password, signs in with it and with a wrong one, and removes the user: proof that
 * the service takes what the import writes.
 */
export async function tryCanary(
  target: DatabaseSession,
  auth: AuthPort,
  tables: AuthTables,
  silent: boolean,
  signal: AbortSignal,
): Promise<Evidence> {
  const password = randomBytes(24).toString('base64url');
  const canary = canaryUser(await hash(password, 4));
  await remove(target);
  try {
    await insertUsers(target, tables, [canary], { silent });
    return await signInEvidence(auth, canary.key, password, signal);
  } finally {
    await remove(target);
  }
}
