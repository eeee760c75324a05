import { createConnection, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { Transform } from 'node:stream';
import { z } from 'zod';

export interface HoldingProxy {
  port: number;
  /** Lets everything through from now on. */
  release(): void;
  close(): Promise<void>;
}

/**
 * A TCP proxy on loopback that forwards to `target` and, once `limitBytes` have passed in either direction, lets nothing
 * further through until it is told to: a service that keeps a run waiting for as long as a test needs.
 */
export async function startHoldingProxy(
  target: { host: string; port: number },
  limitBytes: number,
): Promise<HoldingProxy> {
  let passed = 0;
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const open = new Set<Socket>();
  const gate = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        passed += chunk.length;
        if (passed < limitBytes) done(null, chunk);
        else void released.then(() => done(null, chunk));
      },
    });
  const server = createServer((near) => {
    const far = createConnection(target);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(gate()).pipe(far);
    far.pipe(gate()).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    port,
    release,
    close: async () => {
      release();
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
