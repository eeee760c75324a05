import { createHash } from 'node:crypto';
import type { CopiedObject, CopyRequest } from '../../ports/objects';
import { plainEtag, readHead, writeAttributes } from './attributes';
import { collect } from './collect';
import { copyInParts } from './copy-parts';
import { readEtag } from './etag';
import { S3DamageError } from './failure';
import { withRetries } from './retry';
import type { StoreResponse, Stores } from './store-client';

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
  const response = await source.once(
    { method: 'GET', bucket, key, headers: { 'if-match': `"${entry.etag}"` } },
    signal,
  );
  const head = readHead(key, response);
  if (head.size !== size) {
    await response.drop();
    throw new S3DamageError(`the source announces ${head.size} bytes instead of ${size}`);
  }
  const known = knownMd5(entry.etag, response);
  if (known === undefined && size > opaqueHeldBytes) {
    await response.drop();
    return copyInParts({ source, target }, request, signal);
  }
  const held = size <= heldBytes || known === undefined;
  const body = held ? await collect(response, size) : { stream: counted(response, request.onProgress), size };
  const md5 =
    body instanceof Uint8Array ? createHash('md5').update(body).digest() : Buffer.from(known ?? '', 'hex');
  if (known !== undefined && md5.toString('hex') !== known) {
    throw new S3DamageError('the bytes read from the source do not have the MD5 of its ETag');
  }
  const put = await target.once(
    {
      method: 'PUT',
      bucket: request.to.bucket,
      key: request.to.key ?? key,
      headers: { ...writeAttributes(head), 'content-md5': md5.toString('base64') },
      body,
    },
    signal,
  );
  await put.drop();
  const targetEtag = plainEtag(put.headers['etag']);
  if (targetEtag !== md5.toString('hex')) throw new S3DamageError('the target answers with another ETag');
  request.onProgress?.(size);
  return { sourceEtag: entry.etag, targetEtag, size };
}

/** The MD5 of the content, when the ETag is one: with keys of a key service it only looks like it. */
function knownMd5(etag: string, { headers }: StoreResponse): string | undefined {
  const read = readEtag(etag);
  const keyed =
    (headers['x-amz-server-side-encryption'] ?? '').startsWith('aws:kms') ||
    headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined;
  return read.kind === 'md5' && !keyed ? read.md5 : undefined;
}

async function* counted(
  response: StoreResponse,
  onProgress: CopyRequest['onProgress'],
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of response.body) {
    yield chunk;
    sent += chunk.length;
    onProgress?.(sent);
  }
}
