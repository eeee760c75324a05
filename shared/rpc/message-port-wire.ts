import type { Wire } from './define';
import { createWire } from './wire';

/** What a browser's and Node's MessagePort have in common. */
export interface EventTargetPort {
  postMessage(message: string): void;
  start(): void;
  close(): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
}

/** The part of Electron's MessagePortMain that a wire uses. */
export interface EmitterPort {
  postMessage(message: string): void;
  start(): void;
  close(): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** A wire over a message port of a browser, of Node or of Electron's main and utility processes. Takes the port over. */
export function messagePortWire(port: EventTargetPort | EmitterPort): Wire {
  const { wire, received, closed } = createWire({
    send: (text) => port.postMessage(text),
    close: () => port.close(),
  });
  // Node's port has both interfaces, and its `on` delivers the bare value: the event interface comes first.
  if ('addEventListener' in port) {
    port.addEventListener('message', (event) => received(event.data));
    port.addEventListener('close', closed);
  } else {
    port.on('message', (event) => received(event.data));
    port.on('close', closed);
  }
  port.start();
  return wire;
}
