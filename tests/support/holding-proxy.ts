import { Transform } from 'node:stream';
import { startProxy } from './proxy';

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
  const gate = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        passed += chunk.length;
        if (passed < limitBytes) done(null, chunk);
        else void released.then(() => done(null, chunk));
      },
    });
  const proxy = await startProxy(target, (near, far) => {
    near.pipe(gate()).pipe(far);
    far.pipe(gate()).pipe(near);
  });
  return {
    port: proxy.port,
    release,
    close: async () => {
      release();
      await proxy.close();
    },
  };
}
