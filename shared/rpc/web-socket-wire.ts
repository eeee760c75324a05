import { AppError } from '../model/errors';
import type { Wire } from './define';
import { createWire } from './wire';

/** What a browser's WebSocket and the one of `ws` have in common. */
export interface SocketLike {
  send(data: string): void;
  close(): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
}

/** A wire over a WebSocket that is open, or about to be (nothing may be sent before). Takes the socket over. */
export function webSocketWire(socket: SocketLike): Wire {
  const { wire, received, closed } = createWire({
    send: (text) => socket.send(text),
    close: () => socket.close(),
  });
  socket.addEventListener('message', (event) => received(event.data));
  socket.addEventListener('close', closed);
  // An error is always followed by `close`; without a listener `ws` would throw it.
  socket.addEventListener('error', () => undefined);
  return wire;
}

/** Waits until a connecting WebSocket is open. Rejects with `CONNECTION_LOST` when it fails, `CANCELLED` on abort. */
export function openWebSocketWire(socket: SocketLike, signal: AbortSignal): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const wire = webSocketWire(socket);
    const onAbort = () => {
      wire.close();
      reject(new AppError('CANCELLED', 'The connection attempt was cancelled.'));
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = () => signal.removeEventListener('abort', onAbort);
    socket.addEventListener('open', () => {
      settled();
      resolve(wire);
    });
    wire.onClose(() => {
      settled();
      reject(
        new AppError('CONNECTION_LOST', 'The Cutover host did not accept the connection.', {
          retryable: true,
          hint: 'Check that the host is still running.',
        }),
      );
    });
  });
}
