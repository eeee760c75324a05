import {
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAccessService } from '#core/services/access/access-service';
import { openMigrationPorts } from '#core/services/migration/open-ports';
import type { MigrationPorts } from '#core/ports/migration-ports';
import { inspectObjects } from '#core/steps/objects/inspect-objects';
import type { InspectProgress } from '#shared/contract/inspect-objects';
import type { NewActivity } from '#shared/model/activity';
import { fill, settingsOf, startTwoStores, type TwoStores } from './objects-harness';

const never = new AbortController().signal;
let stores: TwoStores;
let ports: MigrationPorts;
beforeEach(async () => {
  stores = await startTwoStores();
  ports = openMigrationPorts(
    settingsOf({ ...stores.values, R2_PUBLIC_URL: `${stores.target.endpoint}/{bucket}` }),
  );
});
afterEach(async () => {
  await ports.close();
  await stores.close();
});

const readPolicy = (bucket: string, actions: string[]) =>
  new PutBucketPolicyCommand({
    Bucket: bucket,
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: ['*'] },
          Action: actions,
          Resource: [`arn:aws:s3:::${bucket}/*`],
        },
      ],
    }),
  });

it('tells what a bucket has that R2 has no place for, its size classes and what the copy costs', async () => {
  const { source } = stores.clients;
  await fill(source, 'plain', ['a', 'b/c']);
  await source.send(new CreateBucketCommand({ Bucket: 'rich' }));
  await source.send(
    new PutObjectCommand({ Bucket: 'rich', Key: 'large', Body: Buffer.alloc(200_000), Metadata: { a: 'b' } }),
  );
  await source.send(new PutObjectCommand({ Bucket: 'rich', Key: 'empty', Body: '' }));
  await source.send(readPolicy('rich', ['s3:GetObject', 's3:PutObject']));
  await source.send(
    new PutBucketVersioningCommand({ Bucket: 'rich', VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await source.send(
    new PutObjectLockConfigurationCommand({
      Bucket: 'rich',
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    }),
  );
  await source.send(
    new PutBucketEncryptionCommand({
      Bucket: 'rich',
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
    }),
  );
  await source.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: 'rich',
      LifecycleConfiguration: {
        Rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 9 } }],
      },
    }),
  );
  await source.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'rich',
      NotificationConfiguration: {
        QueueConfigurations: [{ QueueArn: 'arn:minio:sqs::1:webhook', Events: ['s3:ObjectCreated:*'] }],
      },
    }),
  );
  await source.send(
    new PutBucketTaggingCommand({ Bucket: 'rich', Tagging: { TagSet: [{ Key: 'team', Value: 'shop' }] } }),
  );
  const told: InspectProgress[] = [];
  const { objects, findings } = await inspectObjects(ports.objects, ports.bucketSettings, never, (progress) =>
    told.push(progress),
  );
  expect(objects.buckets).toMatchObject([
    {
      name: 'plain',
      target: 'new-plain',
      objects: 2,
      public: false,
      classes: [{ label: 'to 64 KiB', objects: 2 }],
    },
    {
      name: 'rich',
      objects: 2,
      public: true,
      classes: [
        { label: 'empty', objects: 1, bytes: 0 },
        { label: 'to 1 MiB', objects: 1, bytes: 200_000 },
      ],
      largest: [
        { key: 'large', bytes: 200_000 },
        { key: 'empty', bytes: 0 },
      ],
    },
  ]);
  expect(told.at(-1)).toEqual({ buckets: { done: 2, total: 2 }, objects: 4, bytes: 200_026 });
  expect(objects.estimate).toMatchObject({ writes: 4, reads: 5, pricesAsOf: '2026-11-22' });
  expect(findings.filter(({ message }) => message.startsWith('plain'))).toEqual([]);
  expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    'warning BUCKET_PUBLIC_WRITE',
    'warning BUCKET_PUBLIC',
    'warning BUCKET_VERSIONED',
    'warning BUCKET_LOCKED',
    'warning BUCKET_KMS',
    'warning BUCKET_LIFECYCLE',
    'warning BUCKET_NOTIFICATIONS',
    'info BUCKET_TAGS',
  ]);
  const stop = new AbortController();
  const stopped = inspectObjects(ports.objects, ports.bucketSettings, stop.signal, () => stop.abort());
  await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
});

it('derives CORS rules, sets them after consent and tests them with preflights', async () => {
  const { source, target } = stores.clients;
  await fill(source, 'uploads', ['a']);
  await source.send(readPolicy('uploads', ['s3:GetObject']));
  await source.send(
    new PutBucketCorsCommand({
      Bucket: 'uploads',
      CORSConfiguration: {
        CORSRules: [{ AllowedOrigins: ['https://old.example'], AllowedMethods: ['GET'], MaxAgeSeconds: 60 }],
      },
    }),
  );
  await fill(source, 'later', []);
  await target.send(new CreateBucketCommand({ Bucket: 'new-uploads' }));
  const acts: NewActivity[] = [];
  const service = createAccessService({
    withPorts: (work) => work(ports),
    activity: () => ({
      record: (entry) => {
        acts.push(entry);
        return Promise.resolve();
      },
      list: () => Promise.resolve({ entries: [] }),
    }),
  });
  const wish = { origins: ['https://app.example.com'], uploads: true };
  const [later, uploads] = await service.show(wish, never);
  expect(later).toMatchObject({ target: 'new-later', exists: false, public: false });
  expect(uploads).toMatchObject({
    public: true,
    current: [],
    proposed: [
      { origins: ['https://old.example'], methods: ['GET'], maxAge: 60 },
      { origins: ['https://app.example.com'], methods: ['GET', 'HEAD', 'PUT', 'POST'] },
    ],
  });
  const allowed = async () =>
    (await service.test(wish, never)).map((answer) => [answer.method, answer.allowed]);
  expect(await allowed()).toEqual([
    ['GET', false],
    ['PUT', false],
  ]);
  expect(await service.apply(wish, ['new-uploads'], never)).toEqual(['new-uploads']);
  expect(acts).toMatchObject([{ action: 'bucket.cors', target: 'new-uploads', before: { rules: [] } }]);
  expect((await service.show(wish, never))[1]?.current).toEqual(uploads?.proposed);
  expect(await allowed()).toEqual([
    ['GET', true],
    ['PUT', true],
  ]);
  const others = await service.test({ origins: ['https://evil.example'], uploads: true }, never);
  expect(others.map((answer) => answer.allowed)).toEqual([false, false]);
  await expect(service.apply(wish, ['new-later'], never)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
