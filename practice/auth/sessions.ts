import { randomBytes, randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { z } from 'zod';
import { AuthError } from './http-error';
import type { AuthRequest } from './route';
import { accessTokenSeconds } from './tokens';
import { describeUser, findUsers, nilUuid, type UserRecord } from './user-record';

/** Seconds in which a refresh token may be used twice: two tabs may ask at the same time. */
const reuseSeconds = 10;

const refreshTokenSchema = z.object({
  id: z.string(),
  token: z.string(),
  user_id: z.string(),
  session_id: z.string(),
  revoked: z.boolean(),
  fresh: z.boolean(),
});

async function insertRefreshToken(
  client: PoolClient,
  userId: string,
  sessionId: string,
  parent?: string,
): Promise<string> {
  const token = randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'x').toLowerCase();
  await client.query(
    `insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
     values ($1, $2, $3, false, now(), now(), $4, $5)`,
    [nilUuid, token, userId, parent ?? null, sessionId],
  );
  return token;
}

async function answer(
  request: AuthRequest,
  user: UserRecord,
  sessionId: string,
  refreshToken: string,
): Promise<Record<string, unknown>> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const access_token = await request.signer.sign(
    {
      sub: user.id,
      aud: user.aud,
      email: user.email ?? '',
      phone: user.phone ?? '',
      app_metadata: user.raw_app_meta_data,
      user_metadata: user.raw_user_meta_data,
      role: user.role,
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: issuedAt }],
      session_id: sessionId,
      is_anonymous: user.is_anonymous,
    },
    issuedAt,
  );
  return {
    access_token,
    token_type: 'bearer',
    expires_in: accessTokenSeconds,
    expires_at: issuedAt + accessTokenSeconds,
    refresh_token: refreshToken,
    user: await describeUser(request.client, user),
  };
}

/** Opens a session for a user who has proven who they are, and answers as `/token` does. */
export async function openSession(
  request: AuthRequest,
  user: UserRecord,
  method: string,
): Promise<Record<string, unknown>> {
  const { client, headers } = request;
  const sessionId = randomUUID();
  await client.query(
    `insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
     values ($1, $2, now(), now(), 'aal1', $3, $4)`,
    [sessionId, user.id, headers['user-agent'] ?? '', request.ip],
  );
  await client.query(
    `insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
     values ($1, $2, now(), now(), $3)`,
    [randomUUID(), sessionId, method],
  );
  const refreshToken = await insertRefreshToken(client, user.id, sessionId);
  await client.query('update auth.users set last_sign_in_at = now(), updated_at = now() where id = $1', [
    user.id,
  ]);
  await client.query(
    `update auth.identities set last_sign_in_at = now() where user_id = $1 and provider = 'email'`,
    [user.id],
  );
  const [fresh] = await findUsers(client, 'id = $1', [user.id], 'Database error loading user');
  return answer(request, fresh ?? user, sessionId, refreshToken);
}

/** Exchanges a refresh token for a new pair. */
export async function refreshSession(
  request: AuthRequest,
  refreshToken: string,
): Promise<Record<string, unknown>> {
  const { client } = request;
  const found = await client.query(
    `select id::text, token, user_id, session_id, revoked, updated_at > now() - make_interval(secs => $2) as fresh
     from auth.refresh_tokens where token = $1 for update`,
    [refreshToken, reuseSeconds],
  );
  const current = refreshTokenSchema.safeParse(found.rows[0]).data;
  if (current === undefined) {
    throw new AuthError(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
  }
  const [user] = await findUsers(client, 'id = $1', [current.user_id], 'Database error querying schema');
  if (user === undefined)
    throw new AuthError(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
  if (isBanned(user)) throw new AuthError(400, 'user_banned', 'Invalid Refresh Token: User Banned');
  if (current.revoked && !current.fresh) {
    await client.query('delete from auth.sessions where id = $1', [current.session_id]);
    // The session stays deleted although the request is refused.
    await client.query('commit; begin');
    throw new AuthError(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used');
  }
  await client.query('update auth.refresh_tokens set revoked = true, updated_at = now() where id = $1', [
    current.id,
  ]);
  await client.query('update auth.sessions set refreshed_at = now(), updated_at = now() where id = $1', [
    current.session_id,
  ]);
  const next = await insertRefreshToken(client, user.id, current.session_id, current.token);
  return answer(request, user, current.session_id, next);
}

/** Whether the user's ban is still running. */
export function isBanned(user: UserRecord): boolean {
  return user.banned_until !== null && Date.parse(user.banned_until) > Date.now();
}

/** The user of the request's access token; its session must still exist. */
export async function currentUser(request: AuthRequest): Promise<UserRecord> {
  const { claims } = request.caller;
  if (claims === undefined)
    throw new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
  const [user] = await findUsers(request.client, 'id = $1', [claims.sub], 'Database error loading user');
  if (user === undefined)
    throw new AuthError(403, 'user_not_found', 'User from sub claim in JWT does not exist');
  if (claims.session_id !== undefined) {
    const session = await request.client.query('select from auth.sessions where id = $1', [
      claims.session_id,
    ]);
    if (session.rowCount === 0) {
      throw new AuthError(403, 'session_not_found', 'Session from session_id claim in JWT does not exist');
    }
  }
  return user;
}
