import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AuthError, RawDatabaseError, unexpectedFailure, userNotFound, validationFailed } from './http-error';
import { acceptHash, hashPassword } from './passwords';
import { body, uuidParam, type AuthRequest, type AuthResponse, type Route } from './route';
import {
  assertEmailFree,
  assertPhoneFree,
  banEnd,
  insertUser,
  mergeMetadata,
  validEmail,
} from './user-changes';
import { describeUser, describeUsers, findUsers, nilUuid, type UserRecord } from './user-record';

const metadata = z.record(z.string(), z.unknown());

const createSchema = z.object({
  id: z.string().optional(),
  role: z.string().optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  password: z.string().nullish(),
  password_hash: z.string().optional(),
  email_confirm: z.boolean().optional(),
  phone_confirm: z.boolean().optional(),
  user_metadata: metadata.nullish(),
  app_metadata: metadata.nullish(),
  ban_duration: z.string().optional(),
});

const pageNumber = (text: string | null, otherwise: number): number => {
  if (text === null) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw validationFailed('Bad Pagination Parameters');
  return value === 0 ? otherwise : value;
};

async function list({ client, query, baseUrl }: AuthRequest): Promise<AuthResponse> {
  const page = pageNumber(query.get('page'), 1);
  const perPage = pageNumber(query.get('per_page'), 50);
  const filter = query.get('filter');
  const [field = 'created_at', direction = 'desc'] = (query.get('sort') ?? 'created_at desc').split(' ');
  if (field !== 'created_at' || !['asc', 'desc'].includes(direction))
    throw validationFailed('Bad Sort Parameters');
  const condition = `aud = 'authenticated' ${filter === null ? '' : `and (email like $1 or raw_user_meta_data ->> 'full_name' ilike $1)`}`;
  const values = filter === null ? [] : [`%${filter}%`];
  const counted = await client.query<{ total: number }>(
    `select count(*)::integer as total from auth.users where instance_id = '${nilUuid}' and ${condition}`,
    values,
  );
  const total = counted.rows[0]?.total ?? 0;
  const users = await findUsers(
    client,
    `${condition} order by created_at ${direction} limit ${perPage} offset ${(page - 1) * perPage}`,
    values,
    'Database error finding users',
  );
  const last = Math.max(1, Math.ceil(total / perPage));
  const link = (to: number, rel: string): string => {
    const target = new URLSearchParams(query);
    target.set('page', String(to));
    return `<${baseUrl}/admin/users?${target.toString()}>; rel="${rel}"`;
  };
  const links = [...(page < last ? [link(page + 1, 'next')] : []), link(last, 'last')];
  return {
    body: { users: await describeUsers(client, users), aud: 'authenticated' },
    headers: { 'X-Total-Count': String(total), Link: links.join(', ') },
  };
}

async function load(request: AuthRequest): Promise<UserRecord> {
  const id = uuidParam(request, 'user_id');
  const [user] = await findUsers(request.client, 'id = $1', [id], 'Database error loading user');
  if (user === undefined) throw userNotFound();
  return user;
}

async function create(request: AuthRequest): Promise<AuthResponse> {
  const { client } = request;
  const input = body(request, createSchema);
  const email = input.email === undefined || input.email === '' ? undefined : validEmail(input.email);
  const phone = input.phone === undefined || input.phone === '' ? undefined : input.phone.replace(/^\+/, '');
  if (email === undefined && phone === undefined) {
    throw validationFailed('Cannot create a user without either an email or phone');
  }
  // Of any version, whatever the message says.
  if (input.id !== undefined && !z.guid().safeParse(input.id).success) {
    throw validationFailed('ID must conform to the uuid v4 format');
  }
  if (input.id === nilUuid) throw validationFailed('ID cannot be a nil uuid');
  if (email !== undefined) await assertEmailFree(client, email);
  if (phone !== undefined) await assertPhoneFree(client, phone);
  const password = input.password ?? '';
  if (password !== '' && input.password_hash !== undefined) {
    throw validationFailed('Only a password or a password hash should be provided');
  }
  const encryptedPassword =
    input.password_hash === undefined
      ? await hashPassword(password === '' ? randomBytes(24).toString('base64') : password)
      : acceptHash(input.password_hash);
  if (input.id !== undefined) {
    const taken = await client.query('select from auth.users where id = $1', [input.id]);
    if (taken.rowCount !== 0) {
      const message = 'duplicate key value violates unique constraint "users_pkey"';
      throw new RawDatabaseError('23505', message, `Key (id)=(${input.id}) already exists.`);
    }
  }
  const user = await insertUser(client, {
    id: input.id,
    role: input.role,
    email,
    phone,
    encryptedPassword,
    emailConfirmed: input.email_confirm === true,
    phoneConfirmed: input.phone_confirm,
    userMetadata: input.user_metadata ?? undefined,
    appMetadata: input.app_metadata ?? undefined,
    bannedUntil: input.ban_duration === undefined ? undefined : (banEnd(input.ban_duration) ?? undefined),
  });
  return { body: await describeUser(client, user) };
}

async function update(request: AuthRequest): Promise<AuthResponse> {
  const { client } = request;
  const user = await load(request);
  // `id` and `password_hash` are in the schema's type of a new user only: here they are ignored, as there.
  const input = body(request, createSchema);
  const changes: Record<string, unknown> = {};
  if (input.email !== undefined && input.email !== '') {
    const email = validEmail(input.email);
    await assertEmailFree(client, email, user.id);
    changes['email'] = email;
    await client.query(
      `update auth.identities set identity_data = identity_data || jsonb_build_object('email', $2::text), updated_at = now()
       where user_id = $1 and provider = 'email'`,
      [user.id, email],
    );
  }
  if (input.phone !== undefined && input.phone !== '') {
    const phone = input.phone.replace(/^\+/, '');
    await assertPhoneFree(client, phone, user.id);
    changes['phone'] = phone;
  }
  if (input.email_confirm === true) changes['email_confirmed_at'] = new Date();
  if (input.phone_confirm === true) changes['phone_confirmed_at'] = new Date();
  if (typeof input.password === 'string') changes['encrypted_password'] = await hashPassword(input.password);
  if (input.role !== undefined && input.role !== '') changes['role'] = input.role;
  if (input.user_metadata)
    changes['raw_user_meta_data'] = mergeMetadata(user.raw_user_meta_data, input.user_metadata);
  if (input.app_metadata)
    changes['raw_app_meta_data'] = mergeMetadata(user.raw_app_meta_data, input.app_metadata);
  if (input.ban_duration !== undefined) changes['banned_until'] = banEnd(input.ban_duration);
  // A password that an administrator sets ends every session.
  if (typeof input.password === 'string')
    await client.query('delete from auth.sessions where user_id = $1', [user.id]);
  const names = Object.keys(changes);
  const assignments = names.map((name, index) => `${name} = $${index + 2}, `).join('');
  await client.query(`update auth.users set ${assignments} updated_at = now() where id = $1`, [
    user.id,
    ...Object.values(changes),
  ]);
  return { body: await describeUser(client, await load(request)) };
}

/** What stays of a soft-deleted user: nothing that leads back to the person, and the address is free again. */
const obfuscate = (id: string, value: string): string =>
  createHash('sha256').update(`${id}${value}`).digest('base64url');

async function remove(request: AuthRequest): Promise<AuthResponse> {
  const { client } = request;
  const user = await load(request);
  const { should_soft_delete: soft } = body(
    request,
    z.object({ should_soft_delete: z.boolean().default(false) }),
  );
  if (soft) {
    if (user.deleted_at !== null) return { body: {} };
    await client.query(
      `update auth.users set email = $2, phone = $3, encrypted_password = '', raw_user_meta_data = '{}', raw_app_meta_data = '{}',
         email_change = '', confirmation_token = '', recovery_token = '', email_change_token_new = '', deleted_at = now(), updated_at = now() where id = $1`,
      [
        user.id,
        obfuscate(user.id, user.email ?? ''),
        user.phone === null ? null : obfuscate(user.id, user.phone).slice(0, 15),
      ],
    );
    await client.query(
      `update auth.identities set provider_id = $2, identity_data = '{}', updated_at = now() where user_id = $1`,
      [user.id, obfuscate(user.id, user.id)],
    );
    await client.query('delete from auth.sessions where user_id = $1', [user.id]);
  } else {
    await client.query('delete from auth.users where id = $1', [user.id]).catch(() => {
      throw unexpectedFailure('Database error deleting user');
    });
  }
  return { body: {} };
}

async function listFactors(request: AuthRequest): Promise<AuthResponse> {
  const user = await load(request);
  const { factors } = z
    .object({ factors: z.unknown().optional() })
    .parse(await describeUser(request.client, user));
  return { body: factors ?? [] };
}

async function factorId(request: AuthRequest, user: UserRecord): Promise<string> {
  const id = uuidParam(request, 'factor_id');
  const found = await request.client.query('select from auth.mfa_factors where id = $1 and user_id = $2', [
    id,
    user.id,
  ]);
  if (found.rowCount === 0) throw new AuthError(404, 'mfa_factor_not_found', 'Factor not found');
  return id;
}

async function describeFactor(request: AuthRequest, id: string): Promise<Record<string, unknown>> {
  const { rows } = await request.client.query<Record<string, unknown>>(
    'select id, friendly_name, factor_type, status, phone, created_at, updated_at from auth.mfa_factors where id = $1',
    [id],
  );
  return rows[0] ?? {};
}

/** `/admin/users` and what lies below it. */
export const adminUserRoutes: Route[] = [
  { method: 'GET', path: '/admin/users', access: 'admin', handle: list },
  { method: 'POST', path: '/admin/users', access: 'admin', handle: create },
  {
    method: 'GET',
    path: '/admin/users/:user_id',
    access: 'admin',
    handle: async (request) => ({ body: await describeUser(request.client, await load(request)) }),
  },
  { method: 'PUT', path: '/admin/users/:user_id', access: 'admin', handle: update },
  { method: 'DELETE', path: '/admin/users/:user_id', access: 'admin', handle: remove },
  {
    method: 'GET',
    path: '/admin/audit',
    access: 'admin',
    async handle({ client, query }) {
      const perPage = pageNumber(query.get('per_page'), 50);
      const { rows } = await client.query(
        'select id, payload, created_at, ip_address from auth.audit_log_entries order by created_at desc limit $1 offset $2',
        [perPage, (pageNumber(query.get('page'), 1) - 1) * perPage],
      );
      return { body: rows };
    },
  },
  { method: 'GET', path: '/admin/users/:user_id/factors', access: 'admin', handle: listFactors },
  {
    method: 'PUT',
    path: '/admin/users/:user_id/factors/:factor_id',
    access: 'admin',
    async handle(request) {
      const id = await factorId(request, await load(request));
      const input = body(request, z.object({ friendly_name: z.string().optional() }));
      await request.client.query(
        'update auth.mfa_factors set friendly_name = coalesce($2, friendly_name), updated_at = now() where id = $1',
        [id, input.friendly_name ?? null],
      );
      return { body: await describeFactor(request, id) };
    },
  },
  {
    method: 'DELETE',
    path: '/admin/users/:user_id/factors/:factor_id',
    access: 'admin',
    async handle(request) {
      const id = await factorId(request, await load(request));
      const factor = await describeFactor(request, id);
      await request.client.query('delete from auth.mfa_factors where id = $1', [id]);
      return { body: factor };
    },
  },
  {
    method: 'GET',
    path: '/admin/users/:user_id/passkeys',
    access: 'admin',
    async handle(request) {
      const { id } = await load(request);
      const { rows } = await request.client.query(
        'select id, friendly_name, created_at, last_used_at from auth.webauthn_credentials where user_id = $1 order by created_at',
        [id],
      );
      return { body: rows };
    },
  },
  {
    method: 'DELETE',
    path: '/admin/users/:user_id/passkeys/:passkey_id',
    access: 'admin',
    async handle(request) {
      const { id } = await load(request);
      const { rowCount } = await request.client.query(
        'delete from auth.webauthn_credentials where id = $1 and user_id = $2',
        [uuidParam(request, 'passkey_id'), id],
      );
      if (rowCount === 0) throw new AuthError(404, 'webauthn_credential_not_found', 'Passkey not found');
      return { status: 204 };
    },
  },
];
