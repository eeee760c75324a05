import { createConnection, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';

export interface DyingProxy {
  port: number;
  /** True when the limit was reached and everything was cut. */
  readonly dead: boolean;
  /** Answers again, with no limit. */
  revive(): void;
  close(): Promise<void>;
}

/**
 * A TCP proxy on loopback that forwards to `target` and, once `limitBytes` have passed in either direction, resets every connection and
 * refuses new ones: a service that dies half-way.
 */
export async function startDyingProxy(
  target: { host: string; port: number },
  limitBytes: number,
): Promise<DyingProxy> {
  let passed = 0;
  let dead = false;
  let limit = limitBytes;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    if (dead) {
      near.resetAndDestroy();
      return;
    }
    const far = createConnection(target);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
      socket.on('data', (chunk: Buffer) => {
        passed += chunk.length;
        if (passed < limit || dead) return;
        dead = true;
        for (const other of open) other.resetAndDestroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    port,
    get dead() {
      return dead;
    },
    revive: () => {
      dead = false;
      limit = Number.POSITIVE_INFINITY;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The same URL, through a proxy on loopback. */
export function through(url: string, proxy: { port: number }): string {
  return url.replace(/(?<=[@/])[^@/:]+:\d+(?=\/|$|\?)/, `127.0.0.1:${proxy.port}`);
}

/** Host and port of a URL of any scheme. */
export function addressOf(url: string): { host: string; port: number } {
  const parsed = new URL(url);
  return { host: parsed.hostname, port: Number(parsed.port) };
}
