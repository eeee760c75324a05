import { contract } from '#shared/contract/contract';
import { toCoreSchema, type FromCore } from '#shared/desktop/core-messages';
import { toErrorShape } from '#shared/model/errors';
import type { Wire } from '#shared/rpc/define';
import { messagePortWire } from '#shared/rpc/message-port-wire';
import { serve } from '#shared/rpc/serve';
import { createHandlers } from '../core/api/handlers';
import { openDesktopCore } from './desktop/open-core';
import { createFolderChooser } from './desktop/folder-over-port';
import { createRemoteSecrets } from './desktop/secrets-over-port';
import { openTransferPipe } from './desktop/transfer-pipe';
import { coreTransfers } from './transfers/core-transfers';

/** The core's process on the desktop: a page's port arrives from main, and the contract is served on it. */
const main = process.parentPort;
const send = (message: FromCore) => main.postMessage(message);
const secrets = createRemoteSecrets(send);
const folders = createFolderChooser(send);
const opening = openDesktopCore(process.argv.slice(2), process.env, {
  secretsBroker: secrets.broker,
  chooseFolder: folders.choose,
  desk: {
    notify: ({ title, text }) =>
      send({ type: 'notice', title: title.slice(0, 300), text: text.slice(0, 2000) }),
    showHealth: (services) => send({ type: 'health', ...(services === undefined ? {} : { services }) }),
  },
});
const handlers = opening.then(({ core }) => createHandlers(core));
const opensPipe = opening.then(({ core }) => openTransferPipe(coreTransfers(core)));

async function servePort(wire: Wire): Promise<void> {
  serve(wire, contract, await handlers);
}

async function stop(): Promise<never> {
  const [opened, pipe] = await Promise.all([
    opening.catch(() => undefined),
    opensPipe.catch(() => undefined),
  ]);
  await Promise.all([opened?.close(), pipe?.close()]);
  process.exit(0);
}

main.on('message', ({ data, ports }) => {
  const message = toCoreSchema.safeParse(data);
  if (!message.success) return;
  switch (message.data.type) {
    case 'port': {
      const [port] = ports;
      // What the page sends before the core is open waits in the wire.
      if (port !== undefined) void servePort(messagePortWire(port)).catch(() => undefined);
      break;
    }
    case 'secret-result':
      secrets.onResult(message.data);
      break;
    case 'folder-chosen':
      folders.onChosen(message.data);
      break;
    case 'stop':
      void stop();
      break;
  }
});

try {
  await handlers;
  send({ type: 'ready', transfers: (await opensPipe).address });
} catch (error) {
  send({ type: 'failed', error: toErrorShape(error) });
  process.exitCode = 1;
  // The message leaves with the next turn of the event loop.
  setTimeout(() => process.exit(1), 100);
}
