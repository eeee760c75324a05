import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inspectObjects } from '#core/steps/objects/inspect-objects';
import { openBucketSettings } from '#core/adapters/s3/bucket-settings';
import { openObjectPorts } from '#core/adapters/s3/open';
import { objectsStep } from '#core/steps/objects/objects-step';
import { toAppError, type AppError } from '#shared/model/errors';
import { evidenceSchema } from '#shared/model/run';
import type { Fault, FaultRequest } from '../../practice/s3/s3-server';
import { contents, openUploads } from '../support/s3-contents';
import { putInParts } from '../support/s3-parts';
import { seedObjects } from '../../practice/seed-objects';
import {
  emptyJournal,
  fill,
  runContextOf,
  settingsOf,
  sourceKeys,
  startTwoStores,
  targetKeys,
  type StoreFaults,
  type TwoStores,
} from './objects-harness';

const mib = 1024 * 1024;
const never = new AbortController().signal;
const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_unused, index) => `f/${String(index).padStart(4, '0')}`);

let stores: TwoStores | undefined;
afterEach(async () => {
  await stores?.close();
  stores = undefined;
});

async function start(options: { faults?: StoreFaults; quotaBytes?: number } = {}): Promise<TwoStores> {
  stores = await startTwoStores(options);
  return stores;
}

async function expectEqualStores({ clients }: TwoStores): Promise<void> {
  expect(await contents(clients.target, 'new-')).toEqual(await contents(clients.source));
}

async function copyAll(both: TwoStores, journal = emptyJournal(), signal = never): Promise<unknown> {
  const context = runContextOf(both.ports, journal, signal);
  const plan = await objectsStep.plan(context);
  return objectsStep.run(JSON.parse(JSON.stringify(plan)), context);
}

async function verifyAll(both: TwoStores): Promise<z.infer<typeof evidenceSchema>[]> {
  const context = runContextOf(both.ports);
  const plan = await objectsStep.plan(context);
  return z.array(evidenceSchema).parse(await objectsStep.verify(plan, { objects: 0, bytes: 0 }, context));
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (error) {
    return toAppError(error);
  }
  throw new Error('It did not fail.');
}

/** Lets the first `times` requests that match fail. */
function failing(
  times: number,
  fault: Fault,
  matches: (request: FaultRequest) => boolean,
): (request: FaultRequest) => Fault | undefined {
  let left = times;
  return (request) => {
    if (left === 0 || !matches(request)) return undefined;
    left -= 1;
    return fault;
  };
}

const isObject = (method: string) => (request: FaultRequest) =>
  request.method === method && request.key !== '' && request.query.size === 0;

describe('a whole store', () => {
  it('arrives with every key, header, metadata entry and multipart ETag, and verifies', async () => {
    const both = await start();
    await seedObjects(both.source.endpoint, sourceKeys, { signal: never });
    const journal = emptyJournal();
    const output = await copyAll(both, journal);
    expect(output).toMatchObject({ objects: 502 });
    await expectEqualStores(both);
    const evidence = await verifyAll(both);
    expect(evidence).toHaveLength(6);
    expect(evidence.filter(({ equal }) => !equal)).toEqual([]);
    const last = journal.progress.filter(({ unit }) => unit === undefined).at(-1);
    expect(last?.progress.done).toBe(last?.progress.total);
  }, 240_000);

  it('is planned the same twice, and inspected with what needs attention', async () => {
    const both = await start();
    await fill(both.clients.source, 'uploads', [
      'a//b',
      'plain',
      'caf\u00e9',
      'cafe\u0301',
      ...numbered(1_050),
    ]);
    const context = runContextOf(both.ports);
    const plan = await objectsStep.plan(context);
    expect(await objectsStep.plan(context)).toEqual(plan);
    const described = objectsStep.describe(plan);
    expect(described.units.map(({ label }) => label)).toEqual([
      'uploads · bucket new-uploads',
      'uploads · 1000 objects from "a//b"',
      'uploads · 54 objects from "f/0997"',
    ]);
    const { objects, findings } = await inspectObjects(
      both.ports,
      openBucketSettings(settingsOf(both.values)),
      never,
      () => undefined,
    );
    expect(objects.buckets).toMatchObject([{ name: 'uploads', objects: 1054 }]);
    expect(findings.map(({ code }) => code)).toEqual(['KEY_FOLDED_BY_BROWSERS', 'KEYS_COLLIDE_IN_UNICODE']);
  });

  it('keeps metadata that is not ASCII byte for byte', async () => {
    const both = await start();
    await both.clients.source.send(new CreateBucketCommand({ Bucket: 'uploads' }));
    await both.clients.source.send(
      new PutObjectCommand({
        Bucket: 'uploads',
        Key: 'x',
        Body: 'x',
        Metadata: { title: Buffer.from('Größe 日本').toString('latin1') },
      }),
    );
    await copyAll(both);
    await expectEqualStores(both);
  });
});

describe('a listing', () => {
  it.each([
    ['is a page of a proxy', '<html><body>Welcome</body></html>'],
    ['breaks off', '<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents>'],
    [
      'is a part without a way to go on',
      '<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>',
    ],
  ])('that %s is not taken for a whole one', async (_what, body) => {
    const server = createServer((_request, response) => void response.end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const ports = openObjectPorts(
      settingsOf({
        SOURCE_S3_ENDPOINT: `http://127.0.0.1:${port}`,
        SOURCE_S3_ACCESS_KEY_ID: 'a',
        SOURCE_S3_SECRET_ACCESS_KEY: 'a',
      }),
    );
    const entries = async (): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of ports.source.list('uploads', {}, never)) keys.push(key);
      return keys;
    };
    expect((await failureOf(entries())).code).toBe('OBJECTS_FAILED');
    await ports.close();
    server.close();
  });
});

describe('the target', () => {
  it('is refused when a bucket holds objects, and nothing is written', async () => {
    const both = await start();
    await fill(both.clients.source, 'uploads', ['a']);
    await fill(both.clients.target, 'new-uploads', ['old', 'older']);
    const context = runContextOf(both.ports);
    const result = await objectsStep.check(await objectsStep.plan(context), context);
    expect(result).toMatchObject({ state: 'conflict', error: { code: 'TARGET_NOT_EMPTY' } });
    expect(result.state === 'conflict' && result.error.message).toContain('new-uploads (2)');
    expect(Object.keys(await contents(both.clients.target))).toEqual([
      'new-uploads old',
      'new-uploads older',
    ]);
  });

  it('is refused when it is the source under another address', async () => {
    const both = await start();
    await fill(both.clients.target, 'uploads', ['a']);
    const ports = openObjectPorts(
      settingsOf({
        ...both.values,
        SOURCE_S3_ENDPOINT: both.target.endpoint.replace('127.0.0.1', 'localhost'),
        SOURCE_S3_ACCESS_KEY_ID: targetKeys.accessKeyId,
        SOURCE_S3_SECRET_ACCESS_KEY: targetKeys.secretAccessKey,
        R2_BUCKET_PREFIX: '',
      }),
    );
    const context = runContextOf(ports);
    expect(await objectsStep.check(await objectsStep.plan(context), context)).toMatchObject({
      state: 'conflict',
      error: { code: 'SETTING_INVALID', details: { bucket: 'uploads' } },
    });
    await ports.close();
  });

  it('is taken when its buckets are missing or empty', async () => {
    const both = await start();
    await fill(both.clients.source, 'uploads', ['a']);
    await fill(both.clients.target, 'new-uploads', []);
    const context = runContextOf(both.ports);
    expect(await objectsStep.check(await objectsStep.plan(context), context)).toEqual({ state: 'pending' });
    await copyAll(both);
    await expectEqualStores(both);
  });

  it('that is full is named, without retrying for ever', async () => {
    const both = await start({ quotaBytes: 300 });
    await fill(both.clients.source, 'uploads', numbered(60));
    const failure = await failureOf(copyAll(both));
    expect(failure.code).toBe('OBJECTS_QUOTA_EXCEEDED');
    expect(failure.hint).toMatch(/resume/);
  });

  it('whose bucket names R2 refuses is refused while planning', async () => {
    const both = await start();
    await both.clients.source.send(new CreateBucketCommand({ Bucket: 'with.dots' }));
    await expect(objectsStep.plan(runContextOf(both.ports))).rejects.toMatchObject({
      code: 'OBJECTS_BUCKET_NAME_REFUSED',
    });
  });

  it('gets the names that the settings give its buckets', async () => {
    const both = await start();
    await fill(both.clients.source, 'with.dots', ['a']);
    await fill(both.clients.source, 'uploads', ['b']);
    const ports = openObjectPorts(settingsOf({ ...both.values, R2_BUCKET_NAMES: 'with.dots=dotless' }));
    const context = runContextOf(ports);
    const plan = await objectsStep.plan(context);
    await objectsStep.run(plan, context);
    const evidence = await objectsStep.verify(plan, { objects: 0, bytes: 0 }, context);
    expect(evidence.map(({ subject, equal }) => [subject, equal])).toEqual([
      ['uploads → new-uploads', true],
      ['uploads → new-uploads', true],
      ['with.dots → dotless', true],
      ['with.dots → dotless', true],
    ]);
    expect(Object.keys(await contents(both.clients.target))).toEqual(['dotless a', 'new-uploads b']);
    await ports.close();
  });
});

describe('faults on the way', () => {
  const passing: [string, Fault][] = [
    ['500', { status: 500, code: 'InternalError' }],
    ['503', { status: 503, code: 'SlowDown' }],
    ['429', { status: 429, code: 'TooManyRequests' }],
    ['a reset', 'reset'],
  ];
  it.each(passing)('%s while reading and writing passes', async (_name, fault) => {
    const both = await start({
      faults: { source: failing(3, fault, isObject('GET')), target: failing(3, fault, isObject('PUT')) },
    });
    await fill(both.clients.source, 'uploads', numbered(40));
    await copyAll(both);
    await expectEqualStores(both);
  });

  it.each(['truncate', 'corrupt'] as const)('a body with the fault %s is read again', async (fault) => {
    const both = await start({ faults: { source: failing(2, fault, isObject('GET')) } });
    await fill(both.clients.source, 'uploads', ['small']);
    await both.clients.source.send(
      new PutObjectCommand({ Bucket: 'uploads', Key: 'streamed', Body: Buffer.alloc(3 * mib, 7) }),
    );
    await copyAll(both);
    await expectEqualStores(both);
  });

  it('a damaged part of a large object is sent again before anything is completed', async () => {
    let completed = 0;
    const both = await start({
      faults: {
        source: failing(1, 'corrupt', isObject('GET')),
        target: ({ method, query }) => {
          if (method === 'POST' && query.has('uploadId')) completed += 1;
          return undefined;
        },
      },
    });
    const { source, target } = both.clients;
    await source.send(new CreateBucketCommand({ Bucket: 'uploads' }));
    const parts = [5 * mib, 5 * mib, 100].map((size, index) => Buffer.alloc(size, index + 1));
    await putInParts(source, { Bucket: 'uploads', Key: 'parts' }, {}, parts);
    await copyAll(both);
    await expectEqualStores(both);
    expect([completed, await openUploads(target)]).toEqual([1, []]);
  });

  it('an upload in parts whose begin was not answered is not left open', async () => {
    const begins = ({ method, query }: FaultRequest): boolean => method === 'POST' && query.has('uploads');
    const both = await start({ faults: { target: failing(1, 'truncate', begins) } });
    const { source, target } = both.clients;
    await source.send(new CreateBucketCommand({ Bucket: 'uploads' }));
    const parts = [5 * mib, 100].map((size, index) => Buffer.alloc(size, index + 1));
    await putInParts(source, { Bucket: 'uploads', Key: 'parts' }, {}, parts);
    await copyAll(both);
    await expectEqualStores(both);
    expect(await openUploads(target)).toEqual([]);
  });

  it('objects that fail stop no others, are listed, and are the only ones that a resumed run takes again', async () => {
    let refused = true;
    let writes = 0;
    const both = await start({
      faults: {
        target: (request) => {
          if (!isObject('PUT')(request)) return undefined;
          writes += 1;
          return refused && /[37]$/.test(request.key) ? { status: 403, code: 'AccessDenied' } : undefined;
        },
      },
    });
    await fill(both.clients.source, 'avatars', numbered(9));
    await fill(both.clients.source, 'uploads', numbered(29));
    const journal = emptyJournal();
    const failure = await failureOf(copyAll(both, journal));
    expect(failure.message).toMatch(/^8 objects could not be copied/);
    expect(failure).toMatchObject({
      code: 'OBJECTS_PERMISSION_DENIED',
      details: { failed: '8', 'object 1': '["avatars","f/0003","OBJECTS_PERMISSION_DENIED"]' },
    });
    expect(Object.keys(await contents(both.clients.target))).toHaveLength(30);
    refused = false;
    writes = 0;
    await copyAll(both, journal);
    expect(writes).toBe(8);
    await expectEqualStores(both);
  });

  it.each(['source', 'target'] as const)(
    'a %s that dies half-way is named, and the run can be resumed',
    async (side) => {
      let served = 0;
      let dead = false;
      const dies = (request: FaultRequest): Fault | undefined => {
        if (request.key !== '') served += 1;
        return dead && served > 25 ? 'reset' : undefined;
      };
      const both = await start({ faults: { [side]: dies } });
      await fill(both.clients.source, 'uploads', numbered(60));
      served = 0;
      dead = true;
      const journal = emptyJournal();
      const failure = await failureOf(copyAll(both, journal));
      expect(failure.code).toBe(side === 'source' ? 'SOURCE_LOST' : 'TARGET_LOST');
      expect(failure.hint).toMatch(/resume/);
      expect(failure.retryable).toBe(true);
      dead = false;
      await copyAll(both, journal);
      await expectEqualStores(both);
    },
  );
});

describe('a resumed run', () => {
  it('skips what has arrived, copies the rest and aborts uploads left open', async () => {
    const written: string[] = [];
    const both = await start({
      faults: {
        target: (request) => {
          if (isObject('PUT')(request)) written.push(request.key);
          return undefined;
        },
      },
    });
    const keys = numbered(50);
    await fill(both.clients.source, 'uploads', keys);
    await fill(both.clients.target, 'new-uploads', keys.slice(0, 30));
    await both.clients.target.send(
      new PutObjectCommand({ Bucket: 'new-uploads', Key: 'f/0005', Body: 'half of something' }),
    );
    await both.clients.target.send(
      new CreateMultipartUploadCommand({ Bucket: 'new-uploads', Key: 'f/0049' }),
    );
    written.length = 0;
    const journal = emptyJournal();
    journal.begun.add('uploads/00001');
    await copyAll(both, journal);
    expect(written.sort()).toEqual(['f/0005', ...keys.slice(30)]);
    const open = await both.clients.target.send(new ListMultipartUploadsCommand({ Bucket: 'new-uploads' }));
    expect(open.Uploads ?? []).toEqual([]);
    await expectEqualStores(both);
  });

  it.each([
    ['goes on with an upload in parts that was left open', 0, ['part 3', 'part 4']],
    ['does not trust a damaged part of an earlier attempt', 1, undefined],
  ])('%s', async (_name, flipped, expected) => {
    const sent: string[] = [];
    const both = await start({
      faults: {
        target: ({ method, query }) => {
          const part = query.get('partNumber');
          if (method === 'PUT' && part !== undefined) sent.push(`part ${part}`);
          return undefined;
        },
      },
    });
    const { source, target } = both.clients;
    const place = { Bucket: 'new-uploads', Key: 'large' };
    const bodies = [5 * mib, 5 * mib, 5 * mib, mib].map((size) => randomBytes(size));
    await fill(source, 'uploads', ['small']);
    await putInParts(source, { Bucket: 'uploads', Key: 'large' }, { by: 'ada' }, bodies);
    await target.send(new CreateBucketCommand({ Bucket: 'new-uploads' }));
    // Stores tell times in whole seconds, and only an upload that is younger than its source goes on.
    await delay(1000 - (Date.now() % 1000));
    const { UploadId } = await target.send(
      new CreateMultipartUploadCommand({ ...place, Metadata: { by: 'ada' } }),
    );
    await target.send(new CreateMultipartUploadCommand({ ...place, Key: 'gone' }));
    for (const [index, whole] of bodies.slice(0, 2).entries()) {
      const Body = Buffer.from(whole);
      Body.writeUInt8(Body.readUInt8(7) ^ (index === 1 ? flipped : 0), 7);
      await target.send(new UploadPartCommand({ ...place, UploadId, PartNumber: index + 1, Body }));
    }
    sent.length = 0;
    const journal = emptyJournal();
    journal.begun.add('uploads/00001');
    await copyAll(both, journal);
    await expectEqualStores(both);
    expect(await openUploads(target)).toEqual([]);
    if (expected !== undefined) expect(sent.sort()).toEqual(expected);
  });

  it('stops soon when cancelled, and ends equal', async () => {
    const stop = new AbortController();
    let seen = 0;
    const both = await start({
      faults: {
        target: (request) => {
          if (!isObject('PUT')(request)) return undefined;
          seen += 1;
          if (seen === 20) stop.abort();
          return seen > 10 && stop.signal.aborted && seen < 24 ? 'stall' : undefined;
        },
      },
    });
    await fill(both.clients.source, 'uploads', numbered(250));
    const journal = emptyJournal();
    await expect(copyAll(both, journal, stop.signal)).rejects.toBeDefined();
    expect(journal.done.has('uploads/00001')).toBe(false);
    seen = 1000;
    await copyAll(both, journal);
    await expectEqualStores(both);
  });
});

describe('a source that is written to', () => {
  it('has an object that changes taken again as it is now', async () => {
    let changed = false;
    let change = (): void => {};
    const both = await start({
      faults: {
        source: (request) => {
          if (!changed && isObject('GET')(request) && request.key === 'f/0001') {
            changed = true;
            change();
            return { status: 503, code: 'SlowDown' };
          }
          return undefined;
        },
      },
    });
    await fill(both.clients.source, 'uploads', numbered(5));
    let writing: Promise<unknown> = Promise.resolve();
    change = () => {
      writing = both.clients.source.send(
        new PutObjectCommand({ Bucket: 'uploads', Key: 'f/0001', Body: 'new content' }),
      );
    };
    await copyAll(both);
    await writing;
    await expectEqualStores(both);
  });

  it('differs in the evidence afterwards, by name', async () => {
    const both = await start();
    await fill(both.clients.source, 'uploads', numbered(20));
    await copyAll(both);
    await both.clients.target.send(
      new PutObjectCommand({ Bucket: 'new-uploads', Key: 'f/0002', Body: 'content of f/0099' }),
    );
    await both.clients.target.send(new DeleteObjectCommand({ Bucket: 'new-uploads', Key: 'f/0003' }));
    await both.clients.target.send(new PutObjectCommand({ Bucket: 'new-uploads', Key: 'g', Body: 'extra' }));
    await both.clients.target.send(
      new PutObjectCommand({
        Bucket: 'new-uploads',
        Key: 'f/0004',
        Body: 'content of f/0004',
        ContentType: 'text/plain',
      }),
    );
    const [content, attributes] = await verifyAll(both);
    expect(content).toMatchObject({ equal: false });
    expect(content?.note).toMatch(/3 differ: .*"f\/0003" is missing on the target/);
    expect(content?.note).toContain('"g" is on the target only');
    expect(content?.note).toContain('"f/0002"');
    expect(attributes?.note).toContain('"f/0004" differs in content-type');
  });
});

describe('objects in parts', () => {
  it('with unequal parts get equal ones, and are proven by reading both sides', async () => {
    const both = await start();
    const client = both.clients.source;
    const object = { Bucket: 'uploads', Key: 'unequal' };
    await client.send(new CreateBucketCommand({ Bucket: 'uploads' }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
    const Parts = [];
    for (const [index, size] of [5 * mib, 7 * mib, 100].entries()) {
      const PartNumber = index + 1;
      const { ETag } = await client.send(
        new UploadPartCommand({ ...object, UploadId, PartNumber, Body: Buffer.alloc(size, index) }),
      );
      Parts.push({ PartNumber, ETag });
    }
    await client.send(
      new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }),
    );
    await copyAll(both);
    const [content, attributes] = await verifyAll(both);
    expect(content).toMatchObject({
      equal: true,
      note: '1 of 1 were read on both sides and compared by SHA-256.',
    });
    expect(attributes).toMatchObject({ equal: true });
  });
});
