import { hash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import {
  createConnectionPool,
  type AnswerHead,
  type HeldAnswer,
  type StreamedAnswer,
  type StreamedBody,
  type WireRequest,
} from './http/connection-pool';
import { guardBody } from './http/guard-body';
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

export interface StoreRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  bucket?: string;
  key?: string;
  query?: Readonly<Record<string, string>>;
  /** Lower-case names; values are byte strings. */
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | StreamedBody;
}

/** Signed requests to one store over a pool of connections. Throws S3ResponseError and S3NetworkError. */
export interface StoreClient {
  readonly config: StoreConfig;
  readonly secure: boolean;
  readonly retries: RetryPolicy;
  /** Parts of multipart uploads under way to this store: each holds a connection to both sides for long. */
  readonly parts: Pace;
  /** One try. The only way for a streamed body, which can't be sent twice. */
  once(request: StoreRequest, signal: AbortSignal): Promise<HeldAnswer>;
  /** As often as the retry policy says. */
  send(request: StoreRequest & { body?: Uint8Array }, signal: AbortSignal): Promise<HeldAnswer>;
  /** Like `send`, with the answer as text. */
  sendText(request: StoreRequest & { body?: Uint8Array }, signal: AbortSignal): Promise<string>;
  /** One try, for an answer that is read as it comes. */
  stream(request: StoreRequest, signal: AbortSignal): Promise<StreamedAnswer>;
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

function isSignedAlways(name: string): boolean {
  return name === 'host' || name === 'content-md5' || name === 'content-type' || name.startsWith('x-amz-');
}

/** Opens a client; nothing is connected before the first request. */
export function createStoreClient(config: StoreConfig): StoreClient {
  const { side, endpoint } = config;
  const { host, protocol } = new URL(endpoint);
  const secure = protocol === 'https:';
  const sign = createSigner(config);
  const silence = config.silence ?? 30_000;
  const pool = createConnectionPool({ endpoint, connections: requestsAtOnce, silence });
  const pace = createPace(requestsAtOnce);
  let answered = false;
  const broken = (error: unknown): unknown =>
    error instanceof S3NetworkError || error instanceof S3ResponseError
      ? error
      : new S3NetworkError(side, error, answered);

  /** Waits for a place, and tells the pace how the exchange went. */
  const paced = async <T>(signal: AbortSignal, exchange: () => Promise<T>): Promise<T> => {
    // The many requests of a run listen to one signal.
    setMaxListeners(0, signal);
    await pace.enter(signal);
    let ended: Ended = 'otherwise';
    try {
      const answer = await exchange();
      ended = 'well';
      return answer;
    } catch (error) {
      if (isRefusal(error)) ended = 'refused';
      throw error;
    } finally {
      pace.leave(ended);
    }
  };
  const signed = (request: StoreRequest): WireRequest => {
    const { bucket = '', key = '', query, headers, body, method } = request;
    const path = `/${bucket}${key === '' ? '' : `/${encodeKey(key)}`}`;
    const queryText = encodeQuery(query);
    const payload = payloadOf(request, secure);
    const all: Record<string, string> = { host, ...headers };
    const signable: Record<string, string> = {};
    for (const name in all) if (isSignedAlways(name)) signable[name] = all[name] ?? '';
    Object.assign(all, sign({ method, path, query: queryText, headers: signable, payload }, new Date()));
    const length = lengthOf(body, method);
    if (length !== undefined) all['content-length'] = length;
    return { method, path: queryText === '' ? path : `${path}?${queryText}`, headers: all, body };
  };
  const once = (request: StoreRequest, signal: AbortSignal): Promise<HeldAnswer> =>
    paced(signal, async () => {
      const answer = await pool.held(signed(request), signal).catch((error: unknown) => {
        throw broken(error);
      });
      answered = true;
      if (answer.status >= 300) throw responseError(side, answer, answer.body.toString('utf8'));
      return answer;
    });
  const stream = (request: StoreRequest, signal: AbortSignal): Promise<StreamedAnswer> =>
    paced(signal, async () => {
      const response = await pool.streamed(signed(request), signal).catch((error: unknown) => {
        throw broken(error);
      });
      answered = true;
      const answer = { ...response, body: guardBody(response.body, broken) };
      if (answer.status >= 300) throw responseError(side, answer, await errorText(answer));
      return answer;
    });

  const retries = config.retries ?? defaultRetries;
  const send: StoreClient['send'] = (request, signal) =>
    withRetries(retries, signal, () => once(request, signal));
  return {
    config,
    secure,
    retries,
    parts: createPace(partsAtOnce),
    once,
    send,
    sendText: async (request, signal) => (await send(request, signal)).body.toString('utf8'),
    stream,
    close: () => {
      pool.close();
      return Promise.resolve();
    },
  };
}

/**
 * What the signature says of the body. Over HTTPS nothing: the connection protects it. Over HTTP the Content-MD5, which is signed,
 * stands for it where the caller knows one, else the hash of a body in memory. A streamed body's hash is not known before it is sent.
 */
function payloadOf({ body, headers }: StoreRequest, secure: boolean): string {
  if (body === undefined) return emptyPayload;
  if (secure || !(body instanceof Uint8Array) || headers?.['content-md5'] !== undefined)
    return unsignedPayload;
  return hash('sha256', body);
}

function lengthOf(body: StoreRequest['body'], method: string): string | undefined {
  if (body === undefined) return method === 'PUT' || method === 'POST' ? '0' : undefined;
  return String(body instanceof Uint8Array ? body.length : body.size);
}

async function errorText({ body }: StreamedAnswer): Promise<string> {
  let text = '';
  try {
    for await (const chunk of body) {
      text += Buffer.from(chunk).toString('utf8');
      if (text.length > maxErrorBytes) break;
    }
  } catch {
    // The status alone says enough.
  }
  return text;
}

function responseError(
  side: 'source' | 'target',
  { status, headers }: AnswerHead,
  text: string,
): S3ResponseError {
  const code = text.includes('<Error') ? (xmlText(text, 'Code') ?? '') : '';
  const after = Number(headers['retry-after'] ?? Number.NaN);
  return new S3ResponseError(
    side,
    status,
    code,
    xmlText(text, 'Message') ?? `HTTP status ${status}`,
    Number.isFinite(after) ? after * 1000 : undefined,
  );
}
