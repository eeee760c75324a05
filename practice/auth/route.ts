import type { IncomingHttpHeaders } from 'node:http';
import type { PoolClient } from 'pg';
import type { z } from 'zod';
import { AuthError, validationFailed } from './http-error';
import type { Caller } from './gateway';
import type { TokenSigner } from './tokens';

/** One request to the Auth service, after the gateway has let it in. */
export interface AuthRequest {
  caller: Caller;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The groups of the route's pattern. */
  params: Record<string, string>;
  /** The raw body; read it with {@link body}. */
  text: string;
  /** A connection inside a transaction that is committed when the handler returns. */
  client: PoolClient;
  signer: TokenSigner;
  /** `<SUPABASE_URL>/auth/v1`. */
  baseUrl: string;
  /** The caller's address, for the session. */
  ip: string;
}

export interface AuthResponse {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below `/auth/v1`; `:name` matches one segment. */
  path: string;
  /** `admin`: the secret key; `user`: a user's access token; `key`: any key of the project; `open`: nothing. */
  access: 'admin' | 'user' | 'key' | 'open';
  /** Counts against the limit for sign-ins, or the tighter one for whatever sends mail. */
  limit?: 'token' | 'mail';
  handle(request: AuthRequest): Promise<AuthResponse>;
}

/** The parsed body; an absent one counts as `{}`. */
export function body<T>(request: AuthRequest, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = request.text === '' ? {} : JSON.parse(request.text);
  } catch {
    throw new AuthError(400, 'bad_json', 'Could not parse request body as JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw validationFailed(`${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'invalid'}`);
  }
  return parsed.data;
}

/** The named parameter of the path as a UUID. */
export function uuidParam(request: AuthRequest, name: string): string {
  const value = request.params[name] ?? '';
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
    throw new AuthError(404, 'validation_failed', `${name} must be an UUID`);
  }
  return value;
}
