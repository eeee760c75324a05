import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startS3Server, type S3Server } from './s3-server';

const keys = { accessKeyId: 'practice-key', secretAccessKey: 'practice-secret' };
const mib = 1024 * 1024;

function clientOf(
  server: S3Server,
  options: { secret?: string; checksums?: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED'; clockOffset?: number } = {},
): S3Client {
  const when = options.checksums ?? 'WHEN_REQUIRED';
  return new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...keys, secretAccessKey: options.secret ?? keys.secretAccessKey },
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
    maxAttempts: 1,
    systemClockOffset: options.clockOffset ?? 0,
  });
}

describe.each(['minio', 'r2'] as const)('the %s profile', (profile) => {
  let server: S3Server;
  let client: S3Client;
  beforeAll(async () => {
    server = await startS3Server({ profile, ...keys });
    client = clientOf(server);
    await client.send(new CreateBucketCommand({ Bucket: 'uploads' }));
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  it('keeps odd keys byte for byte and lists them in UTF-8 byte order', async () => {
    const odd = [
      'a b',
      'a+b',
      'a%2Fb',
      'a/../b',
      'a//b',
      '/lead',
      'trail/',
      'caf\u00e9',
      'cafe\u0301',
      '\u{1f600}',
      '\uff5e',
      'k'.repeat(900),
    ];
    for (const key of odd)
      await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: `odd-${key}`, Body: key }));
    const listed: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: 'uploads', Prefix: 'odd-', MaxKeys: 5, ContinuationToken: token }),
      );
      listed.push(...(page.Contents ?? []).map((entry) => (entry.Key ?? '').slice(4)));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    expect(listed).toEqual([...odd].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    for (const key of odd) {
      const got = await client.send(new GetObjectCommand({ Bucket: 'uploads', Key: `odd-${key}` }));
      expect(await got.Body?.transformToString()).toBe(key);
    }
  });

  it('keeps headers and metadata, and answers ranges and conditions', async () => {
    const put = await client.send(
      new PutObjectCommand({
        Bucket: 'uploads',
        Key: 'note.txt',
        Body: 'hello world',
        ContentType: 'text/plain; charset=utf-8',
        CacheControl: 'max-age=60',
        ContentDisposition: 'attachment; filename="n.txt"',
        ContentLanguage: 'de',
        ContentEncoding: 'identity',
        Metadata: { owner: 'ann' },
      }),
    );
    const head = await client.send(new HeadObjectCommand({ Bucket: 'uploads', Key: 'note.txt' }));
    expect(head).toMatchObject({
      ContentLength: 11,
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'max-age=60',
      ContentLanguage: 'de',
      Metadata: { owner: 'ann' },
      ETag: put.ETag,
    });
    const part = await client.send(
      new GetObjectCommand({ Bucket: 'uploads', Key: 'note.txt', Range: 'bytes=6-', IfMatch: put.ETag }),
    );
    expect(await part.Body?.transformToString()).toBe('world');
    expect(part.ContentRange).toBe('bytes 6-10/11');
    await expect(
      client.send(new GetObjectCommand({ Bucket: 'uploads', Key: 'note.txt', IfMatch: '"no"' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(
      client.send(
        new PutObjectCommand({ Bucket: 'uploads', Key: 'note.txt', Body: Buffer.alloc(0), IfNoneMatch: '*' }),
      ),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await client.send(
      new CopyObjectCommand({ Bucket: 'uploads', Key: 'copy.txt', CopySource: 'uploads/note.txt' }),
    );
    expect(
      (await client.send(new HeadObjectCommand({ Bucket: 'uploads', Key: 'copy.txt' }))).Metadata,
    ).toEqual({ owner: 'ann' });
  });

  it('rolls keys up by delimiter', async () => {
    for (const key of ['d/a/1', 'd/a/2', 'd/b', 'd/c/3']) {
      await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: key, Body: Buffer.alloc(0) }));
    }
    const first = await client.send(
      new ListObjectsV2Command({ Bucket: 'uploads', Prefix: 'd/', Delimiter: '/', MaxKeys: 1 }),
    );
    expect(first.CommonPrefixes).toEqual([{ Prefix: 'd/a/' }]);
    const rest = await client.send(
      new ListObjectsV2Command({
        Bucket: 'uploads',
        Prefix: 'd/',
        Delimiter: '/',
        ContinuationToken: first.NextContinuationToken,
      }),
    );
    expect(rest.Contents?.map(({ Key }) => Key)).toEqual(['d/b']);
    expect(rest.CommonPrefixes).toEqual([{ Prefix: 'd/c/' }]);
  });

  it('takes checksums in headers and trailers and refuses damaged bodies', async () => {
    const checked = clientOf(server, { checksums: 'WHEN_SUPPORTED' });
    for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
      await checked.send(
        new PutObjectCommand({
          Bucket: 'uploads',
          Key: `sum-${algorithm}`,
          Body: 'abc',
          ChecksumAlgorithm: algorithm,
        }),
      );
      const got = await checked.send(
        new GetObjectCommand({ Bucket: 'uploads', Key: `sum-${algorithm}`, ChecksumMode: 'ENABLED' }),
      );
      expect(await got.Body?.transformToString()).toBe('abc');
    }
    await expect(
      client.send(
        new PutObjectCommand({
          Bucket: 'uploads',
          Key: 'bad',
          Body: 'abc',
          ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==',
        }),
      ),
    ).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(
      client.send(
        new PutObjectCommand({ Bucket: 'uploads', Key: 'bad', Body: 'abc', ChecksumCRC32: 'AAAAAA==' }),
      ),
    ).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(client.send(new HeadObjectCommand({ Bucket: 'uploads', Key: 'bad' }))).rejects.toMatchObject(
      { name: 'NotFound' },
    );
    checked.destroy();
  });

  it('assembles parts under the ETag of S3 and serves them by number', async () => {
    const Key = 'big.bin';
    const parts = [Buffer.alloc(5 * mib, 1), Buffer.alloc(5 * mib, 2), Buffer.alloc(3, 3)];
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket: 'uploads', Key, ContentType: 'x/y', Metadata: { a: 'b' } }),
    );
    const sent = await Promise.all(
      parts.map(async (Body, index) => ({
        PartNumber: index + 1,
        ETag: (
          await client.send(
            new UploadPartCommand({ Bucket: 'uploads', Key, UploadId, PartNumber: index + 1, Body }),
          )
        ).ETag,
      })),
    );
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket: 'uploads' }))).Uploads?.length).toBe(
      1,
    );
    expect(
      (await client.send(new ListPartsCommand({ Bucket: 'uploads', Key, UploadId }))).Parts?.map(
        ({ Size }) => Size,
      ),
    ).toEqual(parts.map(({ length }) => length));
    const done = await client.send(
      new CompleteMultipartUploadCommand({
        Bucket: 'uploads',
        Key,
        UploadId,
        MultipartUpload: { Parts: sent },
      }),
    );
    const md5 = (data: Buffer): Buffer => createHash('md5').update(data).digest();
    expect(done.ETag).toBe(`"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-3"`);
    const head = await client.send(new HeadObjectCommand({ Bucket: 'uploads', Key, PartNumber: 1 }));
    expect(head).toMatchObject({
      ContentLength: 5 * mib,
      PartsCount: 3,
      ContentType: 'x/y',
      Metadata: { a: 'b' },
    });
    const last = await client.send(new GetObjectCommand({ Bucket: 'uploads', Key, PartNumber: 3 }));
    expect(Buffer.from((await last.Body?.transformToByteArray()) ?? [])).toEqual(parts[2]);
  });

  it(profile === 'r2' ? 'refuses unequal parts' : 'takes unequal parts', async () => {
    const Key = 'unequal.bin';
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: 'uploads', Key }));
    const sizes = [5 * mib, 6 * mib, 3];
    const Parts = await Promise.all(
      sizes.map(async (size, index) => ({
        PartNumber: index + 1,
        ETag: (
          await client.send(
            new UploadPartCommand({
              Bucket: 'uploads',
              Key,
              UploadId,
              PartNumber: index + 1,
              Body: Buffer.alloc(size),
            }),
          )
        ).ETag,
      })),
    );
    const complete = client.send(
      new CompleteMultipartUploadCommand({ Bucket: 'uploads', Key, UploadId, MultipartUpload: { Parts } }),
    );
    if (profile === 'minio') {
      expect((await complete).ETag).toMatch(/-3"$/);
      return;
    }
    await expect(complete).rejects.toMatchObject({ name: 'InvalidPart' });
    await client.send(new AbortMultipartUploadCommand({ Bucket: 'uploads', Key, UploadId }));
    await expect(
      client.send(new ListPartsCommand({ Bucket: 'uploads', Key, UploadId })),
    ).rejects.toMatchObject({
      name: 'NoSuchUpload',
    });
  });

  it('deletes several keys', async () => {
    await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'x & <y>', Body: Buffer.alloc(0) }));
    const deleted = await client.send(
      new DeleteObjectsCommand({
        Bucket: 'uploads',
        Delete: { Objects: [{ Key: 'x & <y>' }, { Key: 'never there' }] },
      }),
    );
    expect(deleted.Deleted?.map(({ Key }) => Key)).toEqual(['x & <y>', 'never there']);
  });

  it('keeps CORS rules and answers preflights by them', async () => {
    await expect(client.send(new GetBucketCorsCommand({ Bucket: 'uploads' }))).rejects.toMatchObject({
      name: 'NoSuchCORSConfiguration',
    });
    await client.send(
      new PutBucketCorsCommand({
        Bucket: 'uploads',
        CORSConfiguration: {
          CORSRules: [
            {
              AllowedOrigins: ['https://*.shop.example'],
              AllowedMethods: ['GET', 'PUT'],
              AllowedHeaders: ['*'],
            },
          ],
        },
      }),
    );
    const preflight = (origin: string): Promise<Response> =>
      fetch(`${server.endpoint}/uploads/x`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type',
        },
      });
    expect((await preflight('https://www.shop.example')).headers.get('access-control-allow-origin')).toBe(
      'https://www.shop.example',
    );
    expect((await preflight('https://evil.example')).status).toBe(403);
  });

  it('refuses a wrong secret, a wrong key, no signature and a stale one', async () => {
    const wrong = clientOf(server, { secret: 'wrong' });
    await expect(wrong.send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    wrong.destroy();
    const stale = clientOf(server, { clockOffset: -20 * 60_000 });
    await expect(stale.send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'RequestTimeTooSkewed',
    });
    expect((await fetch(`${server.endpoint}/uploads/note.txt`)).status).toBe(403);
  });

  it(profile === 'r2' ? 'answers 501 to what R2 lacks' : 'has no tagging of its own', async () => {
    await expect(
      client.send(
        new PutObjectTaggingCommand({ Bucket: 'uploads', Key: 'note.txt', Tagging: { TagSet: [] } }),
      ),
    ).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
  });
});

it('refuses writes beyond its quota and takes them again after a delete', async () => {
  const server = await startS3Server({ profile: 'r2', ...keys, quotaBytes: 1000 });
  const client = clientOf(server);
  await client.send(new CreateBucketCommand({ Bucket: 'small' }));
  const put = (Key: string): Promise<unknown> =>
    client.send(new PutObjectCommand({ Bucket: 'small', Key, Body: Buffer.alloc(600) }));
  await put('a');
  await expect(put('b')).rejects.toMatchObject({ name: 'QuotaExceeded', $metadata: { httpStatusCode: 507 } });
  await client.send(new DeleteObjectsCommand({ Bucket: 'small', Delete: { Objects: [{ Key: 'a' }] } }));
  await put('b');
  client.destroy();
  await server.close();
});
