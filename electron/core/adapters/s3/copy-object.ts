import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { CopiedObject, CopyRequest } from '../../ports/objects';
import { plainEtag, readHead, writeAttributes } from './attributes';
import { copyInParts } from './copy-parts';
import { isKeyed, readEtag } from './etag';
import { S3DamageError } from './failure';
import { withRetries } from './retry';
import type { AnswerHead, HeldAnswer, StreamedAnswer } from './http/connection-pool';
import type { Stores } from './store-client';

const mib = 1024 * 1024;
/** Bodies up to this size are held in memory: their hash can be signed, and setting up a stream would cost more. */
const heldBytes = mib;
/** A plain object beyond this size goes in parts, so that a break costs one part; its ETag then differs from the source's. */
const singlePutBytes = 1024 * mib;
/** An object whose ETag proves nothing is held whole up to this size, to have an MD5 before it is sent. */
const opaqueHeldBytes = 16 * mib;

/** Copies one object; see the port. Throws the errors of the clients, unclassified. */
export async function copyObject(
  stores: Stores,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<CopiedObject> {
  const { entry } = request.from;
  const etag = readEtag(entry.etag);
  const whole =
    (etag.kind === 'md5' && entry.size <= singlePutBytes) ||
    (etag.kind === 'opaque' && entry.size <= opaqueHeldBytes);
  if (!whole) return copyInParts(stores, request, signal);
  return withRetries(stores.target.retries, signal, () => copyWhole(stores, request, signal));
}

async function copyWhole(
  { source, target }: Stores,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<CopiedObject> {
  const { bucket, entry } = request.from;
  const { key, size } = entry;
  const get = { method: 'GET', bucket, key, headers: { 'if-match': `"${entry.etag}"` } } as const;
  const held = size <= heldBytes || readEtag(entry.etag).kind !== 'md5';
  const response = held ? await source.once(get, signal) : await source.stream(get, signal);
  try {
    return await putWhole({ source, target }, request, response, signal);
  } finally {
    if ('drop' in response) response.drop();
  }
}

async function putWhole(
  stores: Stores,
  request: CopyRequest,
  response: HeldAnswer | StreamedAnswer,
  signal: AbortSignal,
): Promise<CopiedObject> {
  const { entry } = request.from;
  const { key, size } = entry;
  const head = readHead(key, response);
  if (head.size !== size) {
    throw new S3DamageError(`the source announces ${head.size} bytes instead of ${size}`);
  }
  const known = knownMd5(entry.etag, response);
  if (known === undefined && size > opaqueHeldBytes) {
    if ('drop' in response) response.drop();
    return copyInParts(stores, request, signal);
  }
  const body = !('drop' in response)
    ? response.body
    : known === undefined
      ? await buffer(response.body)
      : { stream: counted(response, request.onProgress), size };
  if (body instanceof Uint8Array && body.length !== size) {
    throw new S3DamageError(`${body.length} bytes came instead of ${size}`);
  }
  // The target compares what arrives with it, and answers with the MD5 of what it stored: nothing is gained by hashing here as well.
  const md5 = known ?? hash('md5', body instanceof Uint8Array ? body : '');
  const put = await stores.target.once(
    {
      method: 'PUT',
      bucket: request.to.bucket,
      key: request.to.key ?? key,
      headers: { ...writeAttributes(head), 'content-md5': Buffer.from(md5, 'hex').toString('base64') },
      body,
    },
    signal,
  );
  const targetEtag = plainEtag(put.headers['etag']);
  if (targetEtag !== md5) throw new S3DamageError('the target answers with another ETag');
  request.onProgress?.(size);
  return { sourceEtag: entry.etag, targetEtag, size, attributes: head };
}

/** The MD5 of the content, when the ETag is one. */
function knownMd5(etag: string, { headers }: AnswerHead): string | undefined {
  const read = readEtag(etag);
  return read.kind === 'md5' && !isKeyed(headers) ? read.md5 : undefined;
}

async function* counted(
  response: StreamedAnswer,
  onProgress: CopyRequest['onProgress'],
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of response.body) {
    yield chunk;
    sent += chunk.length;
    onProgress?.(sent);
  }
}
