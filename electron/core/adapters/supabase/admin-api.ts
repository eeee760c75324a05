import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { Settings } from '../../ports/settings';
import { type AuthRequest, callAuth } from './auth-client';

const optionalText = z
  .string()
  .nullish()
  .transform((text) => (text === null || text === '' ? undefined : text));
const metadata = z
  .record(z.string(), z.json())
  .nullish()
  .transform((value) => value ?? {});

const apiUserSchema = z.object({
  id: z.string(),
  email: optionalText,
  phone: optionalText,
  role: optionalText,
  created_at: optionalText,
  updated_at: optionalText,
  last_sign_in_at: optionalText,
  email_confirmed_at: optionalText,
  phone_confirmed_at: optionalText,
  invited_at: optionalText,
  banned_until: optionalText,
  deleted_at: optionalText,
  is_anonymous: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  app_metadata: metadata,
  user_metadata: metadata,
  identities: z
    .array(
      z.object({
        id: z.string(),
        provider: z.string(),
        email: optionalText,
        created_at: optionalText,
        last_sign_in_at: optionalText,
      }),
    )
    .nullish()
    .transform((value) => value ?? []),
  factors: z
    .array(
      z.object({
        id: z.string(),
        friendly_name: optionalText,
        factor_type: z.string(),
        status: z.string(),
        created_at: optionalText,
      }),
    )
    .nullish()
    .transform((value) => value ?? []),
});
/** A user in the words of the admin API. */
export type ApiUser = z.infer<typeof apiUserSchema>;

const passkeySchema = z.object({ id: z.string(), friendly_name: optionalText, created_at: optionalText });
export type ApiPasskey = z.infer<typeof passkeySchema>;

const auditSchema = z.array(
  z.object({
    id: z.string(),
    payload: z.object({
      action: z.string().optional(),
      actor_id: z.string().optional(),
      actor_username: optionalText,
      traits: z.looseObject({ user_id: z.string().optional() }).optional(),
    }),
    created_at: optionalText,
    ip_address: optionalText,
  }),
);

/** The admin calls of the Auth service, as they are. Every failure is an AppError. */
export interface AdminApi {
  listUsers(
    query: { page: number; perPage: number; filter?: string | undefined; descending: boolean },
    signal: AbortSignal,
  ): Promise<{ users: ApiUser[]; total: number | undefined }>;
  getUser(id: string, signal: AbortSignal): Promise<ApiUser>;
  createUser(body: Record<string, unknown>, signal: AbortSignal): Promise<ApiUser>;
  updateUser(id: string, body: Record<string, unknown>, signal: AbortSignal): Promise<ApiUser>;
  deleteUser(id: string, soft: boolean, signal: AbortSignal): Promise<void>;
  deleteFactor(id: string, factorId: string, signal: AbortSignal): Promise<void>;
  /** Empty where the service does not know passkeys. */
  listPasskeys(id: string, signal: AbortSignal): Promise<ApiPasskey[]>;
  deletePasskey(id: string, passkeyId: string, signal: AbortSignal): Promise<void>;
  /** The link, the token that it carries, and whose it is. */
  generateLink(
    body: { type: 'recovery' | 'magiclink' | 'invite'; email: string; redirect_to?: string },
    signal: AbortSignal,
  ): Promise<{ url: string; token: string; userId: string }>;
  /** Asks the service to send a mail. The service does not say whether it was delivered. */
  sendMail(kind: 'recovery' | 'magiclink' | 'invite', email: string, signal: AbortSignal): Promise<void>;
  /** Opens a session with a one-time token and returns its access token. */
  redeem(token: string, signal: AbortSignal): Promise<string>;
  /** Ends every session of the user whose access token this is. */
  signOutEverywhere(accessToken: string, signal: AbortSignal): Promise<void>;
  audit(page: number, perPage: number, signal: AbortSignal): Promise<z.infer<typeof auditSchema>>;
}

/**
 * The admin API of the project that the settings name; `timeout`: milliseconds that one answer may take. Throws `SETTING_MISSING` when a call
 * needs what is not set.
 */
export function openAdminApi(
  settings: Settings,
  { timeout }: { timeout?: number | undefined } = {},
): AdminApi {
  const send = async <T>(
    schema: z.ZodType<T>,
    request: Pick<AuthRequest, 'method' | 'path' | 'signal' | 'body' | 'bearer'>,
  ): Promise<{ body: T; headers: Headers }> => {
    const { headers, body } = await callAuth(settings, { ...request, key: 'SUPABASE_SECRET_KEY', timeout });
    const parsed = schema.safeParse(body);
    if (parsed.success) return { body: parsed.data, headers };
    throw new AppError(
      'SUPABASE_AUTH_UNAVAILABLE',
      'The Auth service gave an answer that is not understood.',
      {
        hint: 'Check SUPABASE_URL. A proxy in between may answer instead of the service.',
        details: { path: request.path.replace(/\?.*/, '') },
      },
    );
  };
  const user = async (request: Parameters<typeof send>[1]): Promise<ApiUser> =>
    (await send(apiUserSchema, request)).body;
  const at = (id: string): string => `/admin/users/${encodeURIComponent(id)}`;

  return {
    listUsers: async ({ page, perPage, filter, descending }, signal) => {
      const query = new URLSearchParams({
        page: String(page),
        per_page: String(perPage),
        sort: `created_at ${descending ? 'desc' : 'asc'}`,
        ...(filter === undefined ? {} : { filter }),
      });
      const { body, headers } = await send(z.object({ users: z.array(apiUserSchema) }), {
        method: 'GET',
        path: `/admin/users?${query.toString()}`,
        signal,
      });
      const total = z.coerce
        .number()
        .int()
        .nonnegative()
        .safeParse(headers.get('x-total-count') ?? 'absent');
      return { users: body.users, total: total.data };
    },
    getUser: (id, signal) => user({ method: 'GET', path: at(id), signal }),
    createUser: (body, signal) => user({ method: 'POST', path: '/admin/users', body, signal }),
    updateUser: (id, body, signal) => user({ method: 'PUT', path: at(id), body, signal }),
    deleteUser: async (id, soft, signal) => {
      await send(z.unknown(), {
        method: 'DELETE',
        path: at(id),
        body: { should_soft_delete: soft },
        signal,
      });
    },
    deleteFactor: async (id, factorId, signal) => {
      await send(z.unknown(), {
        method: 'DELETE',
        path: `${at(id)}/factors/${encodeURIComponent(factorId)}`,
        signal,
      });
    },
    listPasskeys: async (id, signal) => {
      const { status, body } = await callAuth(settings, {
        method: 'GET',
        path: `${at(id)}/passkeys`,
        key: 'SUPABASE_SECRET_KEY',
        signal,
        timeout,
        // Services without passkeys answer with one of these.
        accept: [404, 405, 422],
      });
      return status >= 400 ? [] : (z.array(passkeySchema).safeParse(body).data ?? []);
    },
    deletePasskey: async (id, passkeyId, signal) => {
      await send(z.unknown(), {
        method: 'DELETE',
        path: `${at(id)}/passkeys/${encodeURIComponent(passkeyId)}`,
        signal,
      });
    },
    generateLink: async (body, signal) => {
      const { body: answer } = await send(
        z.object({ id: z.string(), action_link: z.string(), hashed_token: z.string() }),
        {
          method: 'POST',
          path: '/admin/generate_link',
          body,
          signal,
        },
      );
      return { url: answer.action_link, token: answer.hashed_token, userId: answer.id };
    },
    sendMail: async (kind, email, signal) => {
      const calls = {
        recovery: { path: '/recover', body: { email } },
        magiclink: { path: '/otp', body: { email, create_user: false } },
        invite: { path: '/invite', body: { email } },
      } as const;
      await send(z.unknown(), { method: 'POST', ...calls[kind], signal });
    },
    redeem: async (token, signal) => {
      const { body } = await send(z.object({ access_token: z.string() }), {
        method: 'POST',
        path: '/verify',
        body: { type: 'magiclink', token_hash: token },
        signal,
      });
      return body.access_token;
    },
    signOutEverywhere: async (accessToken, signal) => {
      await send(z.unknown(), {
        method: 'POST',
        path: '/logout?scope=global',
        bearer: accessToken,
        signal,
      });
    },
    audit: async (page, perPage, signal) =>
      (
        await send(auditSchema, {
          method: 'GET',
          path: `/admin/audit?page=${page}&per_page=${perPage}`,
          signal,
        })
      ).body,
  };
}
