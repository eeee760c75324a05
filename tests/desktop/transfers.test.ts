import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppError, errorShapeSchema } from '#shared/model/errors';
import { sizeHeader } from '#shared/page/transfers';
import { openTransferPipe, type TransferPipe } from '../../electron/hosts/desktop/transfer-pipe';
import type { UploadMeta } from '../../electron/hosts/transfers/transfers';
import { forwardTransfer, isTransferPath } from '../../electron/main/transfers';

const mebibyte = 1024 * 1024;
const content = Buffer.alloc(3 * mebibyte, 'what an object holds ');
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

let pipe: TransferPipe;
let produced = 0;
let uploaded: { id: string; meta: UploadMeta; sha256: string }[] = [];
let aborted: Promise<void>;
beforeAll(async () => {
  let onAbort = (): void => undefined;
  aborted = new Promise((resolve) => (onAbort = resolve));
  pipe = await openTransferPipe({
    download(id, signal, range) {
      if (id === 'endless') {
        signal.addEventListener('abort', onAbort);
        const endless = (function* () {
          for (;;) {
            produced += mebibyte;
            yield content.subarray(0, mebibyte);
          }
        })();
        return Promise.resolve({
          fileName: 'x',
          mediaType: 'video/mp4',
          inline: true,
          body: Readable.from(endless),
        });
      }
      if (id !== 'known') return Promise.reject(new AppError('NOT_FOUND', 'There is no such file.'));
      const end = content.length;
      const part = range === undefined || 'last' in range ? undefined : { end, ...range };
      return Promise.resolve({
        fileName: 'a "b".bin',
        mediaType: 'application/octet-stream',
        size: content.length,
        ...(part === undefined ? {} : { range: { start: part.start, end: part.end } }),
        body: Readable.from([content.subarray(part?.start ?? 0, part?.end ?? end)]),
      });
    },
    async upload(id, body, meta) {
      if (id === 'refused') throw new AppError('INVALID_INPUT', 'Not this one.');
      uploaded.push({ id, meta, sha256: sha256(await buffer(body)) });
    },
  });
});
afterAll(() => pipe.close());

const ask = (id: string, init?: RequestInit): Promise<Response> =>
  forwardTransfer(new Request(`app://cutover/transfer/${id}`, init), Promise.resolve(pipe.address));
const put = (id: string, body: Buffer): Promise<Response> =>
  ask(id, { method: 'PUT', body: new Uint8Array(body), headers: { [sizeHeader]: String(body.length) } });

test('a download passes whole and by range, with the name to save it under and nothing that could run', async () => {
  const whole = await ask('known');
  expect([whole.status, sha256(await whole.bytes())]).toEqual([200, sha256(content)]);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': String(content.length),
    'content-disposition': `attachment; filename="a _b_.bin"; filename*=UTF-8''a%20%22b%22.bin`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
  const part = await ask('known', { headers: { range: 'bytes=7-106' } });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 7-106/${content.length}`]);
  expect(Buffer.from(await part.bytes()).equals(content.subarray(7, 107))).toBe(true);
});

test('an upload arrives whole, with the size that the page named', async () => {
  uploaded = [];
  expect((await put('one.1', content)).status).toBe(204);
  expect((await put('empty.1', Buffer.alloc(0))).status).toBe(204);
  expect(uploaded).toMatchObject([
    { id: 'one.1', meta: { size: content.length }, sha256: sha256(content) },
    { id: 'empty.1', meta: { size: 0 }, sha256: sha256(Buffer.alloc(0)) },
  ]);
});

test('failures arrive with their codes', async () => {
  const codeOf = async (answer: Promise<Response>) =>
    errorShapeSchema.parse(await (await answer).json()).code;
  expect(await codeOf(ask('unknown'))).toBe('NOT_FOUND');
  expect(await codeOf(put('refused', Buffer.from('x')))).toBe('INVALID_INPUT');
  const gone = forwardTransfer(
    new Request('app://cutover/transfer/known'),
    Promise.reject(new Error('It has ended.')),
  );
  expect(await codeOf(gone)).toBe('CONNECTION_LOST');
  const nowhere = { ...pipe.address, pipe: `${pipe.address.pipe}-gone` };
  const refused = forwardTransfer(new Request('app://cutover/transfer/known'), Promise.resolve(nowhere));
  expect(await codeOf(refused)).toBe('CONNECTION_LOST');
});

test('a page that reads slowly holds the source back, and one that goes away ends it', async () => {
  const reader = (await ask('endless')).body?.getReader();
  await reader?.read();
  // What fits into buffers and the pipe, and no more.
  let before = -1;
  await expect
    .poll(() => {
      const still = produced === before;
      before = produced;
      return still;
    })
    .toBe(true);
  expect(produced).toBeLessThan(64 * mebibyte);
  await reader?.cancel();
  await aborted;
});

test('who does not know the key gets nothing, and others of the machine can not reach the pipe', async () => {
  const wrong = Promise.resolve({ ...pipe.address, key: 'x'.repeat(pipe.address.key.length) });
  const answer = await forwardTransfer(new Request('app://cutover/transfer/known'), wrong);
  expect([answer.status, await answer.text()]).toEqual([403, '']);
  const { mode } = await stat(path.dirname(pipe.address.pipe));
  expect(mode & 0o077).toBe(0);
});

test.each(['/transfer/a.1', '/transfer/', '/transfer/../index.html', '/transfers/a', '/transfer/a/b'])(
  'the path %s',
  (pathname) => expect(isTransferPath(pathname)).toBe(pathname === '/transfer/a.1'),
);
