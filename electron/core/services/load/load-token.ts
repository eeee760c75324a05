import { z } from 'zod';
import { callAuth } from '../../adapters/supabase/auth-client';
import type { Settings } from '../../ports/settings';
import { AppError } from '#shared/model/errors';
import type { LoadToken } from '#shared/model/load-check';

const sessionSchema = z.object({ access_token: z.string() });

/** The tokens that the settings give. */
export function availableTokens(settings: Settings): LoadToken[] {
  const canary =
    settings.get('HEALTH_CANARY_EMAIL') !== undefined &&
    settings.get('HEALTH_CANARY_PASSWORD') !== undefined &&
    settings.get('SUPABASE_URL') !== undefined;
  return [
    'none',
    ...(canary ? (['canary'] as const) : []),
    ...(settings.get('LOAD_CHECK_TOKEN') === undefined ? [] : (['setting'] as const)),
  ];
}

/** A token for the routes; undefined without one. Throws `SETTING_MISSING` and what the Auth service answers. */
export async function loadToken(
  kind: LoadToken,
  settings: Settings,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (kind) {
    case 'none':
      return undefined;
    case 'setting':
      return settings.require('LOAD_CHECK_TOKEN');
    case 'canary': {
      const { body } = await callAuth(settings, {
        method: 'POST',
        path: '/token?grant_type=password',
        key:
          settings.get('SUPABASE_PUBLISHABLE_KEY') === undefined
            ? 'SUPABASE_SECRET_KEY'
            : 'SUPABASE_PUBLISHABLE_KEY',
        body: {
          email: settings.require('HEALTH_CANARY_EMAIL'),
          password: settings.require('HEALTH_CANARY_PASSWORD'),
        },
        signal,
        accept: [400, 422],
      });
      const session = sessionSchema.safeParse(body);
      if (session.success) return session.data.access_token;
      throw new AppError('LOAD_ROUTE_FAILS', 'The canary user can’t sign in, so there is no token.', {
        hint: 'Check the canary user in the health settings, or choose another token.',
      });
    }
  }
}
