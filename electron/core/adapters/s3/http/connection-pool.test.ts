import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createConnectionPool, type ConnectionPool, type WireRequest } from './connection-pool';

const never = new AbortController().signal;
let closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing) close();
  closing = [];
});

/** A server whose sockets a test answers by hand. */
async function serve(
  answer: (request: string, socket: Socket, connection: number) => void,
  options: { connections?: number; silence?: number } = {},
): Promise<{ pool: ConnectionPool; connections: () => number }> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    count += 1;
    const own = count;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => answer(bytes.toString('latin1'), socket, own));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const { connections = 4, silence = 5_000 } = options;
  const pool = createConnectionPool({ endpoint: `http://127.0.0.1:${port}`, connections, silence });
  closing.push(() => {
    pool.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { pool, connections: () => count };
}

const ok = (body: string, headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
const get = (path: string): WireRequest => ({ method: 'GET', path, headers: { host: 'x' } });
const pathOf = (request: string): string => request.split(' ')[1] ?? '';

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of texts) {
    await Promise.resolve();
    yield Buffer.from(piece);
  }
}

describe('createConnectionPool', () => {
  it('uses a connection again, opens no more than it may, and gives each request its own answer', async () => {
    const { pool, connections } = await serve((request, socket) => void socket.write(ok(pathOf(request))), {
      connections: 3,
    });
    const paths = Array.from({ length: 40 }, (_unused, index) => `/${index}`);
    const answers = await Promise.all(paths.map((path) => pool.held(get(path), never)));
    expect(answers.map(({ body }) => body.toString())).toEqual(paths);
    await pool.held(get('/again'), never);
    expect(connections()).toBe(3);
  });

  it('never takes what follows an answer for the answer to the next request', async () => {
    const { pool, connections } = await serve((request, socket, connection) => {
      socket.write(ok(pathOf(request)) + (connection === 1 ? ok('/of somebody else') : ''));
    });
    await expect(pool.held(get('/1'), never)).rejects.toMatchObject({ code: 'HTTP_UNEXPECTED' });
    expect((await pool.held(get('/2'), never)).body.toString()).toBe('/2');
    expect(connections()).toBe(2);
  });

  it('opens a new connection where the server closes, or says that it will', async () => {
    const { pool, connections } = await serve((request, socket, connection) => {
      if (connection === 1) socket.write(ok('', 'connection: close\r\n'));
      else if (connection === 2) socket.write(ok('', 'keep-alive: timeout=1\r\n'));
      else socket.end(ok(pathOf(request)));
    });
    for (let index = 0; index < 3; index += 1) await pool.held(get('/x'), never);
    expect(connections()).toBe(3);
  });

  it('sends a body that is streamed, and one that is held, with their heads', async () => {
    const seen: string[] = [];
    const { pool } = await serve((request, socket) => {
      seen.push(request);
      if (seen.join('').endsWith('end')) socket.write(ok(''));
    });
    const put = { method: 'PUT', path: '/k', headers: { host: 'x', 'content-length': '9' } };
    await pool.held({ ...put, body: { stream: pieces('one', 'two', 'end'), size: 9 } }, never);
    expect(seen.join('')).toBe('PUT /k HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nonetwoend');
    seen.length = 0;
    await pool.held({ ...put, body: Buffer.from('three end') }, never);
    expect(seen.join('')).toBe('PUT /k HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nthree end');
  });

  it.each([
    ['shorter', ['one']],
    ['longer', ['one', 'and more']],
  ])('fails for a body that is %s than announced', async (_name, texts) => {
    const { pool } = await serve(() => undefined);
    const request = { method: 'PUT', path: '/k', headers: { 'content-length': '6' } };
    const sent = pool.held({ ...request, body: { stream: pieces(...texts), size: 6 } }, never);
    await expect(sent).rejects.toMatchObject({ code: 'HTTP_REQUEST' });
  });

  it('takes an answer that comes before the request is whole, and gives its body up', async () => {
    let given = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          await Promise.resolve();
          yield Buffer.alloc(64 * 1024);
        }
      } finally {
        given = true;
      }
    }
    const { pool, connections } = await serve((request, socket) => {
      socket.pause();
      socket.write(request.startsWith('PUT') ? 'HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno' : ok(''));
    });
    const size = 1e9;
    const request = { method: 'PUT', path: '/k', headers: { 'content-length': String(size) } };
    const answer = await pool.held({ ...request, body: { stream: endless(), size } }, never);
    expect([answer.status, answer.body.toString()]).toEqual([403, 'no']);
    await pool.held(get('/next'), never);
    expect(connections()).toBe(2);
    await expect.poll(() => given).toBe(true);
  });

  it('passes on the failure of the body that it was to send', async () => {
    const { pool } = await serve(() => undefined);
    const failure = new Error('the source broke off');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* pieces('one');
      throw failure;
    }
    const request = { method: 'PUT', path: '/k', headers: { 'content-length': '9' } };
    await expect(pool.held({ ...request, body: { stream: broken(), size: 9 } }, never)).rejects.toBe(failure);
  });

  it('streams an answer no faster than it is read, and keeps the connection', async () => {
    let written = 0;
    const size = 64 * 1024 * 1024;
    const { pool, connections } = await serve((request, socket) => {
      if (pathOf(request) !== '/large') return void socket.write(ok('small'));
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
      const more = (): void => {
        while (written < size) {
          written += 1024 * 1024;
          if (!socket.write(Buffer.alloc(1024 * 1024, written % 251))) return void socket.once('drain', more);
        }
      };
      more();
    });
    const { body } = await pool.streamed(get('/large'), never);
    await pool.held(get('/other'), never);
    let received = 0;
    let early = 0;
    let last = 0;
    for await (const piece of body) {
      if (received === 0) early = written;
      received += piece.length;
      last = piece.at(-1) ?? 0;
    }
    expect(received).toBe(size);
    expect(last).toBe(size % 251);
    expect(early).toBeLessThan(size / 2);
    await pool.held(get('/after'), never);
    expect(connections()).toBe(2);
  });

  it('tells of an answer that breaks off in its body', async () => {
    const { pool } = await serve((_request, socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
    });
    const { body } = await pool.streamed(get('/x'), never);
    await expect(text(body)).rejects.toMatchObject({ code: 'HTTP_CLOSED' });
    await expect(pool.held(get('/x'), never)).rejects.toMatchObject({ code: 'HTTP_CLOSED' });
  });

  it('ends at once when it is stopped: while it waits, while it is answered, while it is read', async () => {
    const { pool } = await serve(
      (request, socket) => {
        if (pathOf(request) === '/head') socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
      },
      { connections: 2 },
    );
    const stop = new AbortController();
    const { body } = await pool.streamed(get('/head'), stop.signal);
    const silent = pool.held(get('/silent'), stop.signal);
    const waiting = pool.held(get('/waiting'), stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(silent).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(text(body)).rejects.toBe(reason);
    await expect(pool.held(get('/head'), stop.signal)).rejects.toBe(reason);
  });

  it('gives up a server that is silent, but not one that waits for us', async () => {
    const { pool } = await serve(
      (request, socket) => {
        if (request.startsWith('PUT') || pathOf(request) === '/slowly-read')
          socket.write(ok('x'.repeat(3_000_000)));
      },
      { silence: 150 },
    );
    await expect(pool.held(get('/silent'), never)).rejects.toMatchObject({ code: 'HTTP_SILENT' });
    const { body } = await pool.streamed(get('/slowly-read'), never);
    let length = 0;
    for await (const piece of body) {
      // Longer than the silence that is allowed.
      if (length === 0) await delay(500);
      length += piece.length;
    }
    expect(length).toBe(3_000_000);
  });

  it.each([
    ['a line break in a header', { headers: { a: 'b\r\nc: d' } }],
    ['a header beyond bytes', { headers: { a: '\u0101' } }],
    ['a space in the path', { path: '/a b' }],
  ])('writes no request with %s', async (_name, change) => {
    const seen: string[] = [];
    const { pool } = await serve((request) => void seen.push(request));
    await expect(pool.held({ ...get('/'), ...change }, never)).rejects.toMatchObject({
      code: 'HTTP_REQUEST',
    });
    expect(seen).toEqual([]);
  });

  it('says what the system says when nobody listens', async () => {
    const pool = createConnectionPool({ endpoint: 'http://127.0.0.1:1', connections: 1, silence: 1000 });
    await expect(pool.held(get('/'), never)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    pool.close();
    await expect(pool.held(get('/'), never)).rejects.toMatchObject({ code: 'HTTP_CLOSED' });
  });
});
