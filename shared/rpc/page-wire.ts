import { AppError } from '../model/errors';
import type { Wire } from './define';
import { messagePortWire, type EmitterPort, type EventTargetPort } from './message-port-wire';
import { portReply, portRequest } from './port-messages';
import { openWebSocketWire } from './web-socket-wire';

/** The part of a page's `window` that opening a wire needs. */
export interface PageWindow {
  readonly location: { readonly protocol: string; readonly host: string; readonly origin: string };
  addEventListener(type: 'message', listener: (event: PageMessage) => void): void;
  removeEventListener(type: 'message', listener: (event: PageMessage) => void): void;
  postMessage(message: unknown, targetOrigin: string): void;
}

interface PageMessage {
  readonly data: unknown;
  readonly source: unknown;
  readonly ports: readonly (EventTargetPort | EmitterPort)[];
}

function isReply(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === portReply;
}

/** Asks the desktop's preload for a message port to the core. Rejects with `CANCELLED` on abort. */
export function receivePort(page: PageWindow, signal: AbortSignal): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      page.removeEventListener('message', onMessage);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      stop();
      reject(new AppError('CANCELLED', 'The connection attempt was cancelled.'));
    };
    const onMessage = ({ data, source, ports }: PageMessage) => {
      const [port] = ports;
      // Only the preload posts from this very window; a frame or an opener would be another source.
      if (source !== page || port === undefined || !isReply(data)) return;
      stop();
      resolve(messagePortWire(port));
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    page.addEventListener('message', onMessage);
    signal.addEventListener('abort', onAbort, { once: true });
    page.postMessage({ type: portRequest }, page.location.origin);
  });
}

async function openHostSocket(page: PageWindow, signal: AbortSignal): Promise<Wire> {
  const { protocol, host, origin } = page.location;
  try {
    return await openWebSocketWire(
      new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/rpc`),
      signal,
    );
  } catch (error) {
    // A browser does not tell a page why a WebSocket failed; an ordinary request does.
    const answer = await fetch(`${origin}/session`, { signal }).catch(() => undefined);
    if (answer?.status !== 401) throw error;
    throw new AppError('CONNECTION_LOST', 'This page belongs to a Cutover host that has ended.', {
      hint: 'Run “cutover open” and use the address that it prints.',
    });
  }
}

/** How a page reaches its host: a message port on the desktop, a WebSocket in the browser. For {@link connect}. */
export function openPageWire(page: PageWindow): (signal: AbortSignal) => Promise<Wire> {
  return (signal) =>
    page.location.protocol === 'app:' ? receivePort(page, signal) : openHostSocket(page, signal);
}
