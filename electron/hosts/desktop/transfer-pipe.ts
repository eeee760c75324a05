import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TransferAddress } from '#shared/desktop/core-messages';
import { serveTransfer, transferId, type TransferHandlers } from '../transfers/transfers';

export interface TransferPipe {
  readonly address: TransferAddress;
  close(): Promise<void>;
}

/**
 * Serves file bytes to the desktop's main process, which passes them on to the page: HTTP over a pipe of the operating system, so that
 * no port is opened. On Windows any user may find the pipe's name; who does not know the key gets nothing.
 */
export async function openTransferPipe(handlers: TransferHandlers): Promise<TransferPipe> {
  const key = randomBytes(32).toString('base64url');
  const folder =
    process.platform === 'win32' ? undefined : await mkdtemp(path.join(tmpdir(), 'cutover-pipe-'));
  const name =
    folder === undefined
      ? `\\\\.\\pipe\\cutover-${randomBytes(16).toString('hex')}`
      : path.join(folder, 'transfers');
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    const id = transferId(request.url ?? '');
    if (!isKnown(request, key) || id === undefined || !['GET', 'PUT'].includes(request.method ?? '')) {
      response.writeHead(403, { connection: 'close' }).end();
      return;
    }
    serveTransfer(request, response, id, handlers).catch(() => response.destroy());
  });
  server.listen(name);
  await once(server, 'listening');
  return {
    address: { pipe: name, key },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function isKnown({ headers }: IncomingMessage, key: string): boolean {
  const given = Buffer.from(headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${key}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
