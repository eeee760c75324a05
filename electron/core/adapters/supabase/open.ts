import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { AuthPort } from '../../ports/auth';
import type { Settings } from '../../ports/settings';
import { callAuth } from './auth-client';

const healthSchema = z.object({ name: z.string().catch('Auth'), version: z.string().catch('unknown') });
const userSchema = z.object({ email: z.string().default(''), phone: z.string().default('') });
const usersSchema = z.object({ users: z.array(z.object({ id: z.string() })) });

/** The Auth service that the settings name; nothing is called before it is needed. */
export function openAuthPort(settings: Settings): AuthPort {
  return {
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
      const { status, body } = await callAuth(settings, {
        method: 'GET',
        path: `/admin/users/${encodeURIComponent(id)}`,
        key: 'SUPABASE_SECRET_KEY',
        signal,
        accept: [404],
      });
      return status === 404 ? undefined : parse(userSchema, body);
    },
    async canSignIn({ email, password }, signal) {
      const { status } = await callAuth(settings, {
        method: 'POST',
        path: '/token?grant_type=password',
        key:
          settings.get('SUPABASE_PUBLISHABLE_KEY') === undefined
            ? 'SUPABASE_SECRET_KEY'
            : 'SUPABASE_PUBLISHABLE_KEY',
        body: { email, password },
        signal,
        accept: [400],
      });
      return status < 400;
    },
    close: () => Promise.resolve(),
  };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new AppError('SUPABASE_AUTH_UNAVAILABLE', 'What answers at SUPABASE_URL is not the Auth service.', {
    hint: 'Check SUPABASE_URL: https://<ref>.supabase.co.',
  });
}
