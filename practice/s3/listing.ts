import { bucketOf, integerQuery, xml, type Answer, type Call } from './call';
import { S3Error } from './errors';
import { positionOf, type Bucket, type StoredObject } from './store';
import { encodeUri } from './uri';
import { documentOf, element } from './xml';

interface Page {
  objects: StoredObject[];
  prefixes: string[];
  /** The last key or common prefix of the page, when more follow. */
  next: string | undefined;
}

/** One page of keys after `after`, with the keys that share a prefix up to the delimiter rolled up. */
function pageOf(bucket: Bucket, prefix: string, delimiter: string, after: string, maxKeys: number): Page {
  const page: Page = { objects: [], prefixes: [], next: undefined };
  let last: string | undefined;
  const { keys } = bucket;
  for (
    let index = Math.max(positionOf(keys, after), positionOf(keys, prefix));
    index < keys.length;
    index += 1
  ) {
    const key = keys[index] ?? '';
    if (key === after) continue;
    if (!key.startsWith(prefix)) break;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut === -1 ? undefined : key.slice(0, cut + delimiter.length);
    // A token that names a common prefix stands for all its keys; they were rolled up on the page before.
    if (common !== undefined && (common === last || common === after)) continue;
    if (page.objects.length + page.prefixes.length === maxKeys) {
      page.next = last;
      return page;
    }
    const object = bucket.objects.get(key);
    if (common !== undefined) page.prefixes.push(common);
    else if (object !== undefined) page.objects.push(object);
    last = common ?? key;
  }
  return page;
}

function encoderOf(call: Call): (text: string) => string {
  const type = call.query.get('encoding-type');
  if (type === undefined) return (text) => text;
  if (type !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request.');
  return (text) => encodeUri(text, '/');
}

function entries(page: Page, encode: (text: string) => string): string {
  const contents = page.objects.map(
    (object) =>
      `<Contents>${element('Key', encode(object.key))}${element('LastModified', new Date(object.modified).toISOString())}` +
      `${element('ETag', `"${object.etag}"`)}${element('Size', object.size)}${element('StorageClass', 'STANDARD')}</Contents>`,
  );
  const prefixes = page.prefixes.map(
    (prefix) => `<CommonPrefixes>${element('Prefix', encode(prefix))}</CommonPrefixes>`,
  );
  return contents.join('') + prefixes.join('');
}

/** ListObjectsV2. */
export function listObjectsV2(call: Call): Answer {
  const encode = encoderOf(call);
  const bucket = bucketOf(call);
  const { query } = call;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after');
  const token = query.get('continuation-token');
  const maxKeys = integerQuery(call, 'max-keys', 1000, 0, 1000);
  if (token === '') throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect.');
  const after = token === undefined ? (startAfter ?? '') : Buffer.from(token, 'base64url').toString('utf8');
  const page =
    maxKeys === 0
      ? { objects: [], prefixes: [], next: undefined }
      : pageOf(bucket, prefix, delimiter, after, maxKeys);
  const next = page.next === undefined ? undefined : Buffer.from(page.next, 'utf8').toString('base64url');
  return xml(
    documentOf(
      'ListBucketResult',
      element('Name', bucket.name) +
        element('Prefix', encode(prefix)) +
        (delimiter === '' ? '' : element('Delimiter', encode(delimiter))) +
        element('MaxKeys', maxKeys) +
        element('KeyCount', page.objects.length + page.prefixes.length) +
        element('EncodingType', query.get('encoding-type')) +
        element('StartAfter', startAfter === undefined ? undefined : encode(startAfter)) +
        element('ContinuationToken', token) +
        element('IsTruncated', page.next !== undefined) +
        element('NextContinuationToken', next) +
        entries(page, encode),
    ),
  );
}

/** ListObjects, the first version, which old clients still use. */
export function listObjectsV1(call: Call): Answer {
  const encode = encoderOf(call);
  const bucket = bucketOf(call);
  const { query } = call;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const marker = query.get('marker') ?? '';
  const maxKeys = integerQuery(call, 'max-keys', 1000, 0, 1000);
  const page =
    maxKeys === 0
      ? { objects: [], prefixes: [], next: undefined }
      : pageOf(bucket, prefix, delimiter, marker, maxKeys);
  return xml(
    documentOf(
      'ListBucketResult',
      element('Name', bucket.name) +
        element('Prefix', encode(prefix)) +
        element('Marker', encode(marker)) +
        (delimiter === '' ? '' : element('Delimiter', encode(delimiter))) +
        element('MaxKeys', maxKeys) +
        element('EncodingType', query.get('encoding-type')) +
        element('IsTruncated', page.next !== undefined) +
        element('NextMarker', page.next === undefined ? undefined : encode(page.next)) +
        entries(page, encode),
    ),
  );
}

/** ListMultipartUploads, in key order, then by upload id. */
export function listUploads(call: Call): Answer {
  const encode = encoderOf(call);
  const bucket = bucketOf(call);
  const { query } = call;
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const maxUploads = integerQuery(call, 'max-uploads', 1000, 1, 1000);
  const order = (key: string, id: string): string => `${Buffer.from(key).toString('hex')} ${id}`;
  // Without an upload-id marker every upload of the marker's key has been seen.
  const after = keyMarker === '' ? '' : order(keyMarker, idMarker === '' ? '~' : idMarker);
  const found = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix))
    .map((upload) => ({ upload, place: order(upload.key, upload.id) }))
    .filter(({ place }) => place > after)
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const page = found.slice(0, maxUploads);
  const last = found.length > maxUploads ? page.at(-1)?.upload : undefined;
  return xml(
    documentOf(
      'ListMultipartUploadsResult',
      element('Bucket', bucket.name) +
        element('KeyMarker', encode(keyMarker)) +
        element('UploadIdMarker', idMarker) +
        element('NextKeyMarker', last === undefined ? undefined : encode(last.key)) +
        element('NextUploadIdMarker', last?.id) +
        element('Prefix', encode(prefix)) +
        element('EncodingType', query.get('encoding-type')) +
        element('MaxUploads', maxUploads) +
        element('IsTruncated', last !== undefined) +
        page
          .map(
            ({ upload }) =>
              `<Upload>${element('Key', encode(upload.key))}${element('UploadId', upload.id)}` +
              `${element('StorageClass', 'STANDARD')}${element('Initiated', new Date(upload.started).toISOString())}</Upload>`,
          )
          .join(''),
    ),
  );
}
