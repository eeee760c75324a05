import { createHash } from 'node:crypto';
import type { ObjectAttributes } from '../../ports/objects';
import { plainEtag, writeAttributes } from './attributes';
import { guarded } from './bucket-store';
import { S3DamageError, S3ResponseError } from './failure';
import { beginUpload } from './begin-upload';
import { abortUpload } from './open-uploads';
import type { StreamedBody } from './http/connection-pool';
import type { StoreClient } from './store-client';
import { encodeKey } from './uri-encode';
import { xmlBlocks, xmlText } from './xml-read';

export interface KeyPlace {
  bucket: string;
  key: string;
}

/** A key that a store did not delete, and why. */
export interface RefusedKey {
  key: string;
  code: string;
  message: string;
}

export interface UploadPlace extends KeyPlace {
  uploadId: string;
}

/** What an operator may change in one store. Made for targets only: nothing is written to a source. */
export interface BucketWriter {
  /** Succeeds when the bucket is there already and is ours. */
  createBucket(bucket: string, signal: AbortSignal): Promise<void>;
  /** At most 1,000 keys; answers those that were refused. A key that is not there counts as deleted. */
  removeKeys(bucket: string, keys: readonly string[], signal: AbortSignal): Promise<RefusedKey[]>;
  removeVersion(place: KeyPlace, versionId: string, signal: AbortSignal): Promise<void>;
  /** Copies on the store itself, up to 5 GiB. `replace` gives the copy other attributes; `ifMatch` is the original's ETag. */
  copyWithin(
    from: KeyPlace,
    to: KeyPlace,
    options: { replace?: ObjectAttributes; ifMatch?: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** Stores one object in one request; answers its ETag. With `onlyNew` an object that is there already stays: `OBJECTS_CHANGED_DURING_COPY`. */
  put(
    place: KeyPlace,
    body: Uint8Array | StreamedBody,
    attributes: ObjectAttributes,
    options: { onlyNew?: boolean },
    signal: AbortSignal,
  ): Promise<string>;
  createUpload(place: KeyPlace, attributes: ObjectAttributes, signal: AbortSignal): Promise<string>;
  /** Stores one part; answers its ETag, which has been compared with what was sent. */
  putPart(
    upload: UploadPlace,
    number: number,
    body: Uint8Array | StreamedBody,
    signal: AbortSignal,
  ): Promise<string>;
  /** Copies bytes of an object on the same store into a part; answers its ETag. */
  copyPart(
    upload: UploadPlace,
    number: number,
    from: KeyPlace & { start: number; end: number; etag: string },
    signal: AbortSignal,
  ): Promise<string>;
  completeUpload(upload: UploadPlace, etags: readonly string[], signal: AbortSignal): Promise<string>;
  abortUpload(upload: UploadPlace, signal: AbortSignal): Promise<void>;
}

/** Opens the writing half of a store. */
export function createBucketWriter(client: StoreClient): BucketWriter {
  return {
    createBucket: (bucket, signal) =>
      guarded(client, { bucket }, signal, async () => {
        try {
          await client.send({ method: 'PUT', bucket }, signal);
        } catch (error) {
          if (error instanceof S3ResponseError && error.code === 'BucketAlreadyOwnedByYou') return;
          throw error;
        }
      }),
    removeKeys: (bucket, keys, signal) =>
      guarded(client, { bucket }, signal, () => removeKeys(client, bucket, keys, signal)),
    removeVersion: (place, versionId, signal) =>
      guarded(client, place, signal, async () => {
        await client.send({ method: 'DELETE', ...place, query: { versionId } }, signal);
      }),
    copyWithin: (from, to, { replace, ifMatch }, signal) =>
      guarded(client, to, signal, async () => {
        const headers = {
          ...copySource(from),
          ...(ifMatch === undefined ? {} : { 'x-amz-copy-source-if-match': `"${ifMatch}"` }),
          ...(replace === undefined
            ? {}
            : { 'x-amz-metadata-directive': 'REPLACE', ...writeAttributes(replace) }),
        };
        await resultOf(client, await client.sendText({ method: 'PUT', ...to, headers }, signal));
      }),
    put: (place, body, attributes, { onlyNew }, signal) =>
      guarded(client, place, signal, async () => {
        const headers = {
          ...writeAttributes(attributes),
          ...(onlyNew === true ? { 'if-none-match': '*' } : {}),
        };
        return sendProven(client, { method: 'PUT', ...place, headers }, body, signal);
      }),
    createUpload: (place, attributes, signal) =>
      guarded(client, place, signal, () => beginUpload(client, place, attributes, signal)),
    putPart: ({ uploadId, ...place }, number, body, signal) =>
      guarded(client, place, signal, () =>
        sendProven(
          client,
          { method: 'PUT', ...place, query: { partNumber: String(number), uploadId } },
          body,
          signal,
        ),
      ),
    copyPart: ({ uploadId, ...place }, number, from, signal) =>
      guarded(client, place, signal, async () => {
        const headers = {
          ...copySource(from),
          'x-amz-copy-source-if-match': `"${from.etag}"`,
          'x-amz-copy-source-range': `bytes=${from.start}-${from.end - 1}`,
        };
        const query = { partNumber: String(number), uploadId };
        const text = await client.sendText({ method: 'PUT', ...place, query, headers }, signal);
        return plainEtag(xmlText(await resultOf(client, text), 'ETag'));
      }),
    completeUpload: ({ uploadId, ...place }, etags, signal) =>
      guarded(client, place, signal, async () => {
        const parts = etags.map(
          (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${etag}"</ETag></Part>`,
        );
        const body = Buffer.from(
          `<CompleteMultipartUpload xmlns="${namespace}">${parts.join('')}</CompleteMultipartUpload>`,
        );
        const headers = { 'content-type': 'application/xml' };
        const text = await client.sendText(
          { method: 'POST', ...place, query: { uploadId }, headers, body },
          signal,
        );
        return plainEtag(xmlText(await resultOf(client, text), 'ETag'));
      }),
    abortUpload: (upload, signal) =>
      guarded(client, upload, signal, () => abortUpload(client, upload, signal)),
  };
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

function copySource({ bucket, key }: KeyPlace): Record<string, string> {
  return { 'x-amz-copy-source': `/${bucket}/${encodeKey(key)}` };
}

/** The status of a long act is sent before it is done, so an error can stand in an answer with status 200. */
function resultOf(client: StoreClient, text: string): Promise<string> {
  if (!text.includes('<Error')) return Promise.resolve(text);
  const code = xmlText(text, 'Code') ?? 'InternalError';
  return Promise.reject(new S3ResponseError(client.config.side, 500, code, xmlText(text, 'Message') ?? code));
}

/** Sends a body and compares the answered ETag with the MD5 of what was sent. A body in memory is sent again when that may help. */
async function sendProven(
  client: StoreClient,
  request: Parameters<StoreClient['once']>[0],
  body: Uint8Array | StreamedBody,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('md5');
  let sent: string;
  if (body instanceof Uint8Array) {
    sent = hash.update(body).digest('hex');
    const response = await client.send({ ...request, body }, signal);
    return compare(plainEtag(response.headers['etag']), sent);
  }
  async function* hashed(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const response = await client.once(
    { ...request, body: { stream: hashed(body.stream), size: body.size } },
    signal,
  );
  sent = hash.digest('hex');
  return compare(plainEtag(response.headers['etag']), sent);
}

/** An ETag that is no MD5 says nothing of the content: encrypted stores answer such. */
function compare(etag: string, md5: string): string {
  if (/^[0-9a-f]{32}$/.test(etag) && etag !== md5) {
    throw new S3DamageError('the store answers with another ETag');
  }
  return etag;
}

/** XML 1.0 has no place for these, not even as references. */
// eslint-disable-next-line no-control-regex
const notInXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

async function removeKeys(
  client: StoreClient,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<RefusedKey[]> {
  const together = keys.filter((key) => !notInXml.test(key));
  const refused = together.length === 0 ? [] : await removeTogether(client, bucket, together, signal);
  for (const key of keys.filter((item) => notInXml.test(item))) {
    try {
      await client.send({ method: 'DELETE', bucket, key }, signal);
    } catch (error) {
      if (!(error instanceof S3ResponseError) || error.status >= 500) throw error;
      refused.push({ key, code: error.code, message: error.message });
    }
  }
  return refused;
}

async function removeTogether(
  client: StoreClient,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<RefusedKey[]> {
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('');
  const body = Buffer.from(`<Delete xmlns="${namespace}"><Quiet>true</Quiet>${objects}</Delete>`);
  const headers = {
    'content-md5': createHash('md5').update(body).digest('base64'),
    'content-type': 'application/xml',
  };
  const text = await client.sendText(
    { method: 'POST', bucket, query: { delete: '' }, headers, body },
    signal,
  );
  if (!text.includes('<DeleteResult')) await resultOf(client, text);
  return [...xmlBlocks(text, 'Error')].map((block) => ({
    key: xmlText(block, 'Key') ?? '',
    code: xmlText(block, 'Code') ?? 'Unknown',
    message: xmlText(block, 'Message') ?? '',
  }));
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"\t\n\r]/g, (found) => `&#${found.charCodeAt(0)};`);
}
