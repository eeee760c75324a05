import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { Settings } from '../../ports/settings';
import { withDeadline } from '../common/deadline';
import { classifyFetchError, classifyResponse } from './classify';

/** Milliseconds that one answer may take; the service itself gives up after ten seconds. */
const answerTimeout = 15_000;

export interface AuthRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/auth/v1`, with its query. */
  path: string;
  key: 'SUPABASE_SECRET_KEY' | 'SUPABASE_PUBLISHABLE_KEY';
  /** A user's access token, when the call is that user's. */
  bearer?: string;
  body?: unknown;
  signal: AbortSignal;
  /** Statuses that the caller reads itself besides those below 400. */
  accept?: readonly number[];
  /** Milliseconds. */
  timeout?: number | undefined;
}

export interface AuthResponse {
  status: number;
  headers: Headers;
  body: unknown;
}

/** The project's address without a path. Throws `SETTING_INVALID`. */
export function projectUrl(settings: Settings): string {
  const text = settings.require('SUPABASE_URL');
  const shape = 'Copy the project URL from the project settings, API: https://<ref>.supabase.co';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new AppError('SETTING_INVALID', 'SUPABASE_URL is not a web address.', {
      hint: shape,
      details: { setting: 'SUPABASE_URL' },
    });
  }
  if (url.protocol === 'http:' && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
    throw new AppError(
      'SETTING_INVALID',
      'SUPABASE_URL begins with http://, which would send the secret key in clear.',
      {
        hint: shape,
        details: { setting: 'SUPABASE_URL' },
      },
    );
  }
  return url.origin;
}

/** Calls the Auth service. Keys go as `apikey` and as an identical bearer token, under a name that is no browser's. */
export async function callAuth(settings: Settings, request: AuthRequest): Promise<AuthResponse> {
  const base = projectUrl(settings);
  const key = settings.require(request.key);
  const signal = withDeadline(request.signal, request.timeout ?? answerTimeout);
  const failure = { url: base, key: request.key, signal: request.signal };
  let status: number;
  let headers: Headers;
  let text: string;
  try {
    const response = await fetch(`${base}/auth/v1${request.path}`, {
      method: request.method,
      headers: {
        apikey: key,
        authorization: `Bearer ${request.bearer ?? key}`,
        'user-agent': `cutover/${packageJson.version}`,
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal,
      redirect: 'error',
    });
    ({ status, headers } = response);
    text = await response.text();
  } catch (error) {
    throw classifyFetchError(error, failure);
  }
  const body = parseJson(text);
  if (status >= 400 && !(request.accept ?? []).includes(status))
    throw classifyResponse(status, body, failure, headers.get('retry-after'));
  return { status, headers, body };
}

function parseJson(text: string): unknown {
  try {
    return z.unknown().parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
