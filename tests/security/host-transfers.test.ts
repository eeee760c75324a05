import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError, errorShapeSchema } from '#shared/model/errors';
import { startLoopbackHost, type BrowserHost } from '../../electron/hosts/browser/browser-host';
import type { UploadMeta } from '../../electron/hosts/transfers/transfers';
import { ask, signIn } from './host-client';

const mebibyte = 1024 * 1024;
const chunk = Buffer.alloc(64 * 1024, 'cutover ');

let folder: string;
let host: BrowserHost;
let headers: Record<string, string>;
let produced = 0;
let received = 0;
let meta: UploadMeta | undefined;
let aborted = 0;
let holding = true;

/** A body of any size, made as it is read. */
function body(bytes: number): Readable {
  return Readable.from(
    (function* () {
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        produced += chunk.length;
        yield chunk;
      }
    })(),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-transfers-'));
  host = await startLoopbackHost({
    pageDir: folder,
    onWire: () => {},
    transfers: {
      download(id, signal) {
        signal.addEventListener('abort', () => (aborted += 1));
        if (id === 'broken') {
          const broken = (async function* () {
            yield chunk;
            await delay(20);
            throw new Error('The bucket went away.');
          })();
          return Promise.resolve({ fileName: 'x', mediaType: 'text/plain', body: Readable.from(broken) });
        }
        if (!id.startsWith('size-'))
          return Promise.reject(new AppError('NOT_FOUND', 'There is no such file.'));
        const size = Number(id.slice(5));
        return Promise.resolve({
          fileName: 'Bericht "ä"\r\n.html',
          mediaType: 'text/html',
          size,
          body: body(size),
        });
      },
      async upload(id, stream, given, signal) {
        signal.addEventListener('abort', () => (aborted += 1));
        meta = given;
        if (id === 'refused') throw new AppError('INVALID_INPUT', 'Not this one.');
        for await (const part of stream) {
          received += Buffer.from(part).length;
          if (id === 'slow' && holding) await delay(50);
        }
      },
    },
  });
  headers = { cookie: await signIn(host.port, host.url), origin: host.origin };
});

beforeEach(() => {
  produced = 0;
  received = 0;
  aborted = 0;
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

/** The most memory that the process held, above what it held before, while something ran. */
async function growthDuring(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most - before;
}

function openUpload(id: string): ReturnType<typeof request> {
  return request({
    host: '127.0.0.1',
    port: host.port,
    path: `/transfer/${id}`,
    method: 'PUT',
    agent: false,
    headers: { ...headers, 'content-type': 'application/x-test' },
  });
}

test('streams 600 MB down in bounded memory', async () => {
  const size = 600 * mebibyte;
  const growth = await growthDuring(async () => {
    const response = await fetch(`${host.origin}/transfer/size-${size}`, { headers });
    expect(response.headers.get('content-length')).toBe(String(size));
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="Bericht _____.html"; filename*=UTF-8''Bericht%20%22%C3%A4%22%0D%0A.html`,
    );
    let bytes = 0;
    const hash = createHash('sha256');
    if (response.body === null) throw new Error('There is no body.');
    for await (const part of Readable.fromWeb(response.body)) {
      const read = z.instanceof(Uint8Array).parse(part);
      bytes += read.length;
      hash.update(read);
    }
    expect(bytes).toBe(size);
    const expected = createHash('sha256');
    for (let n = 0; n < size; n += chunk.length) expected.update(chunk);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
  });
  // Most of it is what the test's own client has read and not yet given back.
  expect(growth).toBeLessThan(250 * mebibyte);
});

test('streams 200 MB up in bounded memory', async () => {
  const growth = await growthDuring(async () => {
    const upload = openUpload('any');
    const answered = new Promise<number>((resolve) => {
      upload.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
    });
    await pipeline(body(200 * mebibyte), upload);
    expect(await answered).toBe(204);
  });
  expect(received).toBe(200 * mebibyte);
  expect(meta).toEqual({ mediaType: 'application/x-test' });
  expect(growth).toBeLessThan(100 * mebibyte);
});

test('a reader that stops holds the producer back, and leaving aborts it', async () => {
  const controller = new AbortController();
  const response = await fetch(`${host.origin}/transfer/size-${200 * mebibyte}`, {
    headers,
    signal: controller.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  await delay(300);
  const held = produced;
  expect(held).toBeLessThan(32 * mebibyte);
  await delay(200);
  expect(produced).toBe(held);
  controller.abort();
  await expect.poll(() => aborted).toBe(1);
});

test('a consumer that is slow holds the sender back, and leaving aborts it', async () => {
  const upload = openUpload('slow');
  upload.on('error', () => undefined);
  const sending = pipeline(body(200 * mebibyte), upload).catch(() => undefined);
  await delay(400);
  expect(produced).toBeLessThan(32 * mebibyte);
  upload.destroy();
  // The end of a connection stands behind the bytes that are still to be read.
  holding = false;
  await sending;
  await expect.poll(() => aborted).toBe(1);
});

test('an error before the first byte arrives as one; a later one breaks the connection off', async () => {
  const missing = await ask(host.port, '/transfer/missing', { headers });
  expect(missing.status).toBe(404);
  expect(errorShapeSchema.parse(JSON.parse(missing.body)).message).toBe('There is no such file.');
  const refused = await ask(host.port, '/transfer/refused', { headers, method: 'PUT', body: 'x' });
  expect(refused.status).toBe(400);
  await expect(ask(host.port, '/transfer/broken', { headers })).rejects.toThrow();
});

test.each(['/transfer/', '/transfer/a/b', '/transfer/..%2f', '/transfer/%00'])(
  '%s is no transfer',
  async (path) => {
    expect((await ask(host.port, path, { headers })).status).toBe(404);
  },
);

test('transfers need the cookie', async () => {
  const answer = await ask(host.port, '/transfer/size-10', { headers: { origin: host.origin } });
  expect(answer.status).toBe(401);
});
