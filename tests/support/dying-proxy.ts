import { startProxy } from './proxy';

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
  const proxy = await startProxy(
    target,
    (near, far) => {
      for (const socket of [near, far]) {
        socket.on('data', (chunk: Buffer) => {
          passed += chunk.length;
          if (passed < limit || dead) return;
          dead = true;
          for (const other of proxy.open) other.resetAndDestroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    },
    () => !dead,
  );
  return {
    port: proxy.port,
    get dead() {
      return dead;
    },
    revive: () => {
      dead = false;
      limit = Number.POSITIVE_INFINITY;
    },
    close: () => proxy.close(),
  };
}
