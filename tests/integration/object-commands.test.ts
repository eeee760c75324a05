import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runInProcess } from './cli-from-source';
import { fill, startTwoStores, type TwoStores } from './objects-harness';

const hostile = ['../../out.txt', '/etc/passwd', 'a/../../b', 'con', 'x\u202egnp.exe', 'A.txt', 'a.TXT'];
const locked = new Set<string>();

let stores: TwoStores;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-object-commands-'));
  stores = await startTwoStores({ locked: (_bucket, key) => locked.has(key) });
  await fill(stores.clients.source, 'uploads', ['2026/a.txt', '2026/b.txt', 'top.txt']);
  await fill(stores.clients.target, 'hostile', hostile);
  await stores.clients.target.send(new CreateBucketCommand({ Bucket: 'new-uploads' }));
});
afterAll(async () => {
  await stores.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  runInProcess(['objects', ...args], { ...stores.values, CUTOVER_HOME: path.join(folder, 'home') });

/** The one document that a command prints, and its exit code. */
async function documentOf(...args: string[]): Promise<{ code: number | null; document: unknown }> {
  const { code, stdout } = await run(...args, '--json');
  return { code, document: JSON.parse(stdout) };
}

async function keysOf(bucket: string): Promise<string[]> {
  const { Contents = [] } = await stores.clients.target.send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

test('looks at either side: buckets, folders, objects, sums, links', async () => {
  expect(await documentOf('ls', '--side', 'source')).toMatchObject({
    code: 0,
    document: { buckets: [{ name: 'uploads' }] },
  });
  expect(await documentOf('ls', 's3://uploads', '--side', 'source')).toMatchObject({
    document: { prefixes: ['2026/'], objects: [{ key: 'top.txt' }], more: false },
  });
  expect(await documentOf('ls', 'uploads', '--side', 'source', '--recursive', '--limit', '2')).toMatchObject({
    document: { objects: [{ key: '2026/a.txt' }, { key: '2026/b.txt' }], more: true },
  });
  expect(await documentOf('stat', 'uploads/top.txt', '--side', 'source')).toMatchObject({
    document: { key: 'top.txt', size: 'content of top.txt'.length },
  });
  expect(await documentOf('du', 'uploads', '--side', 'source')).toMatchObject({
    document: { objects: 3, tree: { children: [{ prefix: '2026/', objects: 2 }] } },
  });
  const link = await documentOf('presign', 'uploads/top.txt', '--side', 'source', '--expires', '60');
  const { url } = z.object({ url: z.string() }).parse(link.document);
  expect(await (await fetch(url)).text()).toBe('content of top.txt');
  expect((await run('stat', 'uploads/none', '--side', 'source')).code).toBe(2);
  expect((await run('stat', 'uploads')).stderr).toContain('names a bucket');
});

test('copies from the source, uploads, moves, and deletes with what failed', async () => {
  expect(
    (await documentOf('cp', '--side', 'source', 'uploads/2026/', 'new-uploads/2026/', '--recursive')).code,
  ).toBe(0);
  expect((await run('cp', 'new-uploads/2026/a.txt', 'new-uploads/c.txt')).code).toBe(0);
  expect(await keysOf('new-uploads')).toEqual(['2026/a.txt', '2026/b.txt', 'c.txt']);

  await mkdir(path.join(folder, 'site/css'), { recursive: true });
  await writeFile(path.join(folder, 'site/index.html'), '<p>hello');
  await writeFile(path.join(folder, 'site/css/a.css'), '');
  expect(
    (await documentOf('put', path.join(folder, 'site'), 'new-uploads/site/', '--recursive')).document,
  ).toEqual({
    bucket: 'new-uploads',
    stored: ['site/css/a.css', 'site/index.html'],
    failed: [],
  });
  expect((await run('put', path.join(folder, 'site/index.html'), 'new-uploads/site/')).code).toBe(2);
  expect((await run('put', path.join(folder, 'site'), 'new-uploads/')).code).toBe(2);
  expect(await documentOf('stat', 'new-uploads/site/index.html')).toMatchObject({
    document: { size: 8, attributes: { headers: { 'content-type': 'text/html; charset=utf-8' } } },
  });

  expect((await run('mv', 'new-uploads/site/', 'new-uploads/old/', '--recursive')).code).toBe(0);
  expect((await run('rm', 'new-uploads/old/', '--recursive')).code).toBe(2);
  expect((await run('rm', 'new-uploads/old/', '--yes')).code).toBe(2);
  locked.add('old/css/a.css');
  const removed = await documentOf('rm', 'new-uploads/old/', '--recursive', '--yes');
  expect(removed).toMatchObject({
    code: 1,
    document: { state: 'partial', done: 1, failed: 1, failures: [{ key: 'old/css/a.css' }] },
  });
  expect(await keysOf('new-uploads')).toEqual(['2026/a.txt', '2026/b.txt', 'c.txt', 'old/css/a.css']);
});

test('saves a hostile bucket inside of the folder that it is told, and replaces no file unasked', async () => {
  const into = path.join(folder, 'deep/er/saved');
  await mkdir(into, { recursive: true });
  const got = await documentOf('get', 'hostile/', into, '--recursive');
  const { saved } = z
    .object({ saved: z.array(z.object({ key: z.string(), file: z.string() })) })
    .parse(got.document);
  expect([got.code, saved.length]).toEqual([0, hostile.length]);
  for (const { key, file } of saved) {
    expect(path.relative(into, file)).not.toMatch(/^\.\.|^\//);
    expect(await readFile(file, 'utf8')).toBe(`content of ${key}`);
  }
  expect(await readdir(folder)).not.toContain('out.txt');
  expect(await readdir(path.join(folder, 'deep/er'))).toEqual(['saved']);
  const again = await documentOf('get', 'hostile/', into, '--recursive');
  expect(again).toMatchObject({ code: 1, document: { saved: [] } });
  expect((await run('get', 'hostile/con', into, '--overwrite')).code).toBe(0);
});
