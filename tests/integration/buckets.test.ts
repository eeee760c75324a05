import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ComparedRow, ComparisonFilter, ListedObject } from '#shared/model/buckets';
import { toAppError } from '#shared/model/errors';
import { collected, filledStore, openBuckets, type OpenBuckets } from './buckets-harness';
import { fill, startTwoStores, type TwoStores } from './objects-harness';

const context = { signal: new AbortController().signal };
const watching = { ...context, after: -1 };
const mib = 1024 * 1024;
const locked = new Set<string>();
const many = Array.from({ length: 1203 }, (_unused, index) => `d/${String(index).padStart(5, '0')}`);

let stores: TwoStores;
let buckets: OpenBuckets;
beforeEach(async () => {
  locked.clear();
  const targetStore = await filledStore('trash', many);
  stores = await startTwoStores({ locked: (_bucket, key) => locked.has(key), targetStore });
  buckets = await openBuckets(stores.values);
});
afterEach(async () => {
  await buckets.close();
  await stores.close();
});

async function keysOf(side: 'source' | 'target', bucket: string): Promise<string[]> {
  const { Contents = [] } = await stores.clients[side].send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

async function failureOf(work: Promise<unknown>): Promise<[string, string]> {
  const error = toAppError(
    await work.then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  );
  return [error.code, error.message];
}

const odd = [
  'a//b',
  '../x',
  '/lead',
  'p+q %2F&?#',
  'é',
  'e\u0301',
  '\u{1f600}',
  'ctl\u0001\t',
  '<&>"',
  'k'.repeat(1024),
];

test('both sides of a folder in one list, page by page, and what is not the same in all of its folders', async () => {
  const { handlers } = buckets;
  const { source, target } = stores.clients;
  await fill(source, 'media', ['a/1', 'a/2', 'a/b/3', 'c/4', 'm', 'same', 'top', ...odd]);
  await fill(target, 'new-media', ['a/1', 'a/2', 'd/5', 'n', 'same', 'top', ...odd]);
  await target.send(new PutObjectCommand({ Bucket: 'new-media', Key: 'a/2', Body: 'other' }));
  await target.send(new PutObjectCommand({ Bucket: 'new-media', Key: 'top', Body: 'a longer one' }));
  const compare = async (show: ComparisonFilter, limit: number, prefix = '', bucket = 'media') => {
    const rows: ComparedRow[] = [];
    let after: string | undefined;
    do {
      const page = await handlers['buckets.compare']({ bucket, prefix, show, after, limit }, context);
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      rows.push(...page.rows);
      after = page.next;
    } while (after !== undefined);
    return rows;
  };
  const told = (rows: readonly ComparedRow[]) =>
    rows.map(({ key, sides }) => `${key} ${sides.source ? 's' : ''}${sides.target ? 't' : ''}`);

  const all = await compare('all', 1000);
  const flat = odd.filter((key) => !key.includes('/')).map((key) => `${key} st`);
  const expected = ['../ st', '/ st', 'a/ st', 'c/ s', 'd/ t', 'm s', 'n t', 'same st', 'top st', ...flat];
  expect(told(all).sort()).toEqual(expected.sort());
  for (const limit of [1, 3]) expect(await compare('all', limit)).toEqual(all);
  expect(told(await compare('all', 2, 'a/'))).toEqual(['a// st', 'a/1 st', 'a/2 st', 'a/b/ s']);

  expect(told(await compare('missing', 1))).toEqual(['a/b/3 s', 'c/4 s', 'm s']);
  expect(told(await compare('differs', 2))).toEqual(['a/2 st', 'top st']);
  expect(told(await compare('target-only', 2))).toEqual(['d/5 t', 'n t']);
  expect(told(await compare('unequal', 1000, 'a/'))).toEqual(['a/2 st', 'a/b/3 s']);

  await fill(source, 'alone', ['x', 'y/z']);
  expect(told(await compare('missing', 10, '', 'alone'))).toEqual(['x s', 'y/z s']);
});

test('folders page by page, with odd keys, the other side beside them, and usage as a tree', async () => {
  const { handlers } = buckets;
  await fill(stores.clients.source, 'media', ['a/1', 'a/2', 'a/b/3', 'c/4', 'top', ...odd]);
  await fill(stores.clients.target, 'new-media', ['a/1', 'top']);
  await stores.clients.target.send(new PutObjectCommand({ Bucket: 'new-media', Key: 'top', Body: 'other' }));

  const list = await handlers['buckets.list']({ side: 'source' }, context);
  expect(list.buckets.map(({ name }) => name)).toEqual(['media']);

  const seen: string[] = [];
  const objects: ListedObject[] = [];
  let token: string | undefined;
  do {
    const page = await handlers['buckets.objects'](
      { side: 'source', bucket: 'media', prefix: '', delimiter: '/', token, limit: 3 },
      context,
    );
    expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(3);
    seen.push(...page.prefixes, ...page.objects.map(({ key }) => key));
    objects.push(...page.objects);
    token = page.next;
  } while (token !== undefined);
  const flat = odd.filter((key) => !key.includes('/'));
  expect(seen.sort()).toEqual(['../', '/', 'a/', 'c/', 'top', ...flat].sort());

  const other = await handlers['buckets.counterparts'](
    { side: 'source', bucket: 'media', prefix: '', delimiter: '/', through: 'top' },
    context,
  );
  expect([other.bucket, other.objects?.map(({ key }) => key)]).toEqual(['new-media', ['top']]);
  const none = await handlers['buckets.counterparts'](
    { side: 'target', bucket: 'foreign', prefix: '', delimiter: '/' },
    context,
  );
  expect(none).toEqual({ bucket: '' });

  const events = await collected(
    handlers['buckets.usage']({ side: 'source', bucket: 'media', prefix: '', depth: 2 }, watching),
  );
  const last = events.at(-1)?.event;
  expect(last).toMatchObject({ objects: 5 + odd.length, done: true, complete: true });
  expect(last?.tree?.children?.find(({ prefix }) => prefix === 'a/')).toMatchObject({
    objects: 4,
    children: [
      { prefix: 'a/b/', objects: 1 },
      { prefix: 'a//', objects: 1 },
    ],
  });

  const found = await collected(
    handlers['buckets.find']({ side: 'source', bucket: 'media', prefix: '', text: 'KKK' }, watching),
  );
  expect(found.flatMap(({ event }) => event.found.map(({ key }) => key))).toEqual(['k'.repeat(1024)]);
}, 60_000);

test('deletes what is chosen, tells the keys that were refused, and writes it down', async () => {
  const { handlers, activity, ended } = buckets;
  for (const key of [...odd, 'keep']) {
    await stores.clients.target.send(new PutObjectCommand({ Bucket: 'trash', Key: key, Body: 'x' }));
  }
  for (const key of ['d/00007', 'd/01100', '<&>"']) locked.add(key);

  const job = await ended(
    handlers['buckets.delete']({ bucket: 'trash', keys: odd, prefixes: ['d/'] }, context),
  );
  expect(job).toMatchObject({
    state: 'partial',
    done: odd.length + 1200,
    failed: 3,
    total: odd.length + 1203,
  });
  expect(job.failures.map(({ key }) => key).sort()).toEqual(['<&>"', 'd/00007', 'd/01100']);
  expect((await keysOf('target', 'trash')).sort()).toEqual(['<&>"', 'd/00007', 'd/01100', 'keep']);
  const [entry] = (await activity.list({ limit: 5 }, context.signal)).entries;
  expect(entry).toMatchObject({
    action: 'objects.delete',
    outcome: 'partial',
    after: { done: odd.length + 1200, failed: 3 },
  });
  expect(entry?.detail).toContain('d/00007');
});

test('copies across sides and buckets, moves and renames within the target, and leaves the source alone', async () => {
  const { handlers, ended } = buckets;
  await fill(stores.clients.source, 'media', ['in/a', 'in/b/c', 'other']);
  await fill(stores.clients.target, 'new-media', ['in/a']);
  await fill(stores.clients.target, 'second', []);
  const order = {
    from: { side: 'source' as const, bucket: 'media' },
    keys: ['other'],
    prefixes: ['in/'],
    base: '',
    to: { bucket: 'new-media', prefix: 'out/' },
    move: false,
    ifExists: 'skip' as const,
  };
  expect(await ended(handlers['buckets.copy'](order, context))).toMatchObject({ state: 'done', done: 3 });
  expect(await keysOf('target', 'new-media')).toEqual(['in/a', 'out/in/a', 'out/in/b/c', 'out/other']);
  expect(await ended(handlers['buckets.copy'](order, context))).toMatchObject({ done: 0, skipped: 3 });
  expect((await failureOf(handlers['buckets.copy']({ ...order, move: true }, context)))[0]).toBe(
    'INVALID_INPUT',
  );

  const within = { ...order, from: { side: 'target' as const, bucket: 'new-media' }, move: true };
  const renamed = await ended(
    handlers['buckets.copy'](
      { ...within, keys: ['out/other'], prefixes: [], base: 'out/', rename: 'ré name+' },
      context,
    ),
  );
  expect(renamed).toMatchObject({ kind: 'move', state: 'done', done: 1 });
  const moved = await ended(
    handlers['buckets.copy'](
      { ...within, keys: [], prefixes: ['out/'], base: 'out/', to: { bucket: 'second', prefix: 'x/' } },
      context,
    ),
  );
  expect(moved).toMatchObject({ state: 'done', done: 2 });
  expect(await keysOf('target', 'new-media')).toEqual(['in/a', 'ré name+']);
  expect(await keysOf('target', 'second')).toEqual(['x/in/a', 'x/in/b/c']);
  expect(await keysOf('source', 'media')).toEqual(['in/a', 'in/b/c', 'other']);

  for (const refused of [
    { keys: ['in/a'], prefixes: [], base: 'in/', to: { bucket: 'new-media', prefix: 'in/' } },
    { keys: [], prefixes: ['in/'], base: '', to: { bucket: 'new-media', prefix: 'in/deeper/' } },
  ]) {
    expect((await failureOf(handlers['buckets.copy']({ ...within, ...refused }, context)))[0]).toBe(
      'INVALID_INPUT',
    );
  }
  expect(await keysOf('target', 'new-media')).toContain('in/a');
});

test('uploads in parts that come in any order, keeps what is there unless told, and leaves nothing of an aborted one', async () => {
  const { handlers, service, activity } = buckets;
  await fill(stores.clients.target, 'uploads', ['there']);
  const bytes = Buffer.alloc(37 * mib, 'cutover upload ');
  const attributes = { headers: { 'content-type': 'text/plain' }, metadata: { by: 'Zoë' } };
  const order = {
    bucket: 'uploads',
    key: 'dir/big.bin',
    size: bytes.length,
    attributes,
    ifExists: 'refuse' as const,
  };
  const begun = await handlers['buckets.uploadBegin'](order, context);
  if (begun.state !== 'ready') throw new Error('It was refused.');
  expect(begun.parts).toBe(3);
  const part = (number: number) => bytes.subarray((number - 1) * begun.partSize, number * begun.partSize);
  const send = (number: number, body: Buffer) =>
    service.uploadPart(begun.uploadId, number, asStream(body), body.length, context.signal);
  await send(3, part(3));
  expect((await failureOf(send(2, part(2).subarray(1))))[0]).toBe('INVALID_INPUT');
  expect((await failureOf(handlers['buckets.uploadFinish']({ uploadId: begun.uploadId }, context)))[0]).toBe(
    'INVALID_INPUT',
  );
  await Promise.all([send(1, part(1)), send(2, part(2))]);
  await handlers['buckets.uploadFinish']({ uploadId: begun.uploadId }, context);
  const got = await stores.clients.target.send(
    new GetObjectCommand({ Bucket: 'uploads', Key: 'dir/big.bin' }),
  );
  const received = (await got.Body?.transformToByteArray()) ?? new Uint8Array();
  expect(sha256(received)).toBe(sha256(bytes));
  const stat = await handlers['buckets.stat'](
    { side: 'target', bucket: 'uploads', key: 'dir/big.bin' },
    context,
  );
  expect(stat.attributes).toEqual(attributes);

  const exists = await handlers['buckets.uploadBegin']({ ...order, key: 'there', size: 3 }, context);
  expect(exists).toMatchObject({ state: 'exists' });
  const aborted = await handlers['buckets.uploadBegin']({ ...order, key: 'never' }, context);
  if (aborted.state !== 'ready') throw new Error('It was refused.');
  await handlers['buckets.uploadAbort']({ uploadId: aborted.uploadId }, context);
  const { Uploads = [] } = await stores.clients.target.send(
    new ListMultipartUploadsCommand({ Bucket: 'uploads' }),
  );
  expect([Uploads, await keysOf('target', 'uploads')]).toEqual([[], ['dir/big.bin', 'there']]);
  const { entries } = await activity.list({ limit: 5 }, context.signal);
  expect(entries.map(({ action, target }) => [action, target])).toEqual([
    ['objects.upload', 'uploads/dir/big.bin'],
  ]);
});

test('edits metadata, signs links, and shows what the bytes are, whatever the object says', async () => {
  const { handlers } = buckets;
  await fill(stores.clients.target, 'shown', []);
  const put = (Key: string, Body: string | Buffer, extra: Record<string, string> = {}) =>
    stores.clients.target.send(new PutObjectCommand({ Bucket: 'shown', Key, Body, ...extra }));
  await put('page.html', '<script>alert(1)</script>', { ContentType: 'image/png' });
  await put('pixel.txt', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), {
    ContentType: 'text/html',
  });
  await put('bomb.json', gzipSync(Buffer.alloc(64 * mib, ' ')), { ContentEncoding: 'gzip' });
  await put('noise.bin', Buffer.from('00ff00ff', 'hex'));
  const preview = (key: string) =>
    handlers['buckets.preview']({ side: 'target', bucket: 'shown', key }, context);
  expect(await preview('page.html')).toMatchObject({ kind: 'text', text: '<script>alert(1)</script>' });
  expect(await preview('pixel.txt')).toMatchObject({ kind: 'image', mediaType: 'image/png' });
  const bomb = await preview('bomb.json');
  expect(bomb).toMatchObject({ kind: 'text', form: 'json', truncated: true, unpacked: 'gzip' });
  expect(bomb.kind === 'text' && bomb.text.length).toBe(256 * 1024);
  expect(await preview('noise.bin')).toMatchObject({ kind: 'none' });

  const before = await handlers['buckets.stat'](
    { side: 'target', bucket: 'shown', key: 'page.html' },
    context,
  );
  const edited = {
    headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
    metadata: { alt: 'Größe' },
  };
  const edit = { bucket: 'shown', key: 'page.html', attributes: edited };
  await handlers['buckets.editAttributes']({ ...edit, etag: before.etag }, context);
  const head = await stores.clients.target.send(new HeadObjectCommand({ Bucket: 'shown', Key: 'page.html' }));
  expect([
    head.ContentType,
    head.CacheControl,
    Buffer.from(head.Metadata?.['alt'] ?? '', 'latin1').toString(),
  ]).toEqual(['text/plain', 'no-store', 'Größe']);
  expect(
    (await failureOf(handlers['buckets.editAttributes']({ ...edit, etag: 'another' }, context)))[0],
  ).toBe('OBJECTS_CHANGED_DURING_COPY');

  const link = await handlers['buckets.presign'](
    { side: 'target', bucket: 'shown', key: 'page.html', expiresIn: 60 },
    context,
  );
  const answer = await fetch(link.url);
  expect([answer.status, await answer.text()]).toEqual([200, '<script>alert(1)</script>']);
  expect((await fetch(link.url.replace('page.html', 'noise.bin'))).status).toBe(403);
});

test('knows the other side of a bucket with another name, and where the public finds its objects', async () => {
  await fill(stores.clients.source, 'old.media', ['a b']);
  await fill(stores.clients.target, 'media', ['a b']);
  await fill(stores.clients.target, 'new-files', ['f']);
  const named = await openBuckets({
    ...stores.values,
    R2_BUCKET_NAMES: 'old.media=media',
    R2_PUBLIC_URL: 'https://{bucket}.example.com',
    R2_PUBLIC_URLS: 'old.media=https://cdn.example.com/m',
  });
  const other = async (side: 'source' | 'target', bucket: string) => {
    const range = { prefix: '', delimiter: '/' } as const;
    return (await named.handlers['buckets.counterparts']({ side, bucket, ...range }, context)).bucket;
  };
  const urlOf = async (side: 'source' | 'target', bucket: string, key: string) =>
    (await named.handlers['buckets.stat']({ side, bucket, key }, context)).publicUrl;
  expect([await other('source', 'old.media'), await other('target', 'media')]).toEqual([
    'media',
    'old.media',
  ]);
  expect(await urlOf('target', 'media', 'a b')).toBe('https://cdn.example.com/m/a%20b');
  expect(await urlOf('target', 'new-files', 'f')).toBe('https://new-files.example.com/f');
  expect(await urlOf('source', 'old.media', 'a b')).toBe(`${stores.source.endpoint}/old.media/a%20b`);
  await named.close();
  // An address without the bucket's name can't be that of several buckets.
  const plain = await openBuckets({ ...stores.values, R2_PUBLIC_URL: 'https://cdn.example.com' });
  const one = { side: 'target', bucket: 'new-files', key: 'f' } as const;
  expect((await plain.handlers['buckets.stat'](one, context)).publicUrl).toBeUndefined();
  await plain.close();
});

test('saves in a folder that the operator chooses, and nowhere else', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'cutover-save-'));
  const folder = path.join(root, 'chosen');
  let chosen: string | undefined = folder;
  const desktop = await openBuckets(stores.values, () => Promise.resolve(chosen));
  await fill(stores.clients.source, 'media', [
    'in/../../up',
    'in/a/b',
    'in/A/b',
    'in//x',
    'in/marker/',
    '/etc/hosts',
  ]);
  const order = {
    side: 'source' as const,
    bucket: 'media',
    keys: ['/etc/hosts'],
    prefixes: ['in/'],
    base: '',
  };
  const first = await desktop.ended(desktop.handlers['buckets.save'](order, context));
  expect(first).toMatchObject({ kind: 'save', state: 'done', done: 5, failed: 0 });
  const files = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  expect(files.sort()).toEqual(['_/etc/hosts', 'in/A/b', 'in/__/__/up', 'in/_/x', 'in/a (2)/b'].sort());
  expect(await readFile(path.join(folder, 'in/__/__/up'), 'utf8')).toBe('content of in/../../up');

  // What is there stays as it is.
  await writeFile(path.join(folder, 'in/A/b'), 'mine');
  const again = await desktop.ended(desktop.handlers['buckets.save'](order, context));
  expect(again).toMatchObject({ state: 'partial', done: 0, failed: 5 });
  expect(await readFile(path.join(folder, 'in/A/b'), 'utf8')).toBe('mine');
  chosen = undefined;
  expect(await desktop.handlers['buckets.save'](order, context)).toEqual({});
  expect((await failureOf(buckets.handlers['buckets.save'](order, context)))[0]).toBe('INVALID_INPUT');
  await desktop.close();
  await rm(root, { recursive: true });
});

test('nothing is written when both ends are one store', async () => {
  const same = await openBuckets({ ...stores.values, SOURCE_S3_ENDPOINT: stores.target.endpoint });
  await fill(stores.clients.target, 'only', ['a']);
  const refused = await failureOf(
    same.handlers['buckets.delete']({ bucket: 'only', keys: ['a'], prefixes: [] }, context),
  );
  expect(refused[0]).toBe('SETTING_INVALID');
  expect(await keysOf('target', 'only')).toEqual(['a']);
  await same.close();
});

async function* asStream(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += mib) {
    await Promise.resolve();
    yield bytes.subarray(at, at + mib);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
