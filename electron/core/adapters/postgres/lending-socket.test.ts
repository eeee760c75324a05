import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LendingSocket } from './lending-socket';

/** More than one buffer holds, so that it is read into several times. */
const sent = randomBytes(3 * 2 ** 20);

let server: Server;
beforeEach(async () => {
  server = createServer((socket) => socket.end(sent));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
});

function connect(): LendingSocket {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return new LendingSocket().connect(address.port, '127.0.0.1');
}

it('gives listeners bytes that they may keep, and tells them of the end', async () => {
  const chunks: Buffer[] = [];
  const socket = connect();
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  expect(socket.bytesRead).toBe(sent.length);
});

it('lends its buffer until the borrower lets it read on', async () => {
  const taken: Buffer[] = [];
  let mostAtATime = 0;
  let lent: Buffer | undefined;
  const socket = connect();
  socket.borrower = (chunk) => {
    mostAtATime = lent === undefined ? Math.max(mostAtATime, 1) : 2;
    lent = chunk;
    socket.pause();
    setTimeout(() => {
      taken.push(Buffer.from(chunk));
      lent = undefined;
      socket.resume();
    }, 2);
  };
  socket.resume();
  await once(socket, 'end');
  expect(Buffer.concat(taken).equals(sent)).toBe(true);
  expect(mostAtATime).toBe(1);
});

it('goes back to its listeners when nobody borrows any more', async () => {
  const chunks: Buffer[] = [];
  const socket = connect();
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.borrower = (chunk) => {
    chunks.push(Buffer.from(chunk));
    socket.borrower = undefined;
  };
  await once(socket, 'end');
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
});
