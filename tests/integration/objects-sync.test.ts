import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, it } from 'vitest';
import type { NewActivity } from '#shared/model/activity';
import type { Fault, FaultRequest } from '../../practice/s3/s3-server';
import { objectsServiceOver } from '../support/objects-service';
import { contents } from '../support/s3-contents';
import { fill, startTwoStores, type TwoStores } from './objects-harness';

const never = new AbortController().signal;
const keys = Array.from({ length: 200 }, (_unused, index) => `f/${String(index).padStart(4, '0')}`);

let stores: TwoStores | undefined;
afterEach(async () => {
  await stores?.close();
  stores = undefined;
});

/** Two stores with a copied bucket, after which the source changed: one object new, two other, one gone, and one damaged on the target. */
async function drifted(fault?: (request: FaultRequest) => Fault | undefined): Promise<TwoStores> {
  stores = await startTwoStores(fault === undefined ? {} : { faults: { target: fault } });
  const { ports, clients } = stores;
  await fill(clients.source, 'uploads', keys);
  const { buckets } = await objectsServiceOver(ports).sync({ write: { delete: false } }, never);
  expect(buckets).toMatchObject([{ absent: true, missing: keys.length, copied: keys.length, failed: [] }]);
  const put = (side: 'source' | 'target', Bucket: string, Key: string, Body: string) =>
    clients[side].send(new PutObjectCommand({ Bucket, Key, Body }));
  await put('source', 'uploads', 'a/new', 'new');
  await put('source', 'uploads', 'f/0001', 'longer than what was there before');
  await put('source', 'uploads', 'f/0002', 'content of f/9999');
  await put('target', 'new-uploads', 'f/0003', 'damaged of f/0003');
  await clients.source.send(new DeleteObjectCommand({ Bucket: 'uploads', Key: 'f/0004' }));
  return stores;
}

it('a sync copies what is new or different, deletes only when asked to, and is recorded', async () => {
  let writes: string[] = [];
  const { ports, clients } = await drifted(({ method, key, query }) => {
    if (key !== '' && query.size === 0 && method !== 'GET' && method !== 'HEAD')
      writes.push(`${method} ${key}`);
    return undefined;
  });
  const acts: NewActivity[] = [];
  const service = objectsServiceOver(ports, acts);
  writes = [];
  const [dry] = (await service.sync({}, never)).buckets;
  expect(dry).toMatchObject({
    same: keys.length - 4,
    missing: 1,
    different: 3,
    gone: 1,
    examples: { missing: ['a/new'], different: ['f/0001', 'f/0002', 'f/0003'], gone: ['f/0004'] },
  });
  expect(writes).toEqual([]);
  expect(acts).toEqual([]);

  await service.sync({ write: { delete: false } }, never);
  expect(writes.sort()).toEqual(['PUT a/new', 'PUT f/0001', 'PUT f/0002', 'PUT f/0003']);
  expect(Object.keys(await contents(clients.target, 'new-'))).toContain('uploads f/0004');
  writes = [];
  await service.sync({ write: { delete: true } }, never);
  expect(writes).toEqual(['DELETE f/0004']);
  expect(await contents(clients.target, 'new-')).toEqual(await contents(clients.source));
  expect(acts).toMatchObject([
    { action: 'objects.sync', outcome: 'done', after: { copied: 4, deleted: 0, delete: false } },
    { action: 'objects.sync', outcome: 'done', after: { copied: 0, deleted: 1, delete: true } },
  ]);
});

it('objects that fail are listed, stop no others, and are taken again by the next sync', async () => {
  let refused = false;
  const { ports, clients } = await drifted(({ method, key }) =>
    refused && method === 'PUT' && /^(a\/new|f\/0001)$/.test(key)
      ? { status: 403, code: 'AccessDenied' }
      : undefined,
  );
  refused = true;
  const service = objectsServiceOver(ports);
  const { buckets, failed } = await service.sync({ write: { delete: true } }, never);
  expect(failed.map(({ key }) => key).sort()).toEqual(['a/new', 'f/0001']);
  expect(buckets).toMatchObject([{ copied: 2, deleted: 1 }]);
  refused = false;
  expect((await service.sync({ write: { delete: true } }, never)).failed).toEqual([]);
  expect(await contents(clients.target, 'new-')).toEqual(await contents(clients.source));
});

it('verification names every difference and says by what each object was compared', async () => {
  const { ports } = await drifted();
  const service = objectsServiceOver(ports);
  const seen = new Map<string, string>();
  const [content] = await service.verify(
    { read: 0.1, onObject: ({ key, by, equal }) => void seen.set(key, `${by} ${equal}`) },
    never,
  );
  expect(content).toMatchObject({ equal: false });
  expect(seen.size).toBe(keys.length + 1);
  expect(['a/new', 'f/0001', 'f/0003', 'f/0004'].map((key) => seen.get(key))).toEqual([
    'presence false',
    'size false',
    'reading false',
    'presence false',
  ]);
  const read = [...seen.values()].filter((how) => how === 'reading true').length;
  expect(read).toBeGreaterThan(keys.length * 0.05);
  expect(read).toBeLessThan(keys.length * 0.2);
});
