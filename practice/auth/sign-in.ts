import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { registerUser, requestEmailChange } from './email-links';
import { AuthError, validationFailed } from './http-error';
import { hashPassword, passwordMatches } from './passwords';
import { body, type AuthRequest, type AuthResponse, type Route } from './route';
import { currentUser, isBanned, openSession, refreshSession } from './sessions';
import { findUserByEmail, mergeMetadata, validEmail } from './user-changes';
import { describeUser, findUsers, type UserRecord } from './user-record';

const metadata = z.record(z.string(), z.unknown());

const invalidCredentials = (): AuthError =>
  new AuthError(400, 'invalid_credentials', 'Invalid login credentials');

async function signInWithPassword(request: AuthRequest): Promise<AuthResponse> {
  const input = body(
    request,
    z.object({
      email: z.string().optional(),
      phone: z.string().optional(),
      password: z.string().default(''),
    }),
  );
  let user: UserRecord | undefined;
  if (input.email !== undefined && input.email !== '')
    user = await findUserByEmail(request.client, input.email);
  else if (input.phone !== undefined && input.phone !== '') {
    [user] = await findUsers(
      request.client,
      'phone = $1',
      [input.phone.replace(/^\+/, '')],
      'Database error querying schema',
    );
  } else throw validationFailed('missing email or phone');
  const stored = user?.encrypted_password ?? '';
  if (user === undefined || stored === '') throw invalidCredentials();
  if (isBanned(user)) throw new AuthError(400, 'user_banned', 'User is banned');
  if (!(await passwordMatches(input.password, stored))) throw invalidCredentials();
  const confirmed = input.email === undefined ? user.phone_confirmed_at : user.email_confirmed_at;
  if (confirmed === null) {
    throw input.email === undefined
      ? new AuthError(400, 'phone_not_confirmed', 'Phone not confirmed')
      : new AuthError(400, 'email_not_confirmed', 'Email not confirmed');
  }
  return { body: await openSession(request, user, 'password') };
}

async function token(request: AuthRequest): Promise<AuthResponse> {
  const grant = request.query.get('grant_type');
  if (grant === 'password') return signInWithPassword(request);
  if (grant !== 'refresh_token') throw new AuthError(400, 'invalid_credentials', 'unsupported_grant_type');
  const { refresh_token } = body(request, z.object({ refresh_token: z.string().default('') }));
  if (refresh_token === '') throw validationFailed('refresh_token required');
  return { body: await refreshSession(request, refresh_token) };
}

async function logOut(request: AuthRequest): Promise<AuthResponse> {
  const user = await currentUser(request);
  const scope = z.enum(['global', 'local', 'others']).safeParse(request.query.get('scope') ?? 'global').data;
  if (scope === undefined) throw validationFailed('Unsupported logout scope');
  const session = request.caller.claims?.session_id ?? null;
  const which = { global: 'true', local: 'id = $2', others: 'id is distinct from $2' }[scope];
  await request.client.query(
    `delete from auth.sessions where user_id = $1 and ($2::uuid is null or ${which})`,
    [user.id, session],
  );
  return { status: 204 };
}

async function updateSelf(request: AuthRequest): Promise<AuthResponse> {
  const { client } = request;
  const user = await currentUser(request);
  const input = body(
    request,
    z.object({ email: z.string().optional(), password: z.string().optional(), data: metadata.nullish() }),
  );
  if (input.password !== undefined) {
    if (user.encrypted_password && (await passwordMatches(input.password, user.encrypted_password))) {
      throw new AuthError(422, 'same_password', 'New password should be different from the old password.');
    }
    await client.query('update auth.users set encrypted_password = $2 where id = $1', [
      user.id,
      await hashPassword(input.password),
    ]);
    // A changed password ends every other session.
    await client.query('delete from auth.sessions where user_id = $1 and id is distinct from $2', [
      user.id,
      request.caller.claims?.session_id ?? null,
    ]);
  }
  if (input.data) {
    await client.query('update auth.users set raw_user_meta_data = $2 where id = $1', [
      user.id,
      mergeMetadata(user.raw_user_meta_data, input.data),
    ]);
  }
  if (input.email !== undefined && input.email.toLowerCase() !== user.email) {
    await requestEmailChange(client, user, validEmail(input.email));
  }
  await client.query('update auth.users set updated_at = now() where id = $1', [user.id]);
  return { body: await describeUser(client, await currentUser(request)) };
}

async function signUp(request: AuthRequest): Promise<AuthResponse> {
  const input = body(
    request,
    z.object({ email: z.string().default(''), password: z.string().default(''), data: metadata.nullish() }),
  );
  const email = validEmail(input.email);
  if (input.password === '') throw validationFailed('Signup requires a valid password');
  await hashPassword(input.password);
  const existing = await findUserByEmail(request.client, email);
  if (existing?.confirmed_at != null) {
    // Who asks must not learn that the address is taken, so the answer looks like a new user's.
    const now = new Date().toISOString();
    return {
      body: {
        id: randomUUID(),
        aud: 'authenticated',
        role: '',
        email,
        phone: '',
        confirmation_sent_at: now,
        app_metadata: { provider: 'email', providers: ['email'] },
        user_metadata: {},
        identities: [],
        created_at: now,
        updated_at: now,
        is_anonymous: false,
      },
    };
  }
  const { user } = await registerUser(request.client, email, input.password, input.data ?? undefined);
  return { body: await describeUser(request.client, user) };
}

const settings = {
  external: { email: true, phone: false, anonymous_users: false, apple: false, github: false, google: false },
  disable_signup: false,
  mailer_autoconfirm: false,
  phone_autoconfirm: false,
  sms_provider: '',
  saml_enabled: false,
  passkeys_enabled: false,
};

/** Signing up, in and out, a user's own record, and what the service says about itself. */
export const signInRoutes: Route[] = [
  { method: 'POST', path: '/token', access: 'key', limit: 'token', handle: token },
  { method: 'POST', path: '/logout', access: 'user', handle: logOut },
  {
    method: 'GET',
    path: '/user',
    access: 'user',
    handle: async (request) => ({ body: await describeUser(request.client, await currentUser(request)) }),
  },
  { method: 'PUT', path: '/user', access: 'user', handle: updateSelf },
  { method: 'POST', path: '/signup', access: 'key', limit: 'mail', handle: signUp },
  { method: 'GET', path: '/settings', access: 'key', handle: () => Promise.resolve({ body: settings }) },
  {
    method: 'GET',
    path: '/health',
    access: 'key',
    handle: () =>
      Promise.resolve({
        body: {
          version: 'practice',
          name: 'GoTrue',
          description: 'Stand-in for the Supabase Auth service, for practice only',
        },
      }),
  },
  {
    method: 'GET',
    path: '/.well-known/jwks.json',
    access: 'open',
    handle: ({ signer }) =>
      Promise.resolve({ body: signer.jwks, headers: { 'Cache-Control': 'public, max-age=600' } }),
  },
];
