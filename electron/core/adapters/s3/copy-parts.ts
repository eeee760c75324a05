import { createHash } from 'node:crypto';
import type { CopiedObject, CopyRequest, ObjectEntry, ObjectHead } from '../../ports/objects';
import { plainEtag, readHead } from './attributes';
import { equalPartSize, isKeyed, multipartEtag, ownPartSize, readEtag } from './etag';
import { S3DamageError, S3NetworkError, S3ResponseError } from './failure';
import { beginUpload, takeUpUpload } from './begin-upload';
import { abortUpload, type HeldPart, type Upload } from './open-uploads';
import { withRetries } from './retry';
import type { StoreClient, Stores } from './store-client';
import { xmlText } from './xml-read';

/** Parts of one object in flight; all objects together share those of the target's client. */
const partsAtOnce = 4;
const abortPatienceMs = 3_000;

/** Copies one object part by part, with the source's part size where its parts are equal, so that the ETags match. */
export async function copyInParts(
  stores: Stores,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<CopiedObject> {
  const { entry } = request.from;
  const { head, firstPart, keyed } = await headFirstPart(stores.source, request, signal);
  const etag = readEtag(entry.etag);
  const equal = etag.kind === 'parts' ? equalPartSize(entry.size, etag.count, firstPart) : undefined;
  const partSize = equal ?? ownPartSize(entry.size);
  const copy = (proof: PartProof): Promise<CopiedObject> =>
    copyOnce(stores, request, { head, partSize, proof }, signal);
  if (equal === undefined || firstPart === undefined || keyed) return copy('hashed here');
  try {
    return await copy('of the source');
  } catch (error) {
    if (!(error instanceof S3DamageError)) throw error;
    // Which part it was is not known: this time each is compared as it is sent.
    return copy('hashed here');
  }
}

/**
 * What the MD5s of the parts are compared with. `of the source`: the parts are cut as the source's were, so the MD5s that the target
 * tells make the source's ETag, or something was damaged between the two. `hashed here`: each with the MD5 of what was sent.
 */
type PartProof = 'of the source' | 'hashed here';

interface PartedCopy {
  head: ObjectHead;
  partSize: number;
  proof: PartProof;
}

async function copyOnce(
  stores: Stores,
  request: CopyRequest,
  { head, partSize, proof }: PartedCopy,
  signal: AbortSignal,
): Promise<CopiedObject> {
  const { target } = stores;
  const { entry } = request.from;
  const place = { bucket: request.to.bucket, key: request.to.key ?? entry.key };
  const begun =
    request.resumes === true
      ? await takeUpUpload(
          target,
          place,
          { writtenAt: writtenAt(entry, head), proven: proof === 'of the source' },
          signal,
        )
      : undefined;
  const upload = begun?.upload ?? { ...place, uploadId: await beginUpload(target, place, head, signal) };
  try {
    const md5s = await sendParts(stores, request, upload, { partSize, proof, held: begun?.parts }, signal);
    const expected = multipartEtag(md5s);
    if (proof === 'of the source' && expected !== entry.etag)
      throw new S3DamageError('the parts on the target do not make the ETag of the source');
    const targetEtag = await complete(target, upload, md5s, expected, signal);
    if (targetEtag !== expected) throw new S3DamageError('the target answers with another ETag');
    return { sourceEtag: entry.etag, targetEtag, size: entry.size, attributes: head };
  } catch (error) {
    // An upload left open costs money; a target that is gone keeps it until the run is resumed.
    await abortUpload(target, upload, AbortSignal.timeout(abortPatienceMs)).catch(() => undefined);
    throw error;
  }
}

/** When the source was last written, in milliseconds since 1970: a listing is more exact than a head. */
function writtenAt(entry: ObjectEntry, head: ObjectHead): number {
  return Math.max(Date.parse(entry.modifiedAt), Date.parse(head.modifiedAt));
}

/** The object's attributes, and the size of its first part where the store tells it. */
async function headFirstPart(
  source: StoreClient,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<{ head: ObjectHead; firstPart: number | undefined; keyed: boolean }> {
  const { bucket, entry } = request.from;
  const object = { method: 'HEAD', bucket, key: entry.key } as const;
  const parted = readEtag(entry.etag).kind === 'parts';
  const [whole, firstPart] = await Promise.all([
    source.send({ ...object, headers: { 'if-match': `"${entry.etag}"` } }, signal),
    parted ? firstPartSize(source, object, signal) : undefined,
  ]);
  return { head: readHead(entry.key, whole), firstPart, keyed: isKeyed(whole.headers) };
}

async function firstPartSize(
  source: StoreClient,
  object: { method: 'HEAD'; bucket: string; key: string },
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    // Without a condition: some stores hold it against the part's own ETag.
    const part = await source.send({ ...object, query: { partNumber: '1' } }, signal);
    // A store that does not know the parameter answers for the whole object.
    const told = part.status === 206 || part.headers['x-amz-mp-parts-count'] !== undefined;
    return told ? Number(part.headers['content-length']) : undefined;
  } catch (error) {
    // The other question tells of an object that is gone.
    if (error instanceof S3ResponseError && [400, 404, 412, 416, 501].includes(error.status))
      return undefined;
    throw error;
  }
}

/** Sends every part, several at once; answers with their MD5s in order. The first failure stops the others. */
async function sendParts(
  stores: Stores,
  request: CopyRequest,
  upload: Upload,
  {
    partSize,
    proof,
    held,
  }: Pick<PartedCopy, 'partSize' | 'proof'> & { held?: Map<number, HeldPart> | undefined },
  signal: AbortSignal,
): Promise<Buffer[]> {
  const { size } = request.from.entry;
  const count = Math.max(1, Math.ceil(size / partSize));
  const md5s = new Array<Buffer>(count);
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const start = index * partSize;
      const end = Math.min(size, start + partSize);
      const part = { number: index + 1, start, end };
      const there = held?.get(part.number);
      if (there?.size === end - start && readEtag(there.etag).kind === 'md5')
        md5s[index] = Buffer.from(there.etag, 'hex');
      else {
        await stores.target.parts.enter(both);
        try {
          md5s[index] = await withRetries(stores.target.retries, both, () =>
            sendPart(stores, request, upload, { ...part, proof }, both),
          );
        } finally {
          stores.target.parts.leave('otherwise');
        }
      }
      done += end - start;
      request.onProgress?.(done);
    }
  };
  const workers = Array.from({ length: Math.min(partsAtOnce, count) }, async () => {
    try {
      await worker();
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  const results = await Promise.allSettled(workers);
  // Those that were stopped because of the first failure say nothing; the failure itself is the one that did not come from the abort.
  const failures = results.flatMap((result): unknown[] =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (failures.length > 0) throw failures.find(isCause) ?? failures[0];
  return md5s;
}

function isCause(error: unknown): boolean {
  return (
    error instanceof S3ResponseError ||
    error instanceof S3DamageError ||
    (error instanceof S3NetworkError && error.code !== 'AbortError')
  );
}

async function sendPart(
  { source, target }: Stores,
  request: CopyRequest,
  upload: Upload,
  part: { number: number; start: number; end: number; proof: PartProof },
  signal: AbortSignal,
): Promise<Buffer> {
  const { bucket, entry } = request.from;
  const size = part.end - part.start;
  const response = await source.stream(
    {
      method: 'GET',
      bucket,
      key: entry.key,
      headers: {
        'if-match': `"${entry.etag}"`,
        ...(size === 0 ? {} : { range: `bytes=${part.start}-${part.end - 1}` }),
      },
    },
    signal,
  );
  const hash = part.proof === 'hashed here' ? createHash('md5') : undefined;
  const body = { stream: hash === undefined ? response.body : hashed(response.body, hash), size };
  const query = { partNumber: String(part.number), uploadId: upload.uploadId };
  const put = await target
    .once({ method: 'PUT', bucket: upload.bucket, key: upload.key, query, body }, signal)
    .finally(() => response.drop());
  const told = plainEtag(put.headers['etag']);
  if (hash === undefined ? readEtag(told).kind !== 'md5' : told !== hash.digest('hex')) {
    throw new S3DamageError(`the target answers with another ETag for part ${part.number}`);
  }
  return Buffer.from(told, 'hex');
}

async function* hashed(
  body: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Completes an upload and answers with the object's ETag. A completion whose answer was lost is recognised by that ETag. */
async function complete(
  target: StoreClient,
  upload: Upload,
  md5s: readonly Buffer[],
  expected: string,
  signal: AbortSignal,
): Promise<string> {
  const { bucket, key, uploadId } = upload;
  const parts = md5s.map(
    (md5, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${md5.toString('hex')}"</ETag></Part>`,
  );
  const body = Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
  );
  try {
    return await withRetries(target.retries, signal, async () => {
      const response = await target.once(
        {
          method: 'POST',
          bucket,
          key,
          query: { uploadId },
          headers: { 'content-type': 'application/xml' },
          body,
        },
        signal,
      );
      const text = response.body.toString('utf8');
      // The status was sent before the work began, so an error can stand in an answer with status 200.
      if (text.includes('<Error')) {
        throw new S3ResponseError(
          'target',
          500,
          xmlText(text, 'Code') ?? 'InternalError',
          xmlText(text, 'Message') ?? '',
        );
      }
      return plainEtag(xmlText(text, 'ETag'));
    });
  } catch (error) {
    if (!(error instanceof S3ResponseError) || error.code !== 'NoSuchUpload') throw error;
    const head = await target.send({ method: 'HEAD', bucket, key }, signal);
    const etag = plainEtag(head.headers['etag']);
    if (etag !== expected) throw error;
    return etag;
  }
}
