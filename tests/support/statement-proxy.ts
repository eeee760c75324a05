import { createConnection, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import { addressOf } from './dying-proxy';

/** `cut before`: the statement does not arrive; `cut after`: it arrives, and its answer does not. */
export type StatementFault = 'cut before' | 'cut after';

export interface StatementProxy {
  port: number;
  /** How often a client has spoken so far. */
  readonly statements: number;
  /** Breaks the connection at the `place`th time that a client speaks from now on; once. */
  disturb(place: number, fault: StatementFault): void;
  close(): Promise<void>;
}

/** A proxy in front of PostgreSQL that breaks a connection at a statement of choice. A client speaks once for each statement. */
export async function startStatementProxy(url: string): Promise<StatementProxy> {
  let statements = 0;
  let planned: { at: number; fault: StatementFault } | undefined;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(addressOf(url));
    let mute = false;
    const cut = () => near.resetAndDestroy();
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (chunk: Buffer) => {
      statements += 1;
      if (planned !== undefined && statements >= planned.at) {
        const { fault } = planned;
        planned = undefined;
        if (fault === 'cut before') {
          cut();
          return;
        }
        mute = true;
      }
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      if (mute) cut();
      else near.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    port,
    get statements() {
      return statements;
    },
    disturb: (place, fault) => {
      planned = { at: statements + place, fault };
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
