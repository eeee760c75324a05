import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { WebSocket, WebSocketServer } from 'ws';
import { AppError } from '#shared/model/errors';
import type { Wire } from '#shared/rpc/define';
import { messagePortWire } from '#shared/rpc/message-port-wire';
import { openWebSocketWire, webSocketWire } from '#shared/rpc/web-socket-wire';

/** A way between a client and a server, with the means to break it. */
export interface TestTransport {
  /** For `connect`. */
  open(signal: AbortSignal): Promise<Wire>;
  /** Ends every connection; new ones are accepted. */
  cut(): void;
  /** While true, new connections fail. */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

export type TransportFactory = (onWire: (wire: Wire) => void) => Promise<TestTransport>;

const refused = () => new AppError('CONNECTION_LOST', 'Refused by the test.', { retryable: true });

/** A Node MessagePort for each connection, as on the desktop. */
export const overMessagePorts: TransportFactory = (onWire) => {
  const wires = new Set<Wire>();
  let refusing = false;
  return Promise.resolve({
    open() {
      if (refusing) return Promise.reject(refused());
      const { port1, port2 } = new MessageChannel();
      const far = messagePortWire(port1);
      wires.add(far);
      far.onClose(() => wires.delete(far));
      onWire(far);
      return Promise.resolve(messagePortWire(port2));
    },
    cut() {
      for (const wire of [...wires]) wire.close();
    },
    refuse(on) {
      refusing = on;
    },
    close() {
      for (const wire of [...wires]) wire.close();
      return Promise.resolve();
    },
  });
};

/** Real WebSockets over loopback. */
export const overWebSockets: TransportFactory = async (onWire) => {
  let refusing = false;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient: () => !refusing });
  await once(server, 'listening');
  const address = server.address();
  const port = portOf(address);
  server.on('connection', (socket) => onWire(webSocketWire(socket)));
  return {
    open: (signal) => openWebSocketWire(new WebSocket(`ws://127.0.0.1:${port}`), signal),
    cut() {
      for (const socket of server.clients) socket.terminate();
    },
    refuse(on) {
      refusing = on;
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
};

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

export const transports: [string, TransportFactory][] = [
  ['Node MessagePort', overMessagePorts],
  ['WebSocket', overWebSockets],
];
