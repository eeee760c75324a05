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

/**
 * What a status of the Auth service means to an operator. The service's own words are kept; they hold no key. `retryAfter` is the header of
 * that name, in seconds.
 */
export function classifyResponse(
  status: number,
  body: unknown,
  { url, key }: AuthFailure,
  retryAfter: string | null = null,
): AppError {
  const parsed = errorBody.safeParse(body);
  const fields = parsed.success ? parsed.data : {};
  const said = fields.msg ?? fields.message ?? '';
  const details = {
    status: String(status),
    ...(fields.error_code === undefined ? {} : { error: fields.error_code }),
    ...(said === '' ? {} : { said }),
  };
  if (fields.error_code === 'otp_expired') {
    return new AppError('USER_CHANGED', 'The one-time link was used or replaced meanwhile.', {
      hint: 'Somebody else works on the same user. Try again.',
      details,
    });
  }
  if (fields.error_code === 'session_not_found') {
    return new AppError('NOT_FOUND', 'The session has ended already.', { details });
  }
  if (status === 401 || status === 403) {
    return new AppError('SUPABASE_KEY_REFUSED', `The project at ${url} refuses ${key}.`, {
      hint: 'Check that the key belongs to this project, is complete, and has not been revoked. The secret key is sb_secret_… or service_role.',
      details,
    });
  }
  // Two requests at once: the service hands the database's own refusal on.
  const name = fields.code === '23505' ? duplicateOf(said) : (fields.error_code ?? '');
  const refusal = fromErrorCode(status, name, said, details);
  if (refusal !== undefined) return refusal;
  if (status === 429) {
    return new AppError('SUPABASE_AUTH_THROTTLED', 'The Auth service asks for fewer requests.', {
      hint: 'Wait a minute and try again. Nothing was changed by this request.',
      retryable: true,
      details: { ...details, ...(retryAfter === null ? {} : { retryAfter }) },
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
    `The Auth service answered with status ${status}${said === '' ? '' : `: ${said}`}.`,
    { hint: 'Wait a minute and try again; see the project’s Auth logs.', retryable: true, details },
  );
}

const duplicateOf = (said: string): string =>
  said.includes('email') ? 'email_exists' : said.includes('phone') ? 'phone_exists' : 'duplicate';

/** What the service refuses by name: nothing was changed then. */
function fromErrorCode(
  status: number,
  name: string,
  said: string,
  details: Record<string, string>,
): AppError | undefined {
  if (
    name === 'user_not_found' ||
    name === 'mfa_factor_not_found' ||
    name === 'webauthn_credential_not_found'
  ) {
    return new AppError('NOT_FOUND', `The Auth service says: ${said}.`, {
      hint: 'Somebody else may have removed it. Reload the list.',
      details,
    });
  }
  if (name === 'email_exists' || name === 'phone_exists' || name === 'user_already_exists') {
    const what = name === 'phone_exists' ? 'number' : 'address';
    return new AppError('USER_EXISTS', `Another user already has this ${what}.`, {
      hint: `Look for that user, or use another ${what}. Nothing was changed.`,
      details,
    });
  }
  // An answer without a name may come from a proxy; then it is not the service that refuses.
  if ((status === 422 || status === 400) && name !== '') {
    return new AppError('USER_REFUSED', `The Auth service refuses: ${said === '' ? name : said}.`, {
      hint: 'Correct the value and try again. Nothing was changed.',
      details,
    });
  }
  return undefined;
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
    return as(
      'CONNECTION_REFUSED',
      `Nothing accepts connections at ${host}.`,
      'Check SUPABASE_URL, and whether the project runs: a paused one is restored in the dashboard.',
      true,
    );
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
