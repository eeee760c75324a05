import { createHash } from 'node:crypto';
import { counted } from '#shared/model/counted';
import { AppError, toAppError } from '#shared/model/errors';
import type { UserAction, UserDetail } from '#shared/model/users';
import type { DatabaseSession } from '../../../ports/database';
import type { Applied } from '../../../ports/users';
import { effectiveEdit, isBanned, isConfirmed, mergeMetadata, refuseStale } from '../edits';
import { hashPassword } from '../passwords';
import { tokensLive } from '../wording';
import { userExists } from '../refusals';
import { nilUuid, readDetail } from './rows';

/** Does one action to one user; belongs into a transaction. The row is locked first, so that two operators follow one another. */
export async function actOn(session: DatabaseSession, id: string, action: UserAction): Promise<Applied> {
  // Hashing takes a while, which nobody has to wait for.
  const hash = action.kind === 'password' ? await hashPassword(action.password) : '';
  const before = await readDetail(session, id, 'lock');
  const done = await apply(session, before, action, hash);
  if (!done.changed) return { ...done, before, after: before };
  const after = action.kind === 'delete' && !action.soft ? undefined : await readDetail(session, id);
  return { before, ...done, ...(after === undefined ? {} : { after }) };
}

type Done = Pick<Applied, 'changed' | 'note'>;
const unchanged: Done = { changed: false };

async function apply(
  session: DatabaseSession,
  user: UserDetail,
  action: UserAction,
  hash: string,
): Promise<Done> {
  const set = (assignments: string, ...values: unknown[]) =>
    session.execute(`update auth.users set ${assignments}, updated_at = now() where id = $1`, [
      user.id,
      ...values,
    ]);
  switch (action.kind) {
    case 'edit':
      return edit(session, user, action);
    case 'confirm': {
      if (isConfirmed(user)) return unchanged;
      await set(
        `email_confirmed_at = case when email is null then email_confirmed_at else coalesce(email_confirmed_at, now()) end,
         phone_confirmed_at = case when phone is null then phone_confirmed_at else coalesce(phone_confirmed_at, now()) end,
         confirmation_token = ''`,
      );
      await session.execute(
        `update auth.identities set updated_at = now(), identity_data = identity_data || jsonb_build_object(provider || '_verified', true)
         where user_id = $1 and provider in ('email', 'phone')`,
        [user.id],
      );
      await session.execute(
        `delete from auth.one_time_tokens where user_id = $1 and token_type = 'confirmation_token'`,
        [user.id],
      );
      return { changed: true };
    }
    case 'password': {
      await set('encrypted_password = $2', hash);
      const ended = await endSessions(session, user.id);
      return { changed: true, note: `${sessionsEnded(ended)} ${tokensLive}` };
    }
    case 'ban':
      await set('banned_until = now() + make_interval(secs => $2)', action.hours * 3600);
      return { changed: true, note: tokensLive };
    case 'unban':
      if (!isBanned(user)) return unchanged;
      await set('banned_until = null');
      return { changed: true };
    case 'signOut': {
      const ended = await endSessions(session, user.id);
      return ended === 0
        ? { changed: false, note: 'There was no session.' }
        : { changed: true, note: `${sessionsEnded(ended)} ${tokensLive}` };
    }
    case 'delete':
      if (!action.soft) {
        await session.execute('delete from auth.users where id = $1', [user.id]);
        return { changed: true, note: tokensLive };
      }
      if (user.deletedAt !== undefined) return unchanged;
      await deleteSoftly(session, user);
      return { changed: true, note: tokensLive };
    case 'removeFactor':
      return removed(
        await session.execute('delete from auth.mfa_factors where id::text = $1 and user_id = $2', [
          action.factorId,
          user.id,
        ]),
      );
    case 'removePasskey':
      return removed(
        await session.execute('delete from auth.webauthn_credentials where id::text = $1 and user_id = $2', [
          action.passkeyId,
          user.id,
        ]),
      );
  }
}

function removed(rows: number): Done {
  return rows === 0 ? { changed: false, note: 'It was gone already.' } : { changed: true };
}

const sessionsEnded = (count: number): string => `${counted(count, 'session')} ended.`;

async function endSessions(session: DatabaseSession, id: string): Promise<number> {
  const ended = await session.execute('delete from auth.sessions where user_id = $1', [id]);
  await session.execute('delete from auth.refresh_tokens where user_id = $1', [id]);
  return ended;
}

async function edit(
  session: DatabaseSession,
  user: UserDetail,
  action: Extract<UserAction, { kind: 'edit' }>,
): Promise<Done> {
  refuseStale(action, user);
  const changes = effectiveEdit(action, user);
  if (changes === undefined) return unchanged;
  const { email, phone, userMetadata, appMetadata } = changes;
  if (email !== undefined) {
    const taken = await session.execute(
      `select from auth.users where instance_id = '${nilUuid}' and lower(email) = $1 and id <> $2 and not is_sso_user`,
      [email, user.id],
    );
    if (taken > 0) throw userExists('email');
    // What was sent to the old address must not open the account any more.
    await session.execute(
      `update auth.users set email = $2, confirmation_token = '', recovery_token = '', email_change = '', email_change_token_new = '',
         email_change_token_current = '', reauthentication_token = '', updated_at = now() where id = $1`,
      [user.id, email],
    );
    await session.execute('delete from auth.one_time_tokens where user_id = $1', [user.id]);
    await setIdentity(session, user.id, 'email', email, user.emailConfirmedAt !== undefined);
  }
  if (phone !== undefined) {
    await session.execute('update auth.users set phone = $2, updated_at = now() where id = $1', [
      user.id,
      phone,
    ]);
    await setIdentity(session, user.id, 'phone', phone, user.phoneConfirmedAt !== undefined);
  }
  for (const [column, old, patch] of [
    ['raw_user_meta_data', user.userMetadata, userMetadata],
    ['raw_app_meta_data', user.appMetadata, appMetadata],
  ] as const) {
    if (patch === undefined) continue;
    await session.execute(`update auth.users set ${column} = $2::jsonb, updated_at = now() where id = $1`, [
      user.id,
      JSON.stringify(mergeMetadata(old, patch)),
    ]);
  }
  return { changed: true };
}

async function setIdentity(
  session: DatabaseSession,
  id: string,
  provider: 'email' | 'phone',
  value: string,
  verified: boolean,
): Promise<void> {
  await session.execute(
    `insert into auth.identities (provider_id, user_id, provider, identity_data, created_at, updated_at)
     values ($1::text, $1::uuid, $2, jsonb_build_object('sub', $1::text, $2::text, $3::text, $2 || '_verified', $4::bool), now(), now())
     on conflict (provider_id, provider) do update
       set identity_data = auth.identities.identity_data || jsonb_build_object($2::text, $3::text), updated_at = now()`,
    [id, provider, value, verified],
  );
}

const obfuscate = (id: string, value: string): string =>
  createHash('sha256').update(`${id}${value}`).digest('base64url');

/** As the service does it: nothing leads back to the person, the address is free again, the row and what refers to it stay. */
async function deleteSoftly(session: DatabaseSession, user: UserDetail): Promise<void> {
  await session.execute(
    `update auth.users set email = $2, phone = $3, encrypted_password = '', raw_user_meta_data = '{}', raw_app_meta_data = '{}',
       email_change = '', phone_change = '', confirmation_token = '', recovery_token = '', email_change_token_new = '',
       email_change_token_current = '', phone_change_token = '', reauthentication_token = '', deleted_at = now(), updated_at = now()
     where id = $1`,
    [
      user.id,
      user.email === undefined ? null : obfuscate(user.id, user.email),
      user.phone === undefined ? null : obfuscate(user.id, user.phone).slice(0, 15),
    ],
  );
  await session.execute(
    `update auth.identities set provider_id = encode(sha256(convert_to($1::text || provider_id, 'UTF8')), 'hex'), identity_data = '{}',
       updated_at = now() where user_id = $1::uuid`,
    [user.id],
  );
  await session.execute('delete from auth.one_time_tokens where user_id = $1', [user.id]);
  await session.execute('delete from auth.mfa_factors where user_id = $1', [user.id]);
  await endSessions(session, user.id);
}

/** A refusal of the database in the terms of users. */
export function asUserFailure(error: unknown): AppError {
  const failure = toAppError(error);
  if (failure.details?.sqlstate === '55P03') {
    return new AppError('TIMED_OUT', 'Another transaction holds this user. Nothing was changed.', {
      hint: 'Wait until it has ended, then try again.',
      retryable: true,
      details: failure.details,
    });
  }
  if (failure.details?.sqlstate !== '23505') return failure;
  const constraint = failure.details.constraint ?? '';
  if (constraint.includes('email')) return userExists('email');
  return constraint.includes('phone') ? userExists('phone') : failure;
}
