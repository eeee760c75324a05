import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { openObjectPorts } from '#core/adapters/s3/open';
import { objectsStep } from '#core/steps/objects/objects-step';
import { runWorkers } from '#core/steps/common/run-workers';
import { runContextOf, settingsOf } from '../integration/objects-harness';
import { objectsServiceOver } from '../support/objects-service';
import { contents, openUploads } from '../support/s3-contents';
import { putInParts } from '../support/s3-parts';
import { type ForeignStore, startGofakes3, startMoto, startVersity } from './foreign-s3';

const mib = 1024 * 1024;
const never = new AbortController().signal;

/** Keys chosen to hurt. */
const meanKeys = [
  'caf\u00e9/nfc',
  'cafe\u0301/nfd',
  'control/\u0001\u001f\u007f',
  'new\nline',
  'tab\there',
  'a/../b',
  '../up',
  './here',
  'dots/..',
  '/leading',
  'trailing/',
  'double//slash',
  'plus+percent%25&amp?question#hash',
  'percent%2Fencoded',
  ' spaces ',
  'emoji/\u{1f600}\u{1f468}\u200d\u{1f469}',
  'private/\uffff-after-surrogates',
  'quote"<xml>\'&amp;',
  'back\\slash',
  `${'long/'.repeat(200)}${'x'.repeat(24)}`,
  'wild*[card]{x}|y',
  '日本語/ключ/مفتاح',
];

/**
 * Keys that a server itself does not hold or does not list as they are, whoever asks; asserted below with the SDK alone.
 * moto does not route a line break. gofakes3 lists what XML 1.0 can't hold as U+FFFD. The gateway does so too, and its keys are paths of a
 * file system: it refuses or folds dot segments, doubled and leading slashes, and takes no content under a trailing slash. Each key
 * is held by at least one of them as source and as target.
 */
const lostBy: Record<string, readonly string[]> = {
  moto: ['new\nline'],
  gofakes3: ['control/\u0001\u001f\u007f', 'private/\uffff-after-surrogates'],
  versitygw: [
    'control/\u0001\u001f\u007f',
    'a/../b',
    '../up',
    './here',
    'dots/..',
    '/leading',
    'trailing/',
    'double//slash',
    'private/\uffff-after-surrogates',
  ],
};

/** The mean keys that a fresh server gives back and lists as they were written, found out with the SDK alone. */
async function keysHeldBy({ client }: ForeignStore): Promise<string[]> {
  const held: string[] = [];
  for (const [index, Key] of meanKeys.entries()) {
    const Bucket = `mean-${index}`;
    await client.send(new CreateBucketCommand({ Bucket }));
    try {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: `content of ${Key}` }));
      const got = await client.send(new GetObjectCommand({ Bucket, Key }));
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      const listed = Contents.some((entry) => entry.Key === Key);
      if (listed && (await got.Body?.transformToString()) === `content of ${Key}`) held.push(Key);
    } catch {
      // A refusal of the server.
    }
  }
  return held;
}

async function put(client: S3Client, keys: readonly string[]): Promise<void> {
  await runWorkers(keys, 4, async (Key) => {
    await client.send(new PutObjectCommand({ Bucket: 'files', Key, Body: `content of ${Key}` }));
  });
}

/** The given keys, and four objects more: empty, streamed, in parts, and with every header. */
async function fill(client: S3Client, keys: readonly string[]): Promise<void> {
  await put(client, keys);
  await client.send(new PutObjectCommand({ Bucket: 'files', Key: 'empty', Body: Buffer.alloc(0) }));
  await client.send(new PutObjectCommand({ Bucket: 'files', Key: 'streamed', Body: randomBytes(3 * mib) }));
  await client.send(
    new PutObjectCommand({
      Bucket: 'files',
      Key: 'headers',
      Body: 'x',
      ContentType: 'text/html; charset=utf-8',
      CacheControl: 'max-age=60',
      ContentEncoding: 'identity',
      ContentDisposition: 'attachment; filename="a b.html"',
      ContentLanguage: 'de',
      Expires: new Date(Date.UTC(2030, 0, 1)),
      Metadata: { owner: 'ada', 'two-words': 'some value' },
    }),
  );
  const bodies = [6 * mib, 6 * mib, mib].map((size) => randomBytes(size));
  await putInParts(client, { Bucket: 'files', Key: 'parts' }, { kind: 'parts' }, bodies);
}

test.each([
  ['moto', 'versitygw', startMoto, startVersity],
  ['versitygw', 'moto', startVersity, startMoto],
  ['moto', 'moto', startMoto, startMoto],
  ['gofakes3', 'gofakes3', startGofakes3, startGofakes3],
] as const)('from %s to %s', async (_from, _to, startSource, startTarget) => {
  const [probe, source, target] = await Promise.all([
    startSource('us-east-1'),
    startSource('us-east-1'),
    startTarget('auto'),
  ]);
  const ports = openObjectPorts(
    settingsOf({
      SOURCE_S3_ENDPOINT: source.endpoint,
      SOURCE_S3_ACCESS_KEY_ID: source.accessKeyId,
      SOURCE_S3_SECRET_ACCESS_KEY: source.secretAccessKey,
      R2_ENDPOINT: target.endpoint,
      R2_ACCESS_KEY_ID: target.accessKeyId,
      R2_SECRET_ACCESS_KEY: target.secretAccessKey,
      R2_BUCKET_PREFIX: 'new-',
    }),
  );
  try {
    await source.client.send(new CreateBucketCommand({ Bucket: 'files' }));
    // moto makes no bucket for a client of R2's region.
    if (target.name === 'moto') await target.client.send(new CreateBucketCommand({ Bucket: 'new-files' }));
    const held = await keysHeldBy(probe);
    expect(meanKeys.filter((key) => !held.includes(key))).toEqual(lostBy[source.name]);
    const passable = held.filter((key) => lostBy[target.name]?.includes(key) !== true);
    await fill(source.client, passable);

    // The step, as a run has it.
    const context = runContextOf(ports);
    const plan = await objectsStep.plan(context);
    await objectsStep.run(plan, context);
    const copied = await contents(target.client, 'new-');
    expect(copied).toEqual(await contents(source.client));
    expect(Object.keys(copied)).toHaveLength(passable.length + 4);
    const evidence = await objectsStep.verify(plan, { objects: 0, bytes: 0 }, context);
    expect(evidence.filter(({ equal }) => !equal)).toEqual([]);

    // The delta, and proof by reading everything.
    await source.client.send(new PutObjectCommand({ Bucket: 'files', Key: 'added', Body: 'new' }));
    await source.client.send(new PutObjectCommand({ Bucket: 'files', Key: 'headers', Body: 'changed' }));
    await source.client.send(new DeleteObjectCommand({ Bucket: 'files', Key: 'caf\u00e9/nfc' }));
    const service = objectsServiceOver(ports);
    const [dry] = (await service.sync({}, never)).buckets;
    expect(dry).toMatchObject({ missing: 1, different: 1, gone: 1, copied: 0 });
    const { buckets, failed } = await service.sync({ write: { delete: true } }, never);
    expect(failed).toEqual([]);
    expect(buckets).toMatchObject([{ copied: 2, deleted: 1 }]);
    expect(await contents(target.client, 'new-')).toEqual(await contents(source.client));
    const read = await service.verify({ read: 1 }, never);
    expect(read.map(({ equal }) => equal)).toEqual([true, true]);

    // What the target itself can't hold is never taken for copied.
    const impossible = held.filter((key) => lostBy[target.name]?.includes(key) === true);
    await put(source.client, impossible);
    const last = await service.sync({ write: { delete: false } }, never);
    const differing = new Set<string>(last.failed.map(({ key }) => key));
    const onObject = ({ key, equal }: { key: string; equal: boolean }): void => {
      if (!equal) differing.add(key);
    };
    await service.verify({ read: 0, onObject }, never);
    for (const key of impossible) expect(differing).toContain(key);
    expect(await openUploads(target.client)).toEqual([]);
  } finally {
    await ports.close();
    await Promise.all([probe, source, target].map((server) => server.close()));
  }
});
