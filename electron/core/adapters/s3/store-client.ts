import { hash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import { dispatchHeld, plainHeaders } from './dispatch-held';
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

/** What an answer says before its body. */
export interface AnswerHead {
  status: number;
  /** Lower-case names; values are byte strings. */
  headers: Readonly<Record<string, string>>;
}

/** An answer with its whole body in memory. */
export interface HeldAnswer extends AnswerHead {
  /** The raw bytes: nothing is decompressed. */
  body: Buffer;
}

export interface StreamedAnswer extends AnswerHead {
  /** The raw bytes: nothing is decompressed. Throws an S3NetworkError when it breaks off. Must be read or dropped. */
  body: AsyncIterable<Uint8Array>;
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
  const signed = (request: StoreRequest): Dispatcher.DispatchOptions => {
    const { bucket = '', key = '', query = {}, headers = {}, body, method } = request;
    const path = `/${bucket}${key === '' ? '' : `/${encodeKey(key)}`}`;
    const queryText = encodeQuery(query);
    const all: Record<string, string> = { ...headers, host };
    const signable: Record<string, string> = {};
    for (const name in all) if (signedAlways.test(name)) signable[name] = all[name] ?? '';
    const signature = sign(
      { method, path, query: queryText, headers: signable, payload: payloadOf(request, secure) },
      new Date(),
    );
    return {
      method,
      path: queryText === '' ? path : `${path}?${queryText}`,
      headers: { ...all, ...signature, ...lengthOf(body, method) },
      body: bodyOf(body),
      // Left to itself undici closes the connection after every HEAD.
      reset: false,
    };
  };
  const once = (request: StoreRequest, signal: AbortSignal): Promise<HeldAnswer> =>
    paced(signal, async () => {
      const answer = await dispatchHeld(pool, signed(request), signal).catch((error: unknown) => {
        throw broken(error);
      });
      answered = true;
      if (answer.status >= 300) throw responseError(side, answer, answer.body.toString('utf8'));
      return answer;
    });
  const stream = (request: StoreRequest, signal: AbortSignal): Promise<StreamedAnswer> =>
    paced(signal, async () => {
      const response = await pool.request({ ...signed(request), signal }).catch((error: unknown) => {
        throw broken(error);
      });
      answered = true;
      const answer = readResponse(response, broken);
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
    close: () => pool.destroy(),
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

function bodyOf(body: StoreRequest['body']): Uint8Array | Readable | null {
  if (body === undefined || body instanceof Uint8Array) return body ?? null;
  return Readable.from(body.stream, { objectMode: false });
}

function lengthOf(body: StoreRequest['body'], method: string): Record<string, string> {
  if (body === undefined) return method === 'PUT' || method === 'POST' ? { 'content-length': '0' } : {};
  return { 'content-length': String(body instanceof Uint8Array ? body.length : body.size) };
}

function readResponse(
  response: Dispatcher.ResponseData,
  broken: (error: unknown) => unknown,
): StreamedAnswer {
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
    headers: plainHeaders(response.headers),
    body: chunks(),
    drop: async () => {
      // The answer is in; what the connection does with the rest of it does not matter.
      await response.body.dump().catch(() => undefined);
    },
  };
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
