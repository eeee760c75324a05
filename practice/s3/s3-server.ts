import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer, S3Profile } from './call';
import { corsHeaders } from './cors';
import { S3Error } from './errors';
import { route } from './route';
import { verifySignature } from './signature';
import { openStore, type Store } from './store';
import { parseTarget, type Target } from './uri';
import { element } from './xml';

/** What a fault hook sees of a request, before its signature is checked. */
export interface FaultRequest {
  method: string;
  bucket: string;
  key: string;
  query: ReadonlyMap<string, string>;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * What goes wrong with a request: the connection is reset at once; an error answer of that status and code; a body
 * that breaks off half-way; one with a wrong byte in it; no answer until the client gives up.
 */
export type Fault = 'reset' | 'truncate' | 'corrupt' | 'stall' | { status: number; code: string };

export interface S3ServerOptions {
  profile: S3Profile;
  accessKeyId: string;
  secretAccessKey: string;
  /** Free choice when absent. */
  port?: number;
  /** Writes beyond it fail: `QuotaExceeded` under `r2`, `XMinioStorageFull` under `minio`, both with status 507. */
  quotaBytes?: number;
  /** Keeps buckets and objects there across restarts; in memory when absent. */
  dir?: string;
  /** Serves HTTPS with this key and certificate, PEM. */
  tls?: { key: string; cert: string };
  fault?: (request: FaultRequest) => Fault | undefined;
  /** Objects that a lock keeps from being deleted: `AccessDenied`, and for each such key of DeleteObjects an error of its own. */
  locked?: (bucket: string, key: string) => boolean;
  /** A store that holds something already; `dir` and `quotaBytes` are then its own. */
  store?: Store;
}

export interface S3Server {
  /** Scheme, 127.0.0.1 and port. */
  endpoint: string;
  port: number;
  /** Stops at once: open connections are cut. */
  close(): Promise<void>;
}

const regions: Record<S3Profile, readonly string[]> = {
  minio: ['us-east-1'],
  r2: ['auto', 'us-east-1', 'wnam', 'enam', 'weur', 'eeur', 'apac', 'oc'],
};

/**
 * Starts a small strict S3 server on 127.0.0.1: the practice environment's MinIO (`minio`) or R2 (`r2`), and what the
 * tests of the S3 adapter run against. Path-style addresses only.
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { profile, dir, quotaBytes, tls } = options;
  const store =
    options.store ??
    (await openStore({
      dir,
      quotaBytes,
      full: profile === 'r2' ? 'QuotaExceeded' : 'XMinioStorageFull',
    }));
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void serve(request, response, options, store);
  };
  const server: Server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  // Clients pool connections; an idle one must outlive the pauses between their requests.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The S3 server has no port.');
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: S3ServerOptions,
  store: Store,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  response.setHeader('x-amz-request-id', requestId);
  if (options.profile === 'minio') response.setHeader('server', 'MinIO');
  const method = request.method ?? 'GET';
  try {
    const target = parseTarget(request.url ?? '/');
    const fault = options.fault?.({
      method,
      headers: request.headers,
      bucket: target.bucket,
      key: target.key,
      query: target.query,
    });
    if (fault === 'stall') return;
    if (fault === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (typeof fault === 'object') {
      sendError(request, response, fault.status, fault.code, 'Injected for a test.', requestId);
      return;
    }
    const answer =
      method === 'OPTIONS'
        ? preflight(request, target, store)
        : await answerOf(request, method, target, options, store);
    const cors = method === 'OPTIONS' ? {} : corsOf(request, method, target, store);
    await send(method, response, { ...answer, headers: { ...answer.headers, ...cors } }, fault);
  } catch (error) {
    if (response.destroyed || response.headersSent) {
      response.destroy();
    } else if (error instanceof S3Error) {
      sendError(request, response, error.status, error.code, error.message, requestId);
    } else {
      sendError(
        request,
        response,
        500,
        'InternalError',
        error instanceof Error ? error.message : 'Unknown.',
        requestId,
      );
    }
  }
}

function answerOf(
  request: IncomingMessage,
  method: string,
  target: Target,
  options: S3ServerOptions,
  store: Store,
): Promise<Answer> {
  const { headers } = request;
  const payload = verifySignature({ method, headers, target }, options, regions[options.profile], Date.now());
  const { bucket, key, query } = target;
  return route({
    method,
    bucket,
    key,
    query,
    headers,
    payload,
    body: request,
    store,
    profile: options.profile,
    locked: options.locked ?? (() => false),
  });
}

function preflight(request: IncomingMessage, target: Target, store: Store): Answer {
  const headers = corsOf(request, request.headers['access-control-request-method'] ?? '', target, store);
  if (Object.keys(headers).length === 0)
    throw new S3Error('AccessDenied', 'CORSResponse: This CORS request is not allowed.');
  return { status: 200, headers };
}

function corsOf(
  request: IncomingMessage,
  method: string,
  target: Target,
  store: Store,
): Record<string, string> {
  if (request.headers.origin === undefined) return {};
  const bucket = store.buckets().find(({ name }) => name === target.bucket);
  return corsHeaders(bucket?.configurations['cors'], method, request.headers);
}

async function send(
  method: string,
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
): Promise<void> {
  const { body } = answer;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : (body?.length ?? 0);
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(answer.status === 204 || answer.status === 304 ? {} : { 'content-length': String(length) }),
  });
  if (method === 'HEAD' || body === undefined || typeof body === 'string') {
    if (method !== 'HEAD' && body !== undefined && fault === 'truncate') {
      response.write(Buffer.from(body).subarray(0, Math.floor(length / 2)), () => response.destroy());
      return;
    }
    response.end(method === 'HEAD' ? undefined : body);
    return;
  }
  const data = fault === undefined ? body.data : spoil(body.data, body.length, fault);
  await pipeline(Readable.from(data, { objectMode: false }), response);
}

async function* spoil(data: AsyncIterable<Buffer>, length: number, fault: Fault): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const chunk of data) {
    if (fault === 'corrupt' && sent === 0) {
      const copy = Buffer.from(chunk);
      copy[0] = (copy[0] ?? 0) ^ 0xff;
      yield copy;
    } else if (fault === 'truncate' && sent + chunk.length > length / 2) {
      yield chunk.subarray(0, Math.max(0, Math.floor(length / 2) - sent));
      throw new Error('The body was broken off for a test.');
    } else {
      yield chunk;
    }
    sent += chunk.length;
  }
}

function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  requestId: string,
): void {
  const body =
    status === 304
      ? ''
      : `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${element('Code', code)}${element('Message', message)}` +
        `${element('Resource', request.url ?? '/')}${element('RequestId', requestId)}</Error>`;
  // The rest of an unread body would otherwise be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(status, {
    'content-type': 'application/xml',
    ...(status === 304 ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  if (!request.complete) request.resume();
}
