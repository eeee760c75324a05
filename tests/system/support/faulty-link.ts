import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { z } from 'zod';

export const linkFaults = ['reset', 'drop', 'stall', 'refuse'] as const;
export type LinkFault = (typeof linkFaults)[number];

/** Bytes within which a connection is still being made. */
const first = 600;
/** Milliseconds after which a server gives up a client that does not answer. */
const keepAlive = 8_000;

export interface FaultyLink {
  readonly port: number;
  /** How often each fault was made. */
  readonly made: ReadonlyMap<LinkFault, number>;
  close(): Promise<void>;
}

/** Some connections are for looking after others, so that not every one may break; turning away is the least of faults. */
function draw(): LinkFault | undefined {
  const chance = Math.random();
  if (chance > 0.55) return undefined;
  return chance < 0.05 ? 'refuse' : linkFaults[Math.floor(Math.random() * 3)];
}

/**
 * A TCP proxy on loopback that breaks connections until it has made `faults` of them: it resets one (RST), drops one (FIN), or says nothing
 * more on it without closing it, after a random number of bytes up to `within`; or it turns one away.
 */
export async function startFaultyLink(
  target: { host: string; port: number },
  faults: number,
  within: number,
): Promise<FaultyLink> {
  const made = new Map<LinkFault, number>();
  let left = faults;
  const open = new Set<Socket>();
  const note = (fault: LinkFault): boolean => {
    if (left <= 0) return false;
    left -= 1;
    made.set(fault, (made.get(fault) ?? 0) + 1);
    return true;
  };
  const server = createServer((near) => {
    near.on('error', () => undefined);
    // Some connections are for looking after others, so that not every one may break.
    const fault = draw();
    if (fault === 'refuse' && note(fault)) {
      near.resetAndDestroy();
      return;
    }
    // As likely early as late in a connection's life, whether it carries little or much.
    const limit =
      fault === undefined || fault === 'refuse' ? Infinity : first * (within / first) ** Math.random();
    const far = createConnection(target);
    let passed = 0;
    let broken = false;
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        // The server hears of a link that swallows packets when its keep-alives give up.
        if (broken && fault === 'stall') setTimeout(() => far.destroy(), keepAlive).unref();
        else far.destroy();
      });
    }
    const carry = (from: Socket, to: Socket): void => {
      from.on('data', (chunk: Buffer) => {
        if (broken) return;
        passed += chunk.length;
        if (passed > limit && fault !== undefined && note(fault)) {
          broken = true;
          if (fault === 'reset') near.resetAndDestroy();
          else if (fault === 'drop') near.destroy();
          if (fault !== 'stall') far.destroy();
          return;
        }
        if (to.write(chunk)) return;
        from.pause();
        to.once('drain', () => from.resume());
      });
    };
    carry(near, far);
    carry(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    port,
    made,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
