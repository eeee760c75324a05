import { once } from 'node:events';
import { connect } from 'node:net';
import { classifyNetworkError } from './classify';

/** Connects and hangs up. Answers the milliseconds that it took; throws the network's codes. */
export async function probeTcp(host: string, port: number, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const socket = connect({ host, port });
  const abort = () => socket.destroy(new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await once(socket, 'connect');
    return performance.now() - started;
  } catch (error) {
    throw classifyNetworkError(error, `${host}:${port}`);
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
