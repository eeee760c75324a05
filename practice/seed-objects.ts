import { gzipSync } from 'node:zlib';
import { createSeedClient, type SeedClient } from './s3/seed-client';
import type { Credentials } from './s3/signature';

interface SeedObject {
  bucket: string;
  key: string;
  body: Buffer;
  headers: Record<string, string>;
}

const mib = 1024 * 1024;
const buckets = ['avatars', 'exports', 'uploads'];
const largeSize = 70 * mib;
/** The part size of MinIO's own command line client. */
const partSize = 16 * mib;

const numbered = (count: number): number[] => Array.from({ length: count }, (_unused, index) => index + 1);
const padded = (number: number): string => String(number).padStart(4, '0');

const avatarKeys = numbered(120).map((number) => `users/${padded(number)}.webp`);
const photoKeys = numbered(280).map(
  (number) => `products/${padded(Math.ceil(number / 4))}/photo-${number % 4}.jpg`,
);

/** `bucket/key` of ordinary files, which the shop's rows point at. */
export const legacyObjectKeys: readonly string[] = [
  ...avatarKeys.map((key) => `avatars/${key}`),
  ...photoKeys.map((key) => `uploads/${key}`),
];

/** Keys that a copy easily gets wrong. */
const oddKeys: readonly string[] = [
  'odd/with space.txt',
  'odd/two  spaces .txt',
  'odd/plus+sign+.txt',
  'odd/percent%20literal.txt',
  'odd/100%.txt',
  'odd//double//slash.txt',
  'odd/../parent.txt',
  'odd/./here.txt',
  '/leading slash.txt',
  'odd/folder marker/',
  'odd/question?mark&ampersand=equals.txt',
  'odd/hash#semi;colon:comma,.txt',
  'odd/quotes\'"`.txt',
  'odd/<angle>[square]{curly}.txt',
  'odd/back\\slash|pipe^caret~tilde.txt',
  'odd/caf\u00e9 as one character.txt',
  'odd/cafe\u0301 as two characters.txt',
  'odd/\u65e5\u672c\u8a9e \u0627\u0644\u0639\u0631\u0628\u064a\u0629.txt',
  'odd/\u{1f600} emoji.txt',
  'odd/\uff5e beyond the surrogates.txt',
  `odd/${'long-'.repeat(179)}x`,
];

/** Bytes that look random, the same on every call with the same seed. */
function noise(size: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed * 2_654_435_761 + 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer, 0, size);
}

function* seedList(): Generator<SeedObject> {
  for (const [index, key] of avatarKeys.entries()) {
    const headers = {
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-amz-meta-user-id': String(index + 1),
      'x-amz-meta-uploaded-by': 'legacy-shop',
    };
    yield { bucket: 'avatars', key, body: noise(4_000 + ((index * 911) % 20_000), index + 1), headers };
  }
  for (const [index, key] of photoKeys.entries()) {
    const headers = {
      'content-type': 'image/jpeg',
      ...(index % 3 === 0 ? { 'cache-control': 'public, max-age=86400' } : {}),
      // The bytes are UTF-8, as MinIO's own clients send them.
      ...(index % 5 === 0 ? { 'x-amz-meta-alt': Buffer.from(`Größe ${index} · 靴`).toString('latin1') } : {}),
      ...(index % 7 === 0 ? { 'x-amz-meta-original-name': `IMG_${index}.JPG` } : {}),
    };
    yield {
      bucket: 'uploads',
      key,
      body: noise(20_000 + ((index * 7_919) % 120_000), index + 1_001),
      headers,
    };
  }
  for (const [index, key] of oddKeys.entries()) {
    const body = noise(key.endsWith('/') ? 0 : 100 + index * 37, index + 2_001);
    yield { bucket: 'uploads', key, body, headers: { 'content-type': 'text/plain' } };
  }
  for (const number of numbered(10)) {
    const headers = { 'content-type': 'application/octet-stream' };
    yield { bucket: 'uploads', key: `empty/${number}`, body: Buffer.alloc(0), headers };
  }
  for (const number of numbered(70)) {
    const rows = numbered(200).map((row) => `${number},${row},${(number * row) % 977}\n`);
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      'content-encoding': 'gzip',
      'content-disposition': `attachment; filename="orders-${number}.csv"`,
      'content-language': number % 2 === 0 ? 'de' : 'en',
      ...(number % 10 === 0 ? { expires: new Date(Date.UTC(2030, 0, number)).toUTCString() } : {}),
    };
    const body = gzipSync(`order,line,cents\n${rows.join('')}`);
    yield { bucket: 'exports', key: `orders/2024/${padded(number)}.csv`, body, headers };
  }
}

/**
 * Fills the legacy object store: three buckets and about 500 objects, the same on every call but for their times.
 * Throws when the store refuses, and the abort reason when the signal aborts.
 */
export async function seedObjects(
  endpoint: string,
  credentials: Credentials,
  options: { signal: AbortSignal },
): Promise<{ buckets: number; objects: number; bytes: number }> {
  const client = createSeedClient(endpoint, credentials, options.signal);
  try {
    for (const bucket of buckets) await client.send({ method: 'PUT', bucket });
    let objects = 1;
    let bytes = largeSize;
    const rest = seedList();
    const worker = async (): Promise<void> => {
      for (const { bucket, key, body, headers } of rest) {
        await client.send({ method: 'PUT', bucket, key, body, headers });
        objects += 1;
        bytes += body.length;
      }
    };
    await Promise.all([putLarge(client), ...numbered(8).map(worker)]);
    return { buckets: buckets.length, objects, bytes };
  } finally {
    client.close();
  }
}

async function putLarge(client: SeedClient): Promise<void> {
  const object = { bucket: 'exports', key: 'backups/catalogue.tar' };
  const headers = { 'content-type': 'application/x-tar', 'x-amz-meta-made-by': 'nightly backup' };
  const created = await client.send({ method: 'POST', ...object, query: 'uploads=', headers });
  const uploadId = /<UploadId>([\w-]+)<\/UploadId>/.exec(created.text)?.[1] ?? '';
  let parts = '';
  for (const number of numbered(Math.ceil(largeSize / partSize))) {
    const body = noise(Math.min(partSize, largeSize - (number - 1) * partSize), 3_000 + number);
    const query = `partNumber=${number}&uploadId=${uploadId}`;
    const { etag } = await client.send({ method: 'PUT', ...object, query, body });
    parts += `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
  }
  const body = Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
  await client.send({ method: 'POST', ...object, query: `uploadId=${uploadId}`, body });
}
