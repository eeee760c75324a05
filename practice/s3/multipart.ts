import { createHash, randomBytes } from 'node:crypto';
import { readBlobs } from './blobs';
import {
  bucketOf,
  finishOrDiscard,
  header,
  integerQuery,
  readDocument,
  storeBody,
  xml,
  type Answer,
  type Call,
} from './call';
import { hasherOf } from './checksums';
import { checkWrite, parseRange } from './conditions';
import { S3Error } from './errors';
import { checkKey, copySource, keptHeaders } from './objects';
import { nowInSeconds, type Upload, type UploadPart } from './store';
import { childrenOf, documentOf, element, parseXml, textOf } from './xml';

const minPart = 5 * 1024 ** 2;
const maxPart = 5 * 1024 ** 3;
const maxParts = 10_000;

/** CreateMultipartUpload. */
export async function createUpload(call: Call): Promise<Answer> {
  checkKey(call.key);
  const bucket = bucketOf(call);
  await readDocument(call);
  const upload: Upload = {
    id: randomBytes(24).toString('base64url'),
    key: call.key,
    started: nowInSeconds(),
    headers: keptHeaders(call),
    tags: header(call, 'x-amz-tagging') ?? '',
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  return xml(
    documentOf(
      'InitiateMultipartUploadResult',
      element('Bucket', call.bucket) + element('Key', call.key) + element('UploadId', upload.id),
    ),
  );
}

function uploadOf(call: Call): Upload {
  const upload = bucketOf(call).uploads.get(call.query.get('uploadId') ?? '');
  if (upload?.key !== call.key) throw new S3Error('NoSuchUpload');
  return upload;
}

function partNumberOf(call: Call): number {
  const number = Number(call.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > maxParts) {
    throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${maxParts}.`);
  }
  return number;
}

async function keepPart(call: Call, upload: Upload, part: UploadPart): Promise<void> {
  // The upload may have been completed or aborted while the part's body came in.
  if (!bucketOf(call).uploads.has(upload.id)) {
    await dropBlobs(call, part);
    throw new S3Error('NoSuchUpload');
  }
  const before = upload.parts.get(part.number);
  upload.parts.set(part.number, part);
  if (before !== undefined) await dropBlobs(call, before);
}

async function dropBlobs(call: Call, part: UploadPart): Promise<void> {
  for (const blob of part.blobs) await call.store.blobs.remove(blob);
}

/** UploadPart. */
export async function uploadPart(call: Call): Promise<Answer> {
  const number = partNumberOf(call);
  const upload = uploadOf(call);
  if (Number(header(call, 'content-length') ?? 0) > maxPart) throw new S3Error('EntityTooLarge');
  const { blob, summary } = await storeBody(call);
  await keepPart(call, upload, {
    number,
    size: summary.size,
    etag: summary.md5,
    modified: nowInSeconds(),
    blobs: [blob],
  });
  return { status: 200, headers: { etag: `"${summary.md5}"` } };
}

/** UploadPartCopy. */
export async function uploadPartCopy(call: Call): Promise<Answer> {
  const number = partNumberOf(call);
  const upload = uploadOf(call);
  const source = copySource(call);
  const [start, end] = parseRange(header(call, 'x-amz-copy-source-range'), source.size) ?? [0, source.size];
  const writer = await call.store.blobs.create();
  const { blob, summary: etag } = await finishOrDiscard(writer, async () => {
    const md5 = hasherOf('md5');
    for await (const chunk of readBlobs(source.blobs, start, end)) {
      md5.update(chunk);
      await writer.write(chunk);
    }
    return md5.digest().toString('hex');
  });
  const modified = nowInSeconds();
  await keepPart(call, upload, { number, size: end - start, etag, modified, blobs: [blob] });
  return xml(
    documentOf(
      'CopyPartResult',
      element('LastModified', new Date(modified).toISOString()) + element('ETag', `"${etag}"`),
    ),
  );
}

/** ListParts. */
export function listParts(call: Call): Answer {
  const upload = uploadOf(call);
  const marker = integerQuery(call, 'part-number-marker', 0, 0, maxParts);
  const limit = integerQuery(call, 'max-parts', 1000, 1, 1000);
  const all = [...upload.parts.values()]
    .filter((part) => part.number > marker)
    .sort((a, b) => a.number - b.number);
  const page = all.slice(0, limit);
  const truncated = all.length > limit;
  return xml(
    documentOf(
      'ListPartsResult',
      element('Bucket', call.bucket) +
        element('Key', call.key) +
        element('UploadId', upload.id) +
        element('PartNumberMarker', marker) +
        element('NextPartNumberMarker', truncated ? page.at(-1)?.number : undefined) +
        element('MaxParts', limit) +
        element('IsTruncated', truncated) +
        page
          .map(
            (part) =>
              `<Part>${element('PartNumber', part.number)}${element('LastModified', new Date(part.modified).toISOString())}` +
              `${element('ETag', `"${part.etag}"`)}${element('Size', part.size)}</Part>`,
          )
          .join(''),
    ),
  );
}

/** CompleteMultipartUpload. Under `r2` every part but the last must have the same size. */
export async function completeUpload(call: Call): Promise<Answer> {
  const { text } = await readDocument(call);
  const bucket = bucketOf(call);
  const upload = uploadOf(call);
  const wanted = childrenOf(parseXml(text, 'CompleteMultipartUpload'), 'Part').map((node) => ({
    number: Number(textOf(node, 'PartNumber')),
    etag: (textOf(node, 'ETag') ?? '').replaceAll('"', ''),
  }));
  if (wanted.length === 0) throw new S3Error('MalformedXML');
  const parts = wanted.map(({ number, etag }, index) => {
    if (number <= (wanted[index - 1]?.number ?? 0)) throw new S3Error('InvalidPartOrder');
    const part = upload.parts.get(number);
    if (part?.etag !== etag) throw new S3Error('InvalidPart');
    return part;
  });
  checkSizes(
    call,
    parts.map((part) => part.size),
  );
  checkWrite(bucket.objects.get(call.key), header(call, 'if-match'), header(call, 'if-none-match'));
  const md5s = Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex')));
  const etag = `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`;
  bucket.uploads.delete(upload.id);
  await call.store.put(bucket, {
    key: upload.key,
    size: parts.reduce((sum, part) => sum + part.size, 0),
    etag,
    modified: nowInSeconds(),
    headers: upload.headers,
    tags: upload.tags,
    parts: parts.map((part) => part.size),
    blobs: parts.flatMap((part) => part.blobs),
  });
  for (const part of upload.parts.values()) if (!parts.includes(part)) await dropBlobs(call, part);
  return xml(
    documentOf(
      'CompleteMultipartUploadResult',
      element('Location', `/${call.bucket}/${call.key}`) +
        element('Bucket', call.bucket) +
        element('Key', call.key) +
        element('ETag', `"${etag}"`),
    ),
  );
}

function checkSizes(call: Call, sizes: readonly number[]): void {
  const [first = 0, ...rest] = sizes;
  const inner = sizes.slice(0, -1);
  if (inner.some((size) => size < minPart)) throw new S3Error('EntityTooSmall');
  if (call.profile === 'r2' && (inner.some((size) => size !== first) || rest.some((size) => size > first))) {
    throw new S3Error('InvalidPart', 'All non-trailing parts must have the same length.');
  }
}

/** AbortMultipartUpload. */
export async function abortUpload(call: Call): Promise<Answer> {
  const upload = uploadOf(call);
  bucketOf(call).uploads.delete(upload.id);
  for (const part of upload.parts.values()) await dropBlobs(call, part);
  return { status: 204 };
}
