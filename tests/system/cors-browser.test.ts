import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createPort } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { signingKey, signingTime, unsignedPayload } from '#core/adapters/s3/sign';
import { createAccessService } from '#core/services/access/access-service';
import { openMigrationPorts } from '#core/services/migration/open-ports';
import type { NewActivity } from '#shared/model/activity';
import { startS3Server } from '../../practice/s3/s3-server';
import { launchBrowser } from '../e2e/page-support/browser';
import { fill, settingsOf, sourceKeys, targetKeys } from '../integration/objects-harness';
import { pythonEnvironment } from './support/python';

const never = new AbortController().signal;

interface Target {
  endpoint: string;
  close(): Promise<unknown>;
}

async function freePort(): Promise<number> {
  const server = createPort();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((done) => server.close(done));
  return port;
}

/** The S3 of moto, which others wrote in Python: it keeps CORS rules and answers preflights by its own reading of them. */
async function startMoto(): Promise<Target> {
  const bin = await pythonEnvironment([], ['moto[s3,server]==5.2.1']);
  const port = await freePort();
  const child: ChildProcess = spawn(join(bin, 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
    // Its own answer to every preflight would hide the bucket's.
    env: { PATH: process.env['PATH'] ?? '', MOTO_DISABLE_GLOBAL_CORS: 'true' },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const endpoint = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}.`);
    const answer = await fetch(endpoint).catch(() => undefined);
    await answer?.text();
    if (answer !== undefined) break;
    await delay(100);
  }
  return {
    endpoint,
    close: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

async function startPage(): Promise<{ server: Server; origin: string }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>application</title>');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { server, origin: `http://127.0.0.1:${port}` };
}

/** A signed address, as the application's backend makes it. */
function presigned(method: 'GET' | 'PUT', endpoint: string, path: string): string {
  const time = signingTime(new Date());
  const day = time.slice(0, 8);
  const scope = `${day}/auto/s3/aws4_request`;
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${targetKeys.accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${time}`,
    'X-Amz-Expires=600',
    'X-Amz-SignedHeaders=host',
  ].join('&');
  const { host } = new URL(endpoint);
  const canonical = `${method}\n${path}\n${query}\nhost:${host}\n\nhost\n${unsignedPayload}`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const key = signingKey({ ...targetKeys, region: 'auto' }, day);
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`)
    .digest('hex');
  return `${endpoint}${path}?${query}&X-Amz-Signature=${signature}`;
}

const outcome = z.union([
  z.object({ status: z.number(), etag: z.string().nullable(), body: z.string() }),
  z.literal('refused by the browser'),
]);

/** What a script of the page gets: an answer, or nothing because the browser keeps it away. */
async function fetched(page: Page, url: string, options: RequestInit): Promise<z.infer<typeof outcome>> {
  return outcome.parse(
    await page.evaluate(
      `fetch(${JSON.stringify(url)}, ${JSON.stringify(options)}).then(async (answer) =>
        ({ status: answer.status, etag: answer.headers.get('etag'), body: await answer.text() }),
        () => 'refused by the browser')`,
    ),
  );
}

let browser: Browser;
let application: Awaited<ReturnType<typeof startPage>>;
let stranger: Awaited<ReturnType<typeof startPage>>;
beforeAll(async () => {
  [browser, application, stranger] = await Promise.all([launchBrowser(), startPage(), startPage()]);
});
afterAll(async () => {
  await browser.close();
  application.server.close();
  stranger.server.close();
});

describe.each([
  { name: 'the R2 stand-in', start: () => startS3Server({ profile: 'r2', ...targetKeys }) },
  { name: 'moto', start: startMoto },
])('CORS rules on $name', ({ start }) => {
  it('open the bucket to the application in a browser, and to no other page', async () => {
    const source = await startS3Server({ profile: 'minio', ...sourceKeys });
    const target: Target = await start();
    const clientOf = (endpoint: string, credentials: typeof sourceKeys, region: string) =>
      new S3Client({
        endpoint,
        credentials,
        region,
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      });
    const old = clientOf(source.endpoint, sourceKeys, 'us-east-1');
    const present = clientOf(target.endpoint, targetKeys, 'auto');
    const ports = openMigrationPorts(
      settingsOf({
        SOURCE_S3_ENDPOINT: source.endpoint,
        SOURCE_S3_ACCESS_KEY_ID: sourceKeys.accessKeyId,
        SOURCE_S3_SECRET_ACCESS_KEY: sourceKeys.secretAccessKey,
        R2_ENDPOINT: target.endpoint,
        R2_ACCESS_KEY_ID: targetKeys.accessKeyId,
        R2_SECRET_ACCESS_KEY: targetKeys.secretAccessKey,
        R2_PUBLIC_URL: `${target.endpoint}/{bucket}`,
      }),
    );
    const acts: NewActivity[] = [];
    const access = createAccessService({
      withPorts: (work) => work(ports),
      activity: () => ({
        record: (entry) => Promise.resolve(void acts.push(entry)),
        list: () => Promise.resolve({ entries: [] }),
      }),
    });
    const page = await browser.newPage();
    try {
      await fill(old, 'uploads', ['a']);
      await old.send(
        new PutBucketPolicyCommand({
          Bucket: 'uploads',
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: ['*'] },
                Action: ['s3:GetObject'],
                Resource: ['arn:aws:s3:::uploads/*'],
              },
            ],
          }),
        }),
      );
      await present.send(new CreateBucketCommand({ Bucket: 'uploads' }));
      const wish = { origins: [application.origin], uploads: true };
      const path = '/uploads/a%20picture.png';
      const put = () =>
        fetched(page, presigned('PUT', target.endpoint, path), {
          method: 'PUT',
          body: 'pixels',
          headers: { 'content-type': 'image/png' },
        });
      const get = () =>
        fetched(page, presigned('GET', target.endpoint, path), { headers: { range: 'bytes=1-3' } });
      const tested = async (origin: string) =>
        (await access.test({ ...wish, origins: [origin] }, never)).map(({ method, allowed }) => ({
          method,
          allowed,
        }));

      expect(await access.show(wish, never)).toMatchObject([
        { bucket: 'uploads', target: 'uploads', exists: true, public: true, current: [] },
      ]);
      await page.goto(application.origin);
      expect(await put()).toBe('refused by the browser');
      expect(await tested(application.origin)).toEqual([
        { method: 'GET', allowed: false },
        { method: 'PUT', allowed: false },
      ]);

      expect(await access.apply(wish, ['uploads'], never)).toEqual(['uploads']);
      expect(acts).toMatchObject([{ action: 'bucket.cors', target: 'uploads', outcome: 'done' }]);
      const [shown] = await access.show(wish, never);
      expect(shown?.current).toEqual(shown?.proposed);
      expect(await put()).toMatchObject({ status: 200 });
      const read = await get();
      expect(read).toMatchObject({ status: 206, body: 'ixe' });
      // Scripts see the header because the rule exposes it.
      expect(read).toHaveProperty('etag', expect.stringMatching(/^"[0-9a-f]{32}"$/));
      expect(await tested(application.origin)).toEqual([
        { method: 'GET', allowed: true },
        { method: 'PUT', allowed: true },
      ]);

      await page.goto(stranger.origin);
      expect(await put()).toBe('refused by the browser');
      expect(await get()).toBe('refused by the browser');
      expect(await tested(stranger.origin)).toEqual([
        { method: 'GET', allowed: false },
        { method: 'PUT', allowed: false },
      ]);
    } finally {
      await page.close();
      await ports.close();
      old.destroy();
      present.destroy();
      await Promise.all([source.close(), target.close()]);
    }
  });
});
