import { AppError, isCancelled, type ErrorCode } from '#shared/model/errors';
import type { SettingName } from '#shared/model/settings';
import { z } from 'zod';

export interface AuthFailure {
  /** The project's address. */
  url: string;
  /** The setting of the key that was sent. */
  key: SettingName;
  signal: AbortSignal;
}

const errorBody = z.object({
  error_code: z.string().optional().catch(undefined),
  code: z.union([z.string(), z.number()]).optional().catch(undefined),
  msg: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/** What a status of the Auth service means to an operator. The service's own words are kept; they hold no key. */
export function classifyResponse(status: number, body: unknown, { url, key }: AuthFailure): AppError {
  const parsed = errorBody.safeParse(body);
  const fields = parsed.success ? parsed.data : {};
  const said = fields.msg ?? fields.message ?? '';
  const details = {
    status: String(status),
    ...(fields.error_code === undefined ? {} : { error: fields.error_code }),
    ...(said === '' ? {} : { said }),
  };
  if (status === 401 || status === 403) {
    return new AppError('SUPABASE_KEY_REFUSED', `The project at ${url} refuses ${key}.`, {
      hint: 'Check that the key belongs to this project, is complete, and has not been revoked. The secret key is sb_secret_… or service_role.',
      details,
    });
  }
  if (status === 404 || !parsed.success) {
    return new AppError(
      'SUPABASE_AUTH_UNAVAILABLE',
      `No Auth service answers at ${url} (status ${status}).`,
      {
        hint: 'Check SUPABASE_URL. A paused project answers like this too: restore it in the dashboard.',
        retryable: status >= 500,
        details,
      },
    );
  }
  return new AppError(
    'SUPABASE_AUTH_UNAVAILABLE',
    status === 429
      ? 'The Auth service asks for fewer requests.'
      : `The Auth service answered with status ${status}${said === '' ? '' : `: ${said}`}.`,
    { hint: 'Wait a minute and try again; see the project’s Auth logs.', retryable: true, details },
  );
}

const systemError = z.object({ code: z.string() });

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const inner: unknown = at instanceof AggregateError ? at.errors[0] : at;
    const parsed = systemError.safeParse(inner);
    if (parsed.success) return parsed.data.code;
  }
  return '';
}

/** A request that got no answer. */
export function classifyFetchError(error: unknown, { url, signal }: AuthFailure): AppError {
  if (error instanceof AppError) return error;
  if (signal.aborted || isCancelled(error)) return new AppError('CANCELLED', 'The operation was cancelled.');
  const { host } = new URL(url);
  const code = codeOf(error);
  const as = (name: ErrorCode, message: string, hint: string, retryable: boolean): AppError =>
    new AppError(name, message, { hint, retryable, ...(code === '' ? {} : { details: { code } }) });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return as(
      'HOST_NOT_FOUND',
      `The host ${host} was not found.`,
      'Check SUPABASE_URL: <ref>.supabase.co.',
      false,
    );
  }
  if (code === 'ECONNREFUSED') {
    return as('CONNECTION_REFUSED', `Nothing accepts connections at ${host}.`, 'Check SUPABASE_URL.', true);
  }
  if (/^(CERT_|ERR_TLS|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code)) {
    return as(
      'TLS_UNTRUSTED',
      `The certificate of ${host} can not be verified.`,
      'Look for a proxy that opens TLS; add its authority to NODE_EXTRA_CA_CERTS.',
      false,
    );
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return as(
      'HOST_UNREACHABLE',
      `${host} did not answer in time.`,
      'Check the network, then try again.',
      true,
    );
  }
  return as(
    'SUPABASE_AUTH_UNAVAILABLE',
    `The Auth service at ${host} could not be reached.`,
    'Check the network, then try again.',
    true,
  );
}
