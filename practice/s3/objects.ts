import {
  bucketOf,
  finishOrDiscard,
  header,
  readDocument,
  storeBody,
  xml,
  type Answer,
  type Call,
} from './call';
import { readBlobs } from './blobs';
import { checksumAlgorithms, hasherOf } from './checksums';
import { checkRead, checkWrite, parseRange } from './conditions';
import { S3Error } from './errors';
import { nowInSeconds, type StoredObject } from './store';
import { decodeUri } from './uri';
import { childrenOf, documentOf, element, parseXml, textOf } from './xml';

const maxKeyBytes = 1024;
const maxSinglePut = 5 * 1024 ** 3;
const metadataLimit = { minio: 2048, r2: 8192 } as const;
const kept = [
  'content-type',
  'cache-control',
  'content-encoding',
  'content-disposition',
  'content-language',
  'expires',
];

/** Refuses a key that no S3 store takes. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > maxKeyBytes) throw new S3Error('KeyTooLongError');
}

/** The headers that an object keeps of its upload. Throws `MetadataTooLarge`. */
export function keptHeaders(call: Call): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
  for (const name of kept) {
    const value = header(call, name);
    if (value !== undefined && value !== '') headers[name] = value;
  }
  const encoding = (headers['content-encoding'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'aws-chunked');
  if (encoding.length > 0) headers['content-encoding'] = encoding.join(',');
  else delete headers['content-encoding'];
  let metadataBytes = 0;
  for (const name of Object.keys(call.headers)) {
    if (!name.startsWith('x-amz-meta-')) continue;
    const value = header(call, name) ?? '';
    metadataBytes += name.length - 'x-amz-meta-'.length + value.length;
    headers[name] = value;
  }
  if (metadataBytes > metadataLimit[call.profile]) throw new S3Error('MetadataTooLarge');
  return headers;
}

/** PutObject. */
export async function putObject(call: Call): Promise<Answer> {
  checkKey(call.key);
  const bucket = bucketOf(call);
  const headers = keptHeaders(call);
  if (Number(header(call, 'content-length') ?? 0) > maxSinglePut) throw new S3Error('EntityTooLarge');
  const conditions = [header(call, 'if-match'), header(call, 'if-none-match')] as const;
  checkWrite(bucket.objects.get(call.key), ...conditions);
  const { blob, summary } = await storeBody(call);
  checkWrite(bucket.objects.get(call.key), ...conditions);
  for (const [name, value] of Object.entries(summary.checksums)) headers[`x-amz-checksum-${name}`] = value;
  await call.store.put(bucket, {
    key: call.key,
    size: summary.size,
    etag: summary.md5,
    modified: nowInSeconds(),
    headers,
    tags: header(call, 'x-amz-tagging') ?? '',
    parts: undefined,
    blobs: [blob],
  });
  return { status: 200, headers: { etag: `"${summary.md5}"`, ...checksumHeaders(headers) } };
}

function checksumHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    checksumAlgorithms.flatMap((name) => {
      const value = headers[`x-amz-checksum-${name}`];
      return value === undefined ? [] : [[`x-amz-checksum-${name}`, value]];
    }),
  );
}

/** The object that a call names. Throws `NoSuchKey`. */
export function objectOf(call: Call): StoredObject {
  const object = bucketOf(call).objects.get(call.key);
  if (object === undefined) throw new S3Error('NoSuchKey');
  return object;
}

/** GetObject and HeadObject. */
export function getObject(call: Call): Answer {
  const object = objectOf(call);
  checkRead(object, {
    ifMatch: header(call, 'if-match'),
    ifNoneMatch: header(call, 'if-none-match'),
    ifModifiedSince: header(call, 'if-modified-since'),
    ifUnmodifiedSince: header(call, 'if-unmodified-since'),
  });
  const part = partRange(call, object);
  const range = part ?? parseRange(header(call, 'range'), object.size);
  const [start, end] = range ?? [0, object.size];
  const checksums = header(call, 'x-amz-checksum-mode') === 'ENABLED' && range === undefined;
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modified).toUTCString(),
    ...Object.fromEntries(
      Object.entries(object.headers).filter(([name]) => checksums || !name.startsWith('x-amz-checksum-')),
    ),
  };
  for (const name of kept) {
    const override = call.query.get(`response-${name}`);
    if (override !== undefined) headers[name] = override;
  }
  if (range !== undefined)
    headers['content-range'] = `bytes ${start}-${Math.max(start, end - 1)}/${object.size}`;
  if (part !== undefined && object.parts !== undefined)
    headers['x-amz-mp-parts-count'] = String(object.parts.length);
  return {
    status: range === undefined ? 200 : 206,
    headers,
    body: { length: end - start, data: readBlobs(object.blobs, start, end) },
  };
}

function partRange(call: Call, object: StoredObject): [number, number] | undefined {
  if (!call.query.has('partNumber')) return undefined;
  const number = Number(call.query.get('partNumber'));
  const parts = object.parts ?? [object.size];
  const size = parts[number - 1];
  if (size === undefined) throw new S3Error('InvalidPartNumber');
  const start = parts.slice(0, number - 1).reduce((sum, part) => sum + part, 0);
  return [start, start + size];
}

const lockedMessage = 'Access Denied because object protected by object lock.';

/** DeleteObject: deleting what is not there succeeds. */
export async function deleteObject(call: Call): Promise<Answer> {
  const bucket = bucketOf(call);
  if (call.locked(call.bucket, call.key)) throw new S3Error('AccessDenied', lockedMessage);
  await call.store.remove(bucket, call.key);
  return { status: 204 };
}

/** DeleteObjects; the body's integrity must be proven by Content-MD5 or a checksum. */
export async function deleteObjects(call: Call): Promise<Answer> {
  const bucket = bucketOf(call);
  const { text, summary } = await readDocument(call);
  if (header(call, 'content-md5') === undefined && Object.keys(summary.checksums).length === 0) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5.');
  }
  const root = parseXml(text, 'Delete');
  const keys = childrenOf(root, 'Object').map((node) => textOf(node, 'Key'));
  if (keys.length === 0 || keys.length > 1000 || keys.includes(undefined)) throw new S3Error('MalformedXML');
  const quiet = textOf(root, 'Quiet') === 'true';
  let content = '';
  for (const key of keys) {
    if (key === undefined) continue;
    if (call.locked(call.bucket, key)) {
      content += `<Error>${element('Key', key)}${element('Code', 'AccessDenied')}${element('Message', lockedMessage)}</Error>`;
      continue;
    }
    await call.store.remove(bucket, key);
    if (!quiet) content += `<Deleted>${element('Key', key)}</Deleted>`;
  }
  return xml(documentOf('DeleteResult', content));
}

/** The object that `x-amz-copy-source` names, with the copy's own conditions checked. */
export function copySource(call: Call): StoredObject {
  const raw = (header(call, 'x-amz-copy-source') ?? '').replace(/\?versionId=[^/]*$/, '');
  const path = decodeUri(raw).replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 1)
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey.',
    );
  const object = call.store.bucket(path.slice(0, slash)).objects.get(path.slice(slash + 1));
  if (object === undefined) throw new S3Error('NoSuchKey');
  try {
    checkRead(object, {
      ifMatch: header(call, 'x-amz-copy-source-if-match'),
      ifNoneMatch: header(call, 'x-amz-copy-source-if-none-match'),
      ifModifiedSince: header(call, 'x-amz-copy-source-if-modified-since'),
      ifUnmodifiedSince: header(call, 'x-amz-copy-source-if-unmodified-since'),
    });
  } catch (error) {
    // A copy has no 304: every condition that does not hold is a failed precondition.
    throw error instanceof S3Error ? new S3Error('PreconditionFailed') : error;
  }
  return object;
}

/** CopyObject. */
export async function copyObject(call: Call): Promise<Answer> {
  checkKey(call.key);
  const bucket = bucketOf(call);
  const source = copySource(call);
  const replace = (header(call, 'x-amz-metadata-directive') ?? 'COPY').toUpperCase() === 'REPLACE';
  if (source === bucket.objects.get(call.key) && !replace) {
    throw new S3Error(
      'InvalidRequest',
      'This copy request is illegal because it is trying to copy an object to itself.',
    );
  }
  const headers = replace ? keptHeaders(call) : { ...source.headers };
  checkWrite(bucket.objects.get(call.key), header(call, 'if-match'), header(call, 'if-none-match'));
  const writer = await call.store.blobs.create();
  const { blob, summary } = await finishOrDiscard(writer, async () => {
    const md5 = hasherOf('md5');
    for await (const chunk of readBlobs(source.blobs, 0, source.size)) {
      md5.update(chunk);
      await writer.write(chunk);
    }
    return md5.digest().toString('hex');
  });
  const modified = nowInSeconds();
  await call.store.put(bucket, {
    key: call.key,
    size: source.size,
    etag: summary,
    modified,
    headers,
    tags: source.tags,
    parts: undefined,
    blobs: [blob],
  });
  return xml(
    documentOf(
      'CopyObjectResult',
      element('LastModified', new Date(modified).toISOString()) + element('ETag', `"${summary}"`),
    ),
  );
}
