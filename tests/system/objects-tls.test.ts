import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { openStore } from '../../practice/s3/store';
import { startS3Server, type S3Server, type S3ServerOptions } from '../../practice/s3/s3-server';
import { fill, sourceKeys, startTwoStores, targetKeys } from '../integration/objects-harness';
import { errorOf, runCli } from '../support/cli';
import { contents, openUploads } from '../support/s3-contents';
import { putInParts } from '../support/s3-parts';

const mib = 1024 * 1024;

let closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

test('objects of all sizes go from store to store over TLS, and only where the certificates are trusted', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-tls-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const files = { key: path.join(folder, 'key.pem'), cert: path.join(folder, 'cert.pem') };
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', '/CN=stores', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', files.key, '-out', files.cert],
    ],
    { stdio: 'ignore' },
  );
  const tls = { key: await readFile(files.key, 'utf8'), cert: await readFile(files.cert, 'utf8') };
  // The same stores as the test's own clients look into, with a second door each.
  const open = () => openStore({ dir: undefined, quotaBytes: undefined, full: 'QuotaExceeded' });
  const held = { source: await open(), target: await open() };
  const stores = await startTwoStores({ sourceStore: held.source, targetStore: held.target });
  closing.push(() => stores.close());
  const read: string[] = [];
  const fault: S3ServerOptions['fault'] = ({ method, key }) => {
    if (method === 'GET' && /^(small|streamed)/.test(key)) read.push(key);
    return undefined;
  };
  const doors: S3Server[] = [
    await startS3Server({ profile: 'minio', ...sourceKeys, store: held.source, tls, fault }),
    await startS3Server({ profile: 'r2', ...targetKeys, store: held.target, tls }),
  ];
  for (const door of doors) closing.push(() => door.close());

  const { source, target } = stores.clients;
  const small = Array.from({ length: 40 }, (_unused, index) => `small/${index}`);
  await fill(source, 'files', small);
  const streamed = Array.from({ length: 6 }, (_unused, index) => `streamed/${index}`);
  for (const [index, Key] of streamed.entries()) {
    await source.send(new PutObjectCommand({ Bucket: 'files', Key, Body: randomBytes(2 * mib + index) }));
  }
  const bodies = [5 * mib, 5 * mib, mib].map((size) => randomBytes(size));
  await putInParts(source, { Bucket: 'files', Key: 'parts' }, { kind: 'parts' }, bodies);

  const env = {
    ...stores.values,
    SOURCE_S3_ENDPOINT: doors[0]?.endpoint ?? '',
    R2_ENDPOINT: doors[1]?.endpoint ?? '',
    CUTOVER_HOME: path.join(folder, 'home'),
  };
  const workspace = ['--json', '--workspace', path.join(folder, 'workspace')];
  const refused = await runCli(['objects', 'ls', '--side', 'source', ...workspace], env);
  expect(errorOf(refused).code).toBe('TLS_UNTRUSTED');

  const trusting = { ...env, NODE_EXTRA_CA_CERTS: files.cert };
  const copied = await runCli(['run', '--yes', '--only', 'objects', ...workspace], trusting);
  expect(copied.code, copied.stdout.slice(-1500) + copied.stderr).toBe(0);
  expect(await contents(target, 'new-')).toEqual(await contents(source));
  expect(await openUploads(target)).toEqual([]);
  // A connection that no longer reads would only show in requests that are made again.
  expect(read.sort()).toEqual([...small, ...streamed].sort());
});
