import { createConnection, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';

export interface Proxy {
  readonly port: number;
  /** The sockets of both ends. */
  readonly open: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/**
 * A TCP proxy on loopback. `carry` says how the bytes of a connection pass; when one end is gone, so is the other. A connection that `accepts`
 * turns away is reset.
 */
export async function startProxy(
  target: { host: string; port: number },
  carry: (near: Socket, far: Socket) => void,
  accepts: () => boolean = () => true,
): Promise<Proxy> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    if (!accepts()) {
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
    }
    carry(near, far);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    port,
    open,
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
