import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import { isRefusal, S3NetworkError, S3ResponseError } from './failure';
import { createPace, type Ended, type Pace } from './pace';
import { defaultRetries, withRetries, type RetryPolicy } from './retry';
import { createSigner, emptyPayload, unsignedPayload } from './sign';
import { encodeKey, encodeQuery } from './uri-encode';
import { xmlText } from './xml-read';

export interface StoreConfig {
  side: 'source' | 'target';
  /** Scheme, host and port; nothing else. */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  retries?: RetryPolicy;
  /** Longest silence of the store, in milliseconds, before a request counts as broken. */
  silence?: number;
}

/** A body whose length is known before it is read. */
export interface StreamedBody {
  stream: AsyncIterable<Uint8Array>;
  size: number;
}

export interface StoreRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  bucket?: string;
  key?: string;
  query?: Readonly<Record<string, string>>;
  /** Lower-case names; values are byte strings. */
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | StreamedBody;
}

export interface StoreResponse {
  status: number;
  /** Lower-case names; values are byte strings. */
  headers: Readonly<Record<string, string>>;
  /** The raw bytes: nothing is decompressed. Throws an S3NetworkError when it breaks off. Must be read or dropped. */
  body: AsyncIterable<Uint8Array>;
  text(): Promise<string>;
  drop(): Promise<void>;
}

/** Signed requests to one store over a pool of connections. Throws S3ResponseError and S3NetworkError. */
export interface StoreClient {
  readonly config: StoreConfig;
  readonly secure: boolean;
  readonly retries: RetryPolicy;
  /** Parts of multipart uploads under way to this store: each holds a connection to both sides for long. */
  readonly parts: Pace;
  /** One try. The only way for a streamed body, which can't be sent twice. */
  once(request: StoreRequest, signal: AbortSignal): Promise<StoreResponse>;
  /** As often as the retry policy says. */
  send(request: StoreRequest & { body?: Uint8Array }, signal: AbortSignal): Promise<StoreResponse>;
  /** Like `send`, with the whole answer read as text. */
  sendText(request: StoreRequest & { body?: Uint8Array }, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** Both ends of a copy. */
export interface Stores {
  source: StoreClient;
  target: StoreClient;
}

const maxErrorBytes = 64 * 1024;
const requestsAtOnce = 64;
const partsAtOnce = 16;
const signedAlways = /^(host|content-md5|content-type|x-amz-.*)$/;

/** Opens a client; nothing is connected before the first request. */
export function createStoreClient(config: StoreConfig): StoreClient {
  const { side, endpoint } = config;
  const { host, protocol } = new URL(endpoint);
  const secure = protocol === 'https:';
  const sign = createSigner(config);
  const silence = config.silence ?? 30_000;
  const pool = new Pool(endpoint, {
    connections: requestsAtOnce,
    headersTimeout: silence,
    bodyTimeout: silence,
    connect: { timeout: Math.min(10_000, silence) },
    keepAliveTimeout: 20_000,
  });
  const pace = createPace(requestsAtOnce);
  let answered = false;
  const broken = (error: unknown): unknown =>
    error instanceof S3NetworkError || error instanceof S3ResponseError
      ? error
      : new S3NetworkError(side, error, answered);

  const once = async (request: StoreRequest, signal: AbortSignal): Promise<StoreResponse> => {
    // The many requests of a run listen to one signal.
    setMaxListeners(0, signal);
    await pace.enter(signal);
    let ended: Ended = 'otherwise';
    try {
      const answer = await exchange(request, signal);
      ended = 'well';
      return answer;
    } catch (error) {
      if (isRefusal(error)) ended = 'refused';
      throw error;
    } finally {
      pace.leave(ended);
    }
  };
  const exchange = async (request: StoreRequest, signal: AbortSignal): Promise<StoreResponse> => {
    const { bucket = '', key = '', query = {}, headers = {}, body, method } = request;
    const path = `/${bucket}${key === '' ? '' : `/${encodeKey(key)}`}`;
    const queryText = encodeQuery(query);
    const all = { ...headers, host };
    const signable = Object.fromEntries(Object.entries(all).filter(([name]) => signedAlways.test(name)));
    const signed = sign(
      { method, path, query: queryText, headers: signable, payload: payloadOf(body, secure) },
      new Date(),
    );
    let response: Dispatcher.ResponseData;
    try {
      response = await pool.request({
        method,
        path: queryText === '' ? path : `${path}?${queryText}`,
        headers: { ...all, ...signed, ...lengthOf(body, method) },
        body: bodyOf(body),
        signal,
        // Left to itself undici closes the connection after every HEAD.
        reset: false,
      });
    } catch (error) {
      throw broken(error);
    }
    answered = true;
    const answer = readResponse(response, broken);
    if (response.statusCode >= 300) throw await responseError(side, answer);
    return answer;
  };

  const retries = config.retries ?? defaultRetries;
  return {
    config,
    secure,
    retries,
    parts: createPace(partsAtOnce),
    once,
    send: (request, signal) => withRetries(retries, signal, () => once(request, signal)),
    sendText: (request, signal) =>
      withRetries(retries, signal, async () => (await once(request, signal)).text()),
    close: () => pool.destroy(),
  };
}

/**
 * What the signature says of the body. Over HTTPS nothing: the connection protects it. Over HTTP the hash of a body in
 * memory. A streamed body's hash is not known before it is sent; over HTTP its Content-MD5, which is signed, stands for
 * it where the caller knows one.
 */
function payloadOf(body: StoreRequest['body'], secure: boolean): string {
  if (body === undefined) return emptyPayload;
  if (secure || !(body instanceof Uint8Array)) return unsignedPayload;
  return createHash('sha256').update(body).digest('hex');
}

function bodyOf(body: StoreRequest['body']): Uint8Array | Readable | null {
  if (body === undefined || body instanceof Uint8Array) return body ?? null;
  return Readable.from(body.stream, { objectMode: false });
}

function lengthOf(body: StoreRequest['body'], method: string): Record<string, string> {
  if (body === undefined) return method === 'PUT' || method === 'POST' ? { 'content-length': '0' } : {};
  return { 'content-length': String(body instanceof Uint8Array ? body.length : body.size) };
}

function readResponse(response: Dispatcher.ResponseData, broken: (error: unknown) => unknown): StoreResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of response.body) {
        if (chunk instanceof Uint8Array) yield chunk;
      }
    } catch (error) {
      throw broken(error);
    }
  }
  return {
    status: response.statusCode,
    headers,
    body: chunks(),
    text: async () => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks()) parts.push(chunk);
      return Buffer.concat(parts).toString('utf8');
    },
    drop: async () => {
      // The answer is in; what the connection does with the rest of it does not matter.
      await response.body.dump().catch(() => undefined);
    },
  };
}

async function responseError(side: 'source' | 'target', response: StoreResponse): Promise<S3ResponseError> {
  let text = '';
  try {
    for await (const chunk of response.body) {
      text += Buffer.from(chunk).toString('utf8');
      if (text.length > maxErrorBytes) break;
    }
  } catch {
    // The status alone says enough.
  }
  const code = text.includes('<Error') ? (xmlText(text, 'Code') ?? '') : '';
  const after = Number(response.headers['retry-after'] ?? Number.NaN);
  return new S3ResponseError(
    side,
    response.status,
    code,
    xmlText(text, 'Message') ?? `HTTP status ${response.status}`,
    Number.isFinite(after) ? after * 1000 : undefined,
  );
}
