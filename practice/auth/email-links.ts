import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { z } from 'zod';
import { AuthError, userNotFound, validationFailed } from './http-error';
import { hashPassword } from './passwords';
import { body, type AuthRequest, type AuthResponse, type Route } from './route';
import { openSession } from './sessions';
import { findUserByEmail, insertUser, validEmail, assertEmailFree } from './user-changes';
import { describeUser, findUsers, type UserRecord } from './user-record';

const siteUrl = 'http://localhost:3000';

interface Token {
  hashed: string;
  otp: string;
}

/** The columns in which the token of each kind of mail stands. */
const tokenColumns = {
  confirmation_token: { token: 'confirmation_token', sentAt: 'confirmation_sent_at' },
  recovery_token: { token: 'recovery_token', sentAt: 'recovery_sent_at' },
  email_change_token_new: { token: 'email_change_token_new', sentAt: 'email_change_sent_at' },
  email_change_token_current: { token: 'email_change_token_current', sentAt: 'email_change_sent_at' },
} as const;
type TokenKind = keyof typeof tokenColumns;

/** Stores a one-time token for the address, in both places where the service keeps it. */
async function issueToken(
  client: PoolClient,
  user: UserRecord,
  kind: TokenKind,
  relatesTo: string,
): Promise<Token> {
  const otp = String(randomInt(1_000_000)).padStart(6, '0');
  const hashed = createHash('sha224')
    .update(relatesTo + otp)
    .update(randomBytes(16))
    .digest('hex');
  const { token, sentAt } = tokenColumns[kind];
  await client.query(
    `update auth.users set ${token} = $2, ${sentAt} = now(), updated_at = now() where id = $1`,
    [user.id, hashed],
  );
  await client.query('delete from auth.one_time_tokens where user_id = $1 and token_type = $2', [
    user.id,
    kind,
  ]);
  await client.query(
    'insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to) values ($1, $2, $3, $4, $5)',
    [randomUUID(), user.id, kind, hashed, relatesTo],
  );
  return { hashed, otp };
}

async function reload(client: PoolClient, id: string): Promise<UserRecord> {
  const [user] = await findUsers(client, 'id = $1', [id], 'Database error loading user');
  if (user === undefined) throw userNotFound();
  return user;
}

/** What `/invite` and a link of type `invite` or `signup` do to a user that may not exist yet. */
async function inviteUser(
  client: PoolClient,
  email: string,
  data: Record<string, unknown> | undefined,
): Promise<{ user: UserRecord; token: Token }> {
  const existing = await findUserByEmail(client, email);
  if (existing?.confirmed_at != null) await assertEmailFree(client, email);
  const user =
    existing ??
    (await insertUser(client, { email, encryptedPassword: '', emailConfirmed: false, userMetadata: data }));
  const token = await issueToken(client, user, 'confirmation_token', email);
  await client.query('update auth.users set invited_at = now() where id = $1', [user.id]);
  return { user: await reload(client, user.id), token };
}

/** Registers an address that still has to be confirmed, as `/signup` does. */
export async function registerUser(
  client: PoolClient,
  email: string,
  password: string,
  data: Record<string, unknown> | undefined,
): Promise<{ user: UserRecord; token: Token }> {
  const existing = await findUserByEmail(client, email);
  const user =
    existing ??
    (await insertUser(client, {
      email,
      encryptedPassword: await hashPassword(password),
      emailConfirmed: false,
      userMetadata: data,
    }));
  const token = await issueToken(client, user, 'confirmation_token', email);
  return { user: await reload(client, user.id), token };
}

/** Asks for the user's consent to a new address: it counts once the link in the mail was followed. */
export async function requestEmailChange(
  client: PoolClient,
  user: UserRecord,
  email: string,
): Promise<Token> {
  await assertEmailFree(client, email, user.id);
  await client.query(
    'update auth.users set email_change = $2, email_change_confirm_status = 0 where id = $1',
    [user.id, email],
  );
  return issueToken(client, user, 'email_change_token_new', email);
}

const linkSchema = z.object({
  type: z.enum(['signup', 'invite', 'magiclink', 'recovery', 'email_change_current', 'email_change_new']),
  email: z.string(),
  new_email: z.string().optional(),
  password: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  redirect_to: z.string().optional(),
});

async function generateLink(request: AuthRequest): Promise<AuthResponse> {
  const { client, baseUrl } = request;
  const input = body(request, linkSchema);
  const email = validEmail(input.email);
  const prepare = async (): Promise<{ user: UserRecord; token: Token }> => {
    switch (input.type) {
      case 'invite':
        return inviteUser(client, email, input.data);
      case 'signup': {
        if (input.password === undefined) throw validationFailed('Signup requires a valid password');
        await assertEmailFreeOrUnconfirmed(client, email);
        return registerUser(client, email, input.password, input.data);
      }
      case 'magiclink':
      case 'recovery': {
        const user = await findUserByEmail(client, email);
        if (user === undefined && input.type === 'recovery')
          throw new AuthError(404, 'user_not_found', 'User with this email not found');
        const known =
          user ??
          (await insertUser(client, {
            email,
            encryptedPassword: '',
            emailConfirmed: false,
            userMetadata: input.data,
          }));
        return { user: known, token: await issueToken(client, known, 'recovery_token', email) };
      }
      case 'email_change_current':
      case 'email_change_new': {
        const user = await findUserByEmail(client, email);
        if (user === undefined) throw new AuthError(404, 'user_not_found', 'User with this email not found');
        const next = validEmail(input.new_email ?? '');
        const token = await requestEmailChange(client, user, next);
        return input.type === 'email_change_new'
          ? { user, token }
          : { user, token: await issueToken(client, user, 'email_change_token_current', email) };
      }
    }
  };
  const { user, token } = await prepare();
  const redirectTo = input.redirect_to ?? siteUrl;
  const target = new URLSearchParams({ token: token.hashed, type: input.type, redirect_to: redirectTo });
  return {
    body: {
      ...(await describeUser(client, await reload(client, user.id))),
      action_link: `${baseUrl}/verify?${target.toString()}`,
      email_otp: token.otp,
      hashed_token: token.hashed,
      verification_type: input.type,
      redirect_to: redirectTo,
    },
  };
}

async function assertEmailFreeOrUnconfirmed(client: PoolClient, email: string): Promise<void> {
  const existing = await findUserByEmail(client, email);
  if (existing?.confirmed_at != null) await assertEmailFree(client, email);
}

const verifiedKinds: Record<string, TokenKind> = {
  signup: 'confirmation_token',
  invite: 'confirmation_token',
  magiclink: 'recovery_token',
  recovery: 'recovery_token',
  email_change_new: 'email_change_token_new',
  email_change_current: 'email_change_token_current',
  email_change: 'email_change_token_new',
};

const sessionSchema = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string(),
  expires_in: z.number(),
});

/** Takes a mail's token, once: confirms what it confirms and signs the user in. Undefined for a token that does not count. */
async function redeem(
  request: AuthRequest,
  type: string,
  token: string,
): Promise<z.infer<typeof sessionSchema> | undefined> {
  const { client } = request;
  const kind = verifiedKinds[type];
  if (kind === undefined) throw validationFailed('Verify requires a verification type');
  const found = await client.query<{ user_id: string }>(
    `delete from auth.one_time_tokens where token_hash = $1 and token_type = $2 and created_at > now() - interval '1 hour' returning user_id`,
    [token, kind],
  );
  const id = found.rows[0]?.user_id;
  if (id === undefined) return undefined;
  const change =
    kind === 'email_change_token_new'
      ? `email = case when email_change <> '' then email_change else email end, email_change = '', email_change_token_new = '', email_change_token_current = ''`
      : `${tokenColumns[kind].token} = '', email_confirmed_at = coalesce(email_confirmed_at, now())`;
  await client.query(`update auth.users set ${change}, updated_at = now() where id = $1`, [id]);
  await client.query(
    `update auth.identities i set identity_data = identity_data || jsonb_build_object('email', u.email, 'email_verified', true), updated_at = now()
     from auth.users u where u.id = i.user_id and i.user_id = $1 and provider = 'email'`,
    [id],
  );
  return sessionSchema.parse(await openSession(request, await reload(client, id), 'otp'));
}

/** Follows the link of a mail: redirects with the session in the fragment. */
async function followLink(request: AuthRequest): Promise<AuthResponse> {
  const { query } = request;
  const type = query.get('type') ?? '';
  const session = await redeem(request, type, query.get('token') ?? '');
  const fragment: Record<string, string> =
    session === undefined
      ? {
          error: 'access_denied',
          error_code: 'otp_expired',
          error_description: 'Email link is invalid or has expired',
        }
      : {
          access_token: session.access_token,
          refresh_token: session.refresh_token,
          expires_in: String(session.expires_in),
          token_type: 'bearer',
          type,
        };
  const target = `${query.get('redirect_to') ?? siteUrl}#${new URLSearchParams(fragment).toString()}`;
  return { status: 303, headers: { Location: target } };
}

/** Takes the token that a client found in a link of its own making: `verifyOtp({token_hash, type})`. */
async function verifyHash(request: AuthRequest): Promise<AuthResponse> {
  const input = body(request, z.object({ type: z.string(), token_hash: z.string() }));
  // Since it made types of mail one, the service also calls a sign-in link `email`.
  const type = input.type === 'email' ? 'magiclink' : input.type;
  const session = await redeem(request, type, input.token_hash);
  if (session === undefined) throw new AuthError(403, 'otp_expired', 'Email link is invalid or has expired');
  return { body: session };
}

const addressed = z.object({ email: z.string(), data: z.record(z.string(), z.unknown()).optional() });

/** Everything that would send a mail. No mail is sent here. */
export const emailLinkRoutes: Route[] = [
  { method: 'POST', path: '/admin/generate_link', access: 'admin', handle: generateLink },
  {
    method: 'POST',
    path: '/invite',
    access: 'admin',
    async handle(request) {
      const { email, data } = body(request, addressed);
      const { user } = await inviteUser(request.client, validEmail(email), data);
      return { body: await describeUser(request.client, user) };
    },
  },
  {
    method: 'POST',
    path: '/recover',
    access: 'key',
    limit: 'mail',
    async handle(request) {
      const { email } = body(request, addressed);
      const user = await findUserByEmail(request.client, validEmail(email));
      if (user !== undefined) await issueToken(request.client, user, 'recovery_token', email.toLowerCase());
      return { body: {} };
    },
  },
  {
    method: 'POST',
    path: '/otp',
    access: 'key',
    limit: 'mail',
    async handle(request) {
      const { email } = body(request, addressed.extend({ create_user: z.literal(false) }));
      const user = await findUserByEmail(request.client, validEmail(email));
      if (user === undefined) throw new AuthError(422, 'otp_disabled', 'Signups not allowed for otp');
      await issueToken(request.client, user, 'recovery_token', email.toLowerCase());
      return { body: {} };
    },
  },
  {
    method: 'POST',
    path: '/resend',
    access: 'key',
    limit: 'mail',
    async handle(request) {
      const { email } = body(request, z.object({ email: z.string(), type: z.literal('signup') }));
      const user = await findUserByEmail(request.client, validEmail(email));
      if (user?.confirmed_at === null)
        await issueToken(request.client, user, 'confirmation_token', email.toLowerCase());
      return { body: {} };
    },
  },
  { method: 'GET', path: '/verify', access: 'open', handle: followLink },
  { method: 'POST', path: '/verify', access: 'key', limit: 'token', handle: verifyHash },
];
