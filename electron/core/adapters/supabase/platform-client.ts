import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { Settings } from '../../ports/settings';
import { classifyFetchError } from './classify';

const base = 'https://api.supabase.com';

/** The project's reference, from its address; undefined for one that Supabase does not host. */
export function projectRef(settings: Settings): string | undefined {
  const host = new URL(settings.require('SUPABASE_URL')).hostname;
  return /^([a-z]{20})\.supabase\.co$/.exec(host)?.[1];
}

/** Reads from the management API. `path` stands below `/v1`. */
export async function callPlatform(settings: Settings, path: string, signal: AbortSignal): Promise<unknown> {
  const token = settings.require('SUPABASE_ACCESS_TOKEN');
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${base}/v1${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'user-agent': `cutover/${packageJson.version}`,
      },
      signal,
      redirect: 'error',
    });
    body = z.unknown().parse(JSON.parse(await response.text()));
  } catch (error) {
    throw classifyFetchError(error, { url: base, key: 'SUPABASE_ACCESS_TOKEN', signal });
  }
  if (response.ok) return body;
  if (response.status === 401 || response.status === 403) {
    throw new AppError('SUPABASE_KEY_REFUSED', 'The management API refuses SUPABASE_ACCESS_TOKEN.', {
      hint: 'Make a new personal access token in the account settings, for a member of the project’s organisation.',
    });
  }
  throw new AppError(
    'SUPABASE_AUTH_UNAVAILABLE',
    `The management API answered with status ${response.status}.`,
    {
      hint:
        response.status === 429
          ? 'It allows 60 requests a minute. It is asked again by itself.'
          : 'See status.supabase.com.',
      retryable: true,
    },
  );
}
