import { gzipSync } from 'node:zlib';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import type { Credentials } from './s3/signature';

type SeedObject = Omit<PutObjectCommandInput, 'Body' | 'Bucket' | 'Key'> & {
  Bucket: string;
  Key: string;
  Body: Buffer;
};

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
  for (const [index, Key] of avatarKeys.entries()) {
    yield {
      Bucket: 'avatars',
      Key,
      Body: noise(4_000 + ((index * 911) % 20_000), index + 1),
      ContentType: 'image/webp',
      CacheControl: 'public, max-age=31536000, immutable',
      Metadata: { 'user-id': String(index + 1), 'uploaded-by': 'legacy-shop' },
    };
  }
  for (const [index, Key] of photoKeys.entries()) {
    yield {
      Bucket: 'uploads',
      Key,
      Body: noise(20_000 + ((index * 7_919) % 120_000), index + 1_001),
      ContentType: 'image/jpeg',
      ...(index % 3 === 0 ? { CacheControl: 'public, max-age=86400' } : {}),
      ...(index % 5 === 0 ? { Metadata: { alt: 'Caf=C3=A9', 'original-name': `IMG_${index}.JPG` } } : {}),
    };
  }
  for (const [index, Key] of oddKeys.entries()) {
    yield {
      Bucket: 'uploads',
      Key,
      Body: noise(Key.endsWith('/') ? 0 : 100 + index * 37, index + 2_001),
      ContentType: 'text/plain',
    };
  }
  for (const number of numbered(10)) {
    yield {
      Bucket: 'uploads',
      Key: `empty/${number}`,
      Body: Buffer.alloc(0),
      ContentType: 'application/octet-stream',
    };
  }
  for (const number of numbered(70)) {
    const rows = numbered(200).map((row) => `${number},${row},${(number * row) % 977}\n`);
    yield {
      Bucket: 'exports',
      Key: `orders/2024/${padded(number)}.csv`,
      Body: gzipSync(`order,line,cents\n${rows.join('')}`),
      ContentType: 'text/csv; charset=utf-8',
      ContentEncoding: 'gzip',
      ContentDisposition: `attachment; filename="orders-${number}.csv"`,
      ContentLanguage: number % 2 === 0 ? 'de' : 'en',
      ...(number % 10 === 0 ? { Expires: new Date(Date.UTC(2030, 0, number)) } : {}),
    };
  }
}

/**
 * Fills the legacy object store: three buckets and about 500 objects, the same on every call but for their times.
 * Throws what the store answers, and the abort reason when the signal aborts.
 */
export async function seedObjects(
  endpoint: string,
  credentials: Credentials,
  options: { signal: AbortSignal },
): Promise<{ buckets: number; objects: number; bytes: number }> {
  const { signal: abortSignal } = options;
  const client = new S3Client({
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  try {
    await Promise.all(
      buckets.map((Bucket) => client.send(new CreateBucketCommand({ Bucket }), { abortSignal })),
    );
    let objects = 1;
    let bytes = largeSize;
    const rest = seedList();
    const worker = async (): Promise<void> => {
      for (const object of rest) {
        await client.send(new PutObjectCommand(object), { abortSignal });
        objects += 1;
        bytes += object.Body.length;
      }
    };
    await Promise.all([putLarge(client, abortSignal), ...numbered(8).map(worker)]);
    return { buckets: buckets.length, objects, bytes };
  } finally {
    client.destroy();
  }
}

async function putLarge(client: S3Client, abortSignal: AbortSignal): Promise<void> {
  const object = { Bucket: 'exports', Key: 'backups/catalogue.tar' };
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      ...object,
      ContentType: 'application/x-tar',
      Metadata: { 'made-by': 'nightly backup' },
    }),
    { abortSignal },
  );
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const PartNumber of numbered(Math.ceil(largeSize / partSize))) {
    const Body = noise(Math.min(partSize, largeSize - (PartNumber - 1) * partSize), 3_000 + PartNumber);
    const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }), {
      abortSignal,
    });
    Parts.push({ PartNumber, ETag });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }), {
    abortSignal,
  });
}
