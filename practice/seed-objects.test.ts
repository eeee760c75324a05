import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { startS3Server } from './s3/s3-server';
import { legacyObjectKeys, seedObjects } from './seed-objects';

const keys = { accessKeyId: 'practice-key', secretAccessKey: 'practice-secret' };

it('seeds a store on disk that another server opens again with everything in it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-s3-'));
  const first = await startS3Server({ profile: 'minio', ...keys, dir });
  const seeded = await seedObjects(first.endpoint, keys, { signal: new AbortController().signal });
  expect(seeded.buckets).toBe(3);
  expect(seeded.objects).toBe(502);
  await first.close();

  const second = await startS3Server({ profile: 'minio', ...keys, dir });
  const client = new S3Client({
    endpoint: second.endpoint,
    credentials: keys,
    region: 'us-east-1',
    forcePathStyle: true,
  });
  const found = new Set<string>();
  let bytes = 0;
  for (const Bucket of ['avatars', 'exports', 'uploads']) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    for (const entry of Contents) {
      found.add(`${Bucket}/${entry.Key ?? ''}`);
      bytes += entry.Size ?? 0;
    }
  }
  expect(found.size).toBe(seeded.objects);
  expect(bytes).toBe(seeded.bytes);
  expect(legacyObjectKeys.every((key) => found.has(key))).toBe(true);
  const large = { Bucket: 'exports', Key: 'backups/catalogue.tar' };
  const head = await client.send(new HeadObjectCommand({ ...large, PartNumber: 1 }));
  expect(head.PartsCount).toBe(5);
  const tail = await client.send(new GetObjectCommand({ ...large, Range: 'bytes=-3' }));
  expect((await tail.Body?.transformToByteArray())?.length).toBe(3);
  client.destroy();
  await second.close();
  await rm(dir, { recursive: true });
});
