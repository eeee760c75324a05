import type { Wire } from './define';

/** The transport half of a wire, as {@link createWire} needs it. */
interface Transport {
  send(text: string): void;
  close(): void;
}

/** A wire with the two ends through which its transport reports. */
export interface WireControl {
  wire: Wire;
  /** A text arrived; one that is not JSON is delivered as undefined, for the receiver to refuse. */
  received: (text: unknown) => void;
  closed: () => void;
}

function decode(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A wire over anything that carries text. Every transport carries JSON text, also those that could clone objects, so
 * that a value arrives the same whichever it took. Messages wait for the first listener.
 */
export function createWire(transport: Transport): WireControl {
  const messageListeners: ((message: unknown) => void)[] = [];
  const closeListeners: (() => void)[] = [];
  let early: unknown[] = [];
  let open = true;

  const closed = () => {
    if (!open) return;
    open = false;
    for (const listener of closeListeners) listener();
  };

  return {
    wire: {
      send(message) {
        if (open) transport.send(JSON.stringify(message));
      },
      onMessage(listener) {
        messageListeners.push(listener);
        const waiting = early;
        early = [];
        for (const message of waiting) listener(message);
      },
      onClose(listener) {
        if (open) closeListeners.push(listener);
        else queueMicrotask(listener);
      },
      close() {
        if (!open) return;
        transport.close();
        closed();
      },
    },
    received(text) {
      if (!open) return;
      const message = decode(text);
      if (messageListeners.length === 0) early.push(message);
      for (const listener of messageListeners) listener(message);
    },
    closed,
  };
}
