import type { IncomingHttpHeaders } from 'node:http';
import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { adminUserRoutes } from './admin-users';
import { emailLinkRoutes } from './email-links';
import { admit, type ProjectKeys } from './gateway';
import { AuthError, RawDatabaseError, unexpectedFailure } from './http-error';
import { createRateLimiter } from './rate-limit';
import type { AuthRequest, AuthResponse, Route } from './route';
import { signInRoutes } from './sign-in';
import type { TokenSigner } from './tokens';

const routes: Route[] = [...adminUserRoutes, ...emailLinkRoutes, ...signInRoutes];

/** What the HTTP server hands over; `path` is the part below `/auth/v1`. */
export interface IncomingCall {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  text: string;
  ip: string;
}

export interface AuthServiceOptions {
  pool: Pool;
  signer: TokenSigner;
  keys: ProjectKeys;
  baseUrl: string;
  /** False switches the documented limits off, for tests that sign in often. */
  rateLimits: boolean;
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(segment);
    else if (part !== segment) return undefined;
  }
  return params;
}

function checkAccess(route: Route, caller: AuthRequest['caller']): void {
  switch (route.access) {
    case 'admin':
      if (caller.role !== 'service_role') throw new AuthError(403, 'not_admin', 'User not allowed');
      return;
    case 'user':
      if (caller.claims === undefined)
        throw new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
      return;
    case 'key':
    case 'open':
      return;
  }
}

/** The one shape that failures had before 2024-01-01, and the one since; clients choose by a header. */
function failure(error: unknown, version: string | undefined): AuthResponse {
  if (error instanceof RawDatabaseError || error instanceof DatabaseError) {
    const state = error instanceof RawDatabaseError ? error.sqlState : error.code;
    return {
      status: 500,
      body: { code: state, message: error.message, detail: error.detail ?? '', hint: '' },
    };
  }
  const known =
    error instanceof AuthError
      ? error
      : unexpectedFailure('Unexpected failure, please check server logs for more information');
  if (version !== undefined && version >= '2024-01-01') {
    return {
      status: known.status,
      body: { code: known.errorCode, message: known.message, ...known.extra },
      headers: { 'X-Supabase-Api-Version': '2024-01-01' },
    };
  }
  return {
    status: known.status,
    body: { code: known.status, error_code: known.errorCode, msg: known.message, ...known.extra },
  };
}

/** The Auth service as a function from call to answer. */
export function createAuthService(
  options: AuthServiceOptions,
): (call: IncomingCall) => Promise<AuthResponse> {
  const limits = { token: createRateLimiter(150, 30), mail: createRateLimiter(30, 30) };

  const dispatch = async (call: IncomingCall): Promise<AuthResponse> => {
    for (const route of routes) {
      const params = route.method === call.method ? matchPath(route.path, call.path) : undefined;
      if (params === undefined) continue;
      const caller =
        route.access === 'open'
          ? { role: 'anon' as const }
          : await admit(call.headers, call.query, options.keys, options.signer);
      if ('status' in caller) return caller;
      checkAccess(route, caller);
      if (options.rateLimits && route.limit !== undefined && !limits[route.limit].allow(call.ip)) {
        throw new AuthError(429, 'over_request_rate_limit', 'Request rate limit reached');
      }
      const { signer, baseUrl } = options;
      return await inTransaction(options.pool, (client) =>
        route.handle({ ...call, caller, params, client, signer, baseUrl }),
      );
    }
    return { status: 404, body: { code: 404, error_code: 'not_found', msg: 'Not found' } };
  };

  return async (call) => {
    const version = call.headers['x-supabase-api-version'];
    return dispatch(call).catch((error: unknown) =>
      failure(error, typeof version === 'string' ? version : undefined),
    );
  };
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
