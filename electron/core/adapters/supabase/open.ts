import { AppError, toAppError } from '#shared/model/errors';
import { foreverHours } from '#shared/model/users';
import { z } from 'zod';
import type { AuthPort, AuthUser, Credentials } from '../../ports/auth';
import type { Settings } from '../../ports/settings';
import { type ApiUser, openAdminApi } from './admin-api';
import { type AuthResponse, callAuth, projectUrl } from './auth-client';

const healthSchema = z.object({ name: z.string().catch('Auth'), version: z.string().catch('unknown') });
const usersSchema = z.object({ users: z.array(z.object({ id: z.string() })) });

/** The Auth service that the settings name; nothing is called before it is needed. */
export function openAuthPort(settings: Settings): AuthPort {
  const api = openAdminApi(settings);
  return {
    project: () => projectUrl(settings),
    async health(signal) {
      const { body } = await callAuth(settings, {
        method: 'GET',
        path: '/health',
        key: 'SUPABASE_SECRET_KEY',
        signal,
      });
      return parse(healthSchema, body);
    },
    async countUsers(signal) {
      const { headers, body } = await callAuth(settings, {
        method: 'GET',
        path: '/admin/users?page=1&per_page=1',
        key: 'SUPABASE_SECRET_KEY',
        signal,
      });
      const { users } = parse(usersSchema, body);
      const total = headers.get('x-total-count');
      return total === null ? users.length : z.coerce.number().int().nonnegative().parse(total);
    },
    async findUser(id, signal) {
      try {
        return asAuthUser(await api.getUser(id, signal));
      } catch (error) {
        const { code, details } = toAppError(error);
        // Services that name no reason answer with the status alone.
        if (code === 'NOT_FOUND' || details?.status === '404') return undefined;
        throw error;
      }
    },
    async listUsers(page, perPage, signal) {
      const { users } = await api.listUsers({ page, perPage, descending: false }, signal);
      return users.map(asAuthUser);
    },
    async createUser(user, signal) {
      await api.createUser(
        {
          id: user.id,
          ...(user.email === null ? {} : { email: user.email, email_confirm: user.emailConfirmed }),
          ...(user.phone === null ? {} : { phone: user.phone, phone_confirm: user.phoneConfirmed }),
          ...(user.passwordHash === '' ? {} : { password_hash: user.passwordHash }),
          ...(user.banned ? { ban_duration: `${foreverHours}h` } : {}),
          user_metadata: user.userMetadata,
          app_metadata: user.appMetadata,
        },
        signal,
      );
    },
    deleteUser: (id, signal) => api.deleteUser(id, false, signal),
    async canSignIn(credentials, signal) {
      const { status } = await signIn(settings, credentials, signal);
      return status < 400;
    },
    async trySignIn(credentials, signal) {
      const { status, body } = await signIn(settings, credentials, signal);
      if (status >= 400) {
        const { error_code: code, msg } = refusalSchema.parse(body);
        return { taken: false, why: refusals[code] ?? `The Auth service says: ${msg === '' ? code : msg}.` };
      }
      const { access_token: bearer, user } = parse(sessionSchema, body);
      await callAuth(settings, {
        method: 'POST',
        path: '/logout?scope=local',
        key: publicKey(settings),
        bearer,
        signal,
      });
      return { taken: true, userId: user.id };
    },
    close: () => Promise.resolve(),
  };
}

function asAuthUser(user: ApiUser): AuthUser {
  return {
    id: user.id,
    email: user.email ?? '',
    phone: user.phone ?? '',
    emailConfirmed: user.email_confirmed_at !== undefined,
    phoneConfirmed: user.phone_confirmed_at !== undefined,
    banned: Date.parse(user.banned_until ?? '') > Date.now(),
    providers: user.identities.map(({ provider }) => provider),
    userMetadata: user.user_metadata,
    appMetadata: user.app_metadata,
  };
}

const sessionSchema = z.object({ access_token: z.string(), user: z.object({ id: z.string() }) });
const refusalSchema = z
  .object({ error_code: z.string().catch(''), msg: z.string().catch('') })
  .catch({ error_code: '', msg: '' });

const refusals: Readonly<Record<string, string>> = {
  invalid_credentials: 'The password is not the right one, the user has none, or there is no such user.',
  email_not_confirmed: 'The password is right; the address is not confirmed yet.',
  phone_not_confirmed: 'The password is right; the number is not confirmed yet.',
  user_banned: 'The user is banned.',
};

const publicKey = (settings: Settings) =>
  settings.get('SUPABASE_PUBLISHABLE_KEY') === undefined ? 'SUPABASE_SECRET_KEY' : 'SUPABASE_PUBLISHABLE_KEY';

function signIn(settings: Settings, credentials: Credentials, signal: AbortSignal): Promise<AuthResponse> {
  return callAuth(settings, {
    method: 'POST',
    path: '/token?grant_type=password',
    key: publicKey(settings),
    body: credentials,
    signal,
    accept: [400],
  });
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new AppError('SUPABASE_AUTH_UNAVAILABLE', 'What answers at SUPABASE_URL is not the Auth service.', {
    hint: 'Check SUPABASE_URL: https://<ref>.supabase.co.',
  });
}
