import { hash } from 'bcryptjs';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startManagedPostgres, type ManagedPostgres } from './postgres/managed-postgres';
import { startSupabaseServer, type SupabaseServer } from './supabase-server';

let database: ManagedPostgres;
let service: SupabaseServer;
let owner: Client;

beforeAll(async () => {
  database = await startManagedPostgres();
  service = await startSupabaseServer({
    authUrl: database.authUrl,
    restUrl: database.restUrl,
    rateLimits: false,
  });
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await service.close();
  await database.stop();
});

const record = z.record(z.string(), z.unknown());

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  options: { body?: unknown; key?: string; bearer?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      'User-Agent': 'cutover-test',
      apikey: options.key ?? service.secretKey,
      ...(options.bearer === undefined ? {} : { Authorization: `Bearer ${options.bearer}` }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const body = record.safeParse(text === '' ? {} : JSON.parse(text));
  return { status: response.status, headers: response.headers, body: body.data ?? {} };
}

const admin = (method: string, path: string, body?: unknown): Promise<Answer> =>
  call(method, `/auth/v1/admin${path}`, body === undefined ? {} : { body });

const signIn = (email: string, password: string): Promise<Answer> =>
  call('POST', '/auth/v1/token?grant_type=password', {
    key: service.publishableKey,
    body: { email, password },
  });

async function createUser(email: string, further: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await admin('POST', '/users', {
    email,
    password: 'a good password',
    email_confirm: true,
    ...further,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return z.string().parse(body['id']);
}

const text = (answer: Answer, name: string): string => z.string().parse(answer.body[name]);

describe('the gateway', () => {
  it('wants a key, and the right one', async () => {
    const without = await fetch(`${service.url}/auth/v1/settings`);
    expect(without.status).toBe(401);
    expect((await call('GET', '/auth/v1/settings', { key: 'sb_secret_wrong' })).status).toBe(401);
    expect((await call('GET', '/auth/v1/settings', { key: service.publishableKey })).status).toBe(200);
  });

  it('refuses the secret key from a browser', async () => {
    const headers = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0' };
    expect((await call('GET', '/auth/v1/admin/users', { headers })).status).toBe(401);
    expect((await call('GET', '/auth/v1/settings', { headers, key: service.publishableKey })).status).toBe(
      200,
    );
  });

  it('keeps the publishable key out of the admin calls', async () => {
    const answer = await call('GET', '/auth/v1/admin/users', { key: service.publishableKey });
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'not_admin' } });
  });
});

describe('signing in', () => {
  it.each(['$2a$', '$2b$', '$2y$'])('checks a hash with the prefix %s', async (prefix) => {
    const email = `prefix-${prefix.slice(1, 3)}@example.com`;
    const stored = `${prefix}${(await hash('correct horse', 4)).slice(4)}`;
    await createUser(email, { password: undefined, password_hash: stored });
    const { rows } = await owner.query('select encrypted_password from auth.users where email = $1', [email]);
    expect(rows).toEqual([{ encrypted_password: stored }]);
    expect((await signIn(email, 'correct horse')).status).toBe(200);
    expect(await signIn(email, 'wrong horse')).toMatchObject({
      status: 400,
      body: { error_code: 'invalid_credentials' },
    });
  });

  it('finds rows that were written by SQL, and fails on NULL tokens as the real service does', async () => {
    const stored = await hash('from the old shop', 4);
    const insert = `insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, created_at, updated_at,
      confirmation_token, recovery_token, email_change, email_change_token_new)
      values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated', $1, $2, now(), now(), now(), $3, '', '', '')`;
    await owner.query(insert, ['sql@example.com', stored, '']);
    await owner.query(insert, ['null-token@example.com', stored, null]);
    expect((await signIn('SQL@Example.com', 'from the old shop')).status).toBe(200);
    expect(await signIn('null-token@example.com', 'from the old shop')).toMatchObject({
      status: 500,
      body: { msg: 'Database error querying schema' },
    });
    await owner.query(`delete from auth.users where email = 'null-token@example.com'`);
  });

  it('signs ES256 tokens that the published keys verify', async () => {
    await createUser('token@example.com', { app_metadata: { plan: 'pro' } });
    const answer = await signIn('token@example.com', 'a good password');
    const keys = createRemoteJWKSet(new URL(`${service.url}/auth/v1/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(text(answer, 'access_token'), keys, {
      issuer: `${service.url}/auth/v1`,
      audience: 'authenticated',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({
      email: 'token@example.com',
      role: 'authenticated',
      aal: 'aal1',
      app_metadata: { plan: 'pro' },
    });
  });

  it('tells banned and unconfirmed users apart', async () => {
    await createUser('banned@example.com', { ban_duration: '24h' });
    await createUser('unconfirmed@example.com', { email_confirm: false });
    expect(await signIn('banned@example.com', 'a good password')).toMatchObject({
      status: 400,
      body: { error_code: 'user_banned' },
    });
    expect(await signIn('unconfirmed@example.com', 'a good password')).toMatchObject({
      status: 400,
      body: { error_code: 'email_not_confirmed' },
    });
  });

  it('refreshes once, and ends the session when an old token comes back later', async () => {
    await createUser('refresh@example.com');
    const first = await signIn('refresh@example.com', 'a good password');
    const refresh = (token: string): Promise<Answer> =>
      call('POST', '/auth/v1/token?grant_type=refresh_token', {
        key: service.publishableKey,
        body: { refresh_token: token },
      });
    const second = await refresh(text(first, 'refresh_token'));
    expect(second.status).toBe(200);
    await owner.query(
      `update auth.refresh_tokens set updated_at = now() - interval '1 minute' where revoked`,
    );
    expect(await refresh(text(first, 'refresh_token'))).toMatchObject({
      status: 400,
      body: { error_code: 'refresh_token_already_used' },
    });
    expect((await refresh(text(second, 'refresh_token'))).status).toBe(400);
    expect(await refresh('unknown')).toMatchObject({ body: { error_code: 'refresh_token_not_found' } });
  });

  it('signs out', async () => {
    await createUser('leaving@example.com');
    const bearer = text(await signIn('leaving@example.com', 'a good password'), 'access_token');
    const own = { key: service.publishableKey, bearer };
    expect((await call('GET', '/auth/v1/user', own)).body).toMatchObject({ email: 'leaving@example.com' });
    expect((await call('POST', '/auth/v1/logout', own)).status).toBe(204);
    expect(await call('GET', '/auth/v1/user', own)).toMatchObject({
      status: 403,
      body: { error_code: 'session_not_found' },
    });
  });

  it('lets users change their own password and metadata', async () => {
    await createUser('self@example.com', { user_metadata: { a: 1, b: 2 } });
    const bearer = text(await signIn('self@example.com', 'a good password'), 'access_token');
    const put = (body: unknown): Promise<Answer> =>
      call('PUT', '/auth/v1/user', { key: service.publishableKey, bearer, body });
    expect(await put({ password: 'a good password' })).toMatchObject({
      status: 422,
      body: { error_code: 'same_password' },
    });
    expect(await put({ password: 'short' })).toMatchObject({
      status: 422,
      body: { error_code: 'weak_password' },
    });
    expect(await put({ password: 'a better password', data: { b: null, c: 3 } })).toMatchObject({
      status: 200,
      body: { user_metadata: { a: 1, c: 3 } },
    });
    expect((await signIn('self@example.com', 'a better password')).status).toBe(200);
  });

  it('limits sign-ins as documented', async () => {
    const limited = await startSupabaseServer({ authUrl: database.authUrl, restUrl: database.restUrl });
    const statuses = await Promise.all(
      Array.from({ length: 35 }, () =>
        fetch(`${limited.url}/auth/v1/token?grant_type=password`, {
          method: 'POST',
          headers: { apikey: limited.publishableKey },
          body: JSON.stringify({ email: 'nobody@example.com', password: 'x' }),
        }).then((response) => response.status),
      ),
    );
    await limited.close();
    expect(statuses.filter((status) => status === 400)).toHaveLength(30);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
  });
});

describe('the admin calls', () => {
  it('creates with an id, and refuses duplicates in the service’s words', async () => {
    const id = '5f0c7a52-3d55-4a0c-8d0a-9d3f1f0f7a11';
    expect(await createUser('With.Capitals@example.com', { id })).toBe(id);
    const { body } = await admin('GET', `/users/${id}`);
    expect(body).toMatchObject({
      email: 'with.capitals@example.com',
      app_metadata: { provider: 'email', providers: ['email'] },
      identities: [{ provider: 'email', id, identity_data: { sub: id, email_verified: true } }],
    });
    expect(await admin('POST', '/users', { email: 'with.capitals@example.com' })).toMatchObject({
      status: 422,
      body: { code: 422, error_code: 'email_exists' },
    });
    expect(await admin('POST', '/users', { id, email: 'other@example.com' })).toMatchObject({
      status: 500,
      body: { code: '23505' },
    });
    expect(
      (await admin('POST', '/users', { email: 'bad-hash@example.com', password_hash: 'md5:abc' })).status,
    ).toBe(500);
  });

  it('answers errors in the shape that the API version asks for', async () => {
    const headers = { 'X-Supabase-Api-Version': '2024-01-01' };
    const path = '/auth/v1/admin/users/5f0c7a52-0000-4a0c-8d0a-9d3f1f0f7a11';
    expect(await call('GET', path)).toMatchObject({
      status: 404,
      body: { code: 404, error_code: 'user_not_found', msg: 'User not found' },
    });
    expect(await call('GET', path, { headers })).toMatchObject({
      status: 404,
      body: { code: 'user_not_found', message: 'User not found' },
    });
  });

  it('merges metadata, ignores a hash on update, and bans', async () => {
    const id = await createUser('update@example.com', { user_metadata: { keep: 1, drop: 2 } });
    const updated = await admin('PUT', `/users/${id}`, {
      user_metadata: { drop: null, add: 3 },
      password_hash: await hash('ignored', 4),
      email: 'Updated@example.com',
      ban_duration: '1h30m',
    });
    expect(updated.body).toMatchObject({
      email: 'updated@example.com',
      user_metadata: { keep: 1, add: 3 },
      identities: [{ email: 'updated@example.com' }],
    });
    expect(Date.parse(text(updated, 'banned_until')) - Date.now()).toBeGreaterThan(80 * 60_000);
    expect((await admin('PUT', `/users/${id}`, { ban_duration: '2d' })).status).toBe(400);
    expect((await admin('PUT', `/users/${id}`, { ban_duration: 'none' })).body).not.toHaveProperty(
      'banned_until',
    );
    expect((await signIn('updated@example.com', 'a good password')).status).toBe(200);
  });

  it('lists by page, filter and order', async () => {
    for (const n of [1, 2, 3])
      await createUser(`paged-${n}@example.com`, { user_metadata: { full_name: `Paged Person ${n}` } });
    const first = await admin('GET', '/users?page=1&per_page=2&filter=paged-&sort=created_at asc');
    expect(first.headers.get('x-total-count')).toBe('3');
    expect(first.headers.get('link')).toMatch(/page=2[^>]*>; rel="next".*page=2[^>]*>; rel="last"/);
    expect(first.body['users']).toMatchObject([
      { email: 'paged-1@example.com' },
      { email: 'paged-2@example.com' },
    ]);
    expect((await admin('GET', '/users?filter=paged person 3')).body['users']).toMatchObject([
      { email: 'paged-3@example.com' },
    ]);
    expect((await admin('GET', '/users?filter=PAGED-')).body['users']).toEqual([]);
  });

  it('deletes softly and for good', async () => {
    const soft = await createUser('soft@example.com');
    expect(await admin('DELETE', `/users/${soft}`, { should_soft_delete: true })).toMatchObject({
      status: 200,
      body: {},
    });
    expect((await admin('GET', `/users/${soft}`)).body).toHaveProperty('deleted_at');
    const again = await createUser('soft@example.com');
    expect((await admin('DELETE', `/users/${again}`)).status).toBe(200);
    expect((await admin('GET', `/users/${again}`)).status).toBe(404);
  });

  it('fails to delete a user whom a foreign key holds', async () => {
    const id = await createUser('held@example.com');
    await owner.query('create table public.holds (user_id uuid references auth.users (id))');
    await owner.query('insert into public.holds values ($1)', [id]);
    expect(await admin('DELETE', `/users/${id}`)).toMatchObject({
      status: 500,
      body: { msg: 'Database error deleting user' },
    });
    await owner.query('drop table public.holds');
  });

  it('makes links that confirm and sign in', async () => {
    await createUser('link@example.com', { email_confirm: false });
    const link = await admin('POST', '/generate_link', {
      type: 'magiclink',
      email: 'link@example.com',
      redirect_to: 'http://localhost/done',
    });
    expect(link.body).toMatchObject({
      verification_type: 'magiclink',
      redirect_to: 'http://localhost/done',
      email: 'link@example.com',
    });
    const followed = await fetch(text(link, 'action_link'), { redirect: 'manual' });
    expect(followed.status).toBe(303);
    expect(followed.headers.get('location')).toMatch(/^http:\/\/localhost\/done#access_token=/);
    expect((await signIn('link@example.com', 'a good password')).status).toBe(200);
    const twice = await fetch(text(link, 'action_link'), { redirect: 'manual' });
    expect(twice.headers.get('location')).toContain('error_code=otp_expired');
  });

  it('lets a page of any origin ask, and takes the token of a link from it once', async () => {
    await createUser('hash@example.com', {});
    const link = await admin('POST', '/generate_link', { type: 'magiclink', email: 'hash@example.com' });
    const preflight = await fetch(`${service.url}/auth/v1/verify`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('apikey');
    const verify = () =>
      call('POST', '/auth/v1/verify', {
        key: service.publishableKey,
        body: { type: 'email', token_hash: text(link, 'hashed_token') },
      });
    const taken = await verify();
    expect(taken).toMatchObject({ status: 200, body: { user: { email: 'hash@example.com' } } });
    expect(taken.headers.get('access-control-allow-origin')).toBe('*');
    expect(await verify()).toMatchObject({ status: 403, body: { error_code: 'otp_expired' } });
  });

  it('invites, and keeps quiet about unknown addresses in recover', async () => {
    const invited = await call('POST', '/auth/v1/invite', {
      body: { email: 'invited@example.com', data: { team: 'a' } },
    });
    expect(invited.body).toMatchObject({ email: 'invited@example.com', user_metadata: { team: 'a' } });
    expect(invited.body).toHaveProperty('invited_at');
    for (const email of ['invited@example.com', 'unknown@example.com']) {
      expect(await call('POST', '/auth/v1/recover', { body: { email } })).toMatchObject({
        status: 200,
        body: {},
      });
    }
  });

  it('lists, renames and removes factors', async () => {
    const id = await createUser('factor@example.com');
    const factor = '0f0c7a52-3d55-4a0c-8d0a-9d3f1f0f7a22';
    await owner.query(
      `insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at) values ($1, $2, 'phone', 'totp', 'verified', now(), now())`,
      [factor, id],
    );
    expect((await admin('GET', `/users/${id}`)).body['factors']).toMatchObject([
      { id: factor, friendly_name: 'phone' },
    ]);
    expect(
      (await admin('PUT', `/users/${id}/factors/${factor}`, { friendly_name: 'new phone' })).body,
    ).toMatchObject({
      friendly_name: 'new phone',
    });
    expect((await admin('DELETE', `/users/${id}/factors/${factor}`)).status).toBe(200);
    expect((await admin('DELETE', `/users/${id}/factors/${factor}`)).status).toBe(404);
  });
});

describe('signing up', () => {
  it('waits for a confirmation, and does not tell that an address is taken', async () => {
    const signUp = (email: string): Promise<Answer> =>
      call('POST', '/auth/v1/signup', {
        key: service.publishableKey,
        body: { email, password: 'a good password' },
      });
    expect((await signUp('new@example.com')).status).toBe(200);
    expect(await signIn('new@example.com', 'a good password')).toMatchObject({
      body: { error_code: 'email_not_confirmed' },
    });
    const taken = await createUser('taken@example.com');
    const answer = await signUp('taken@example.com');
    expect(answer.status).toBe(200);
    expect(answer.body['id']).not.toBe(taken);
  });
});

describe('the data API', () => {
  const read = async (
    path: string,
    key: string,
    bearer?: string,
  ): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${service.url}/rest/v1/${path}`, {
      headers: {
        'User-Agent': 'cutover-test',
        apikey: key,
        ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
      },
    });
    return { status: response.status, body: await response.json() };
  };

  it('answers as the role of the key', async () => {
    await owner.query(`
      create table public.notes (id int primary key, owner uuid, amount numeric, body text);
      insert into public.notes values (1, null, 1.50, 'a'), (2, null, 2.00, 'b'), (3, null, 3.25, null)`);
    expect(await read('notes?select=id,amount&order=id.desc&limit=2', service.publishableKey)).toEqual({
      status: 200,
      body: [
        { id: 3, amount: 3.25 },
        { id: 2, amount: 2 },
      ],
    });
    await owner.query('alter table public.notes enable row level security');
    expect(await read('notes', service.publishableKey)).toEqual({ status: 200, body: [] });
    expect(await read('notes?id=eq.2&select=body', service.secretKey)).toEqual({
      status: 200,
      body: [{ body: 'b' }],
    });
    await owner.query('revoke all on public.notes from anon, authenticated');
    expect(await read('notes', service.publishableKey)).toMatchObject({
      status: 401,
      body: { code: '42501' },
    });
    expect(await read('nothing', service.publishableKey)).toMatchObject({
      status: 404,
      body: { code: 'PGRST205' },
    });
    expect(await read('notes?id=eq.2&select=body', service.secretKey)).toEqual({
      status: 200,
      body: [{ body: 'b' }],
    });
  });

  it('lets policies see the user', async () => {
    const id = await createUser('reader@example.com');
    const bearer = text(await signIn('reader@example.com', 'a good password'), 'access_token');
    await owner.query(`
      create table public.own (id int, owner uuid);
      alter table public.own enable row level security;
      create policy own_rows on public.own for select to authenticated using (owner = auth.uid())`);
    await owner.query('insert into public.own values (1, $1), (2, gen_random_uuid())', [id]);
    expect(await read('own?select=id', service.publishableKey, bearer)).toEqual({
      status: 200,
      body: [{ id: 1 }],
    });
  });

  it('does not reach the service’s own schemas', async () => {
    const response = await fetch(`${service.url}/rest/v1/users`, {
      headers: { 'User-Agent': 'cutover-test', apikey: service.secretKey, 'Accept-Profile': 'auth' },
    });
    expect(response.status).toBe(406);
  });
});
