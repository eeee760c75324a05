import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { receivePort, type PageWindow } from '#shared/rpc/page-wire';

/** A window on the desktop; the messages that reach it come from the test. */
function fakeWindow() {
  const listeners = new Set<Parameters<PageWindow['addEventListener']>[1]>();
  const posted: unknown[] = [];
  const page: PageWindow = {
    location: { protocol: 'app:', host: 'cutover', origin: 'app://cutover' },
    addEventListener: (_type, listener) => listeners.add(listener),
    removeEventListener: (_type, listener) => listeners.delete(listener),
    postMessage: (...message) => posted.push(message),
  };
  const deliver = (data: unknown, source: unknown, ports: MessagePort[]) => {
    for (const listener of [...listeners]) listener({ data, source, ports });
  };
  return { page, posted, listeners, deliver };
}

test('takes a port from its own window alone', async () => {
  const { page, posted, listeners, deliver } = fakeWindow();
  const receiving = receivePort(page, new AbortController().signal);
  expect(posted).toEqual([[{ type: 'cutover:port-request' }, 'app://cutover']]);
  const reply = { type: 'cutover:port' };
  const { port1, port2 } = new MessageChannel();
  const foreign = new MessageChannel();
  deliver(reply, {}, [foreign.port1]);
  deliver({ type: 'other' }, page, [foreign.port1]);
  deliver(null, page, [foreign.port1]);
  deliver(reply, page, []);
  deliver(reply, page, [port1]);
  const wire = await receiving;
  expect(listeners.size).toBe(0);
  const arrived = new Promise((resolve) => wire.onMessage(resolve));
  port2.postMessage('{"hello":1}');
  expect(await arrived).toEqual({ hello: 1 });
  wire.close();
  foreign.port1.close();
});

test('stops waiting when it is cancelled', async () => {
  const { page, listeners } = fakeWindow();
  const controller = new AbortController();
  const receiving = receivePort(page, controller.signal);
  controller.abort();
  await expect(receiving).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(listeners.size).toBe(0);
  await expect(receivePort(page, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
});
