import { ipcRenderer } from 'electron';
import { portChannel, portReply, portRequest } from '#shared/rpc/port-messages';

/** The part of the page's window that a preload uses; it sees the same window from a world of its own. */
declare const window: {
  readonly location: { readonly origin: string };
  addEventListener(type: 'message', listener: (event: { source: unknown; data: unknown }) => void): void;
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
};

function isRequest(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === portRequest;
}

// The page gets no function of Electron: it asks for a message port to the core and receives that one port.
window.addEventListener('message', ({ source, data }) => {
  if (source === window && isRequest(data)) ipcRenderer.send(portChannel);
});
ipcRenderer.on(portChannel, ({ ports }) => {
  window.postMessage({ type: portReply }, window.location.origin, ports);
});
