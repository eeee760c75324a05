import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool, types, type CustomTypesConfig } from 'pg';
import { createAuthService } from './auth/auth-service';
import type { ProjectKeys } from './auth/gateway';
import { createTokenSigner } from './auth/tokens';
import { createRestService } from './rest/rest-service';

export interface SupabaseServerOptions {
  /** Connection URL of `supabase_auth_admin`. */
  authUrl: string;
  /** Connection URL of `authenticator`. */
  restUrl: string;
  /** 0 or absent: any free port. */
  port?: number | undefined;
  /** False switches the Auth service's documented rate limits off. */
  rateLimits?: boolean | undefined;
}

/** The HTTP side of the managed project: Auth and the data API on one port of 127.0.0.1. */
export interface SupabaseServer extends ProjectKeys {
  /** What a project calls its URL. */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Pages of any origin may call, as at a real project: what protects it is the token, which no browser adds by itself. */
const corsHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'X-Total-Count, Link, X-Supabase-Api-Version',
};
const preflightHeaders = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  'Access-Control-Allow-Headers':
    'Authorization, apikey, Content-Type, X-Client-Info, X-Supabase-Api-Version',
  'Access-Control-Max-Age': '600',
};

const maximumBody = 1024 * 1024;

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maximumBody) chunks.push(chunk);
  });
  await once(request, 'end');
  return size > maximumBody ? undefined : Buffer.concat(chunks).toString('utf8');
}

function send(
  response: ServerResponse,
  answer: { status?: number; body?: unknown; headers?: Record<string, string> },
): void {
  const text = answer.body === undefined ? undefined : JSON.stringify(answer.body);
  response.writeHead(answer.status ?? 200, {
    ...(text === undefined
      ? {}
      : { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) }),
    ...answer.headers,
  });
  response.end(text);
}

const generateKey = (kind: 'publishable' | 'secret'): string =>
  `sb_${kind}_${randomBytes(24).toString('base64url')}`;

const timestampTypes = new Set([types.builtins.TIMESTAMP, types.builtins.TIMESTAMPTZ]);

/** Timestamps as text: a JavaScript date would lose their microseconds. */
const textTimestamps: CustomTypesConfig = {
  getTypeParser: (oid, format): unknown =>
    timestampTypes.has(oid) ? (value: string) => value : types.getTypeParser(oid, format),
};

/** Starts the stand-in for a project's HTTP services over a database from {@link startManagedPostgres}. */
export async function startSupabaseServer(options: SupabaseServerOptions): Promise<SupabaseServer> {
  const authPool = new Pool({ connectionString: options.authUrl, max: 10, types: textTimestamps });
  const restPool = new Pool({ connectionString: options.restUrl, max: 5 });
  // A database that goes away fails the next request, which answers so; an idle connection's error is not news.
  for (const pool of [authPool, restPool]) pool.on('error', () => undefined);

  const keys = { publishableKey: generateKey('publishable'), secretKey: generateKey('secret') };
  const server = createServer();
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  const url = `http://127.0.0.1:${address.port}`;
  const baseUrl = `${url}/auth/v1`;
  const signer = await createTokenSigner(baseUrl);
  const auth = createAuthService({
    pool: authPool,
    signer,
    keys,
    baseUrl,
    rateLimits: options.rateLimits ?? true,
  });
  const rest = createRestService(restPool, keys, signer);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(corsHeaders)) response.setHeader(name, value);
    if (request.method === 'OPTIONS') {
      request.resume();
      response.writeHead(204, preflightHeaders).end();
      return;
    }
    const { pathname, searchParams: query } = new URL(request.url ?? '/', url);
    const method = request.method ?? 'GET';
    const { headers } = request;
    if (pathname.startsWith('/auth/v1/')) {
      const text = await readText(request);
      if (text === undefined) send(response, { status: 413, body: { message: 'Request body too large' } });
      else {
        const ip = request.socket.remoteAddress ?? '127.0.0.1';
        send(
          response,
          await auth({ method, path: pathname.slice('/auth/v1'.length), query, headers, text, ip }),
        );
      }
    } else if (pathname === '/rest/v1' || pathname.startsWith('/rest/v1/')) {
      request.resume();
      const table = decodeURIComponent(pathname.slice('/rest/v1/'.length));
      send(response, await rest({ method, table, query, headers }));
    } else {
      request.resume();
      send(response, { status: 404, body: { message: 'no Route matched with those values' } });
    }
  };
  server.on('request', (request, response) => {
    handle(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else send(response, { status: 500, body: { message: 'An unexpected error occurred' } });
    });
  });

  return {
    ...keys,
    url,
    port: address.port,
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all([authPool.end(), restPool.end()]);
    },
  };
}
