import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { z } from 'zod';
import { contract } from '#shared/contract/contract';
import { toAppError } from '#shared/model/errors';
import { connect } from '#shared/rpc/connect';
import { messagePortWire } from '#shared/rpc/message-port-wire';

/**
 * Runs the built core process with a stub of `process.parentPort`, is both main process and page to it, and prints what
 * it answered as JSON. The key store reverses the text, so that a test can tell what was stored.
 */
const folder = z.string().parse(process.env.CUTOVER_HOME);
const secretSchema = z.object({
  type: z.literal('secret'),
  id: z.number(),
  operation: z.string(),
  text: z.string(),
});
const operations: string[] = [];

class ParentPort extends EventEmitter {
  postMessage(message: unknown): void {
    const parsed = secretSchema.safeParse(message);
    if (!parsed.success) {
      this.emit('sent', message);
      return;
    }
    const { id, operation, text } = parsed.data;
    operations.push(operation);
    const turned = Buffer.from(operation === 'decrypt' ? Buffer.from(text, 'base64').toString() : text);
    const value =
      operation === 'available'
        ? true
        : operation === 'encrypt'
          ? reversed(turned).toString('base64')
          : reversed(turned).toString();
    this.deliver({ type: 'secret-result', id, result: { value } });
  }
  /** Messages wait for a listener, as Electron's do. */
  deliver(data: unknown, ports: MessagePort[] = []): void {
    setImmediate(() => {
      if (this.listenerCount('message') === 0) this.deliver(data, ports);
      else this.emit('message', { data, ports });
    });
  }
}

function reversed(text: Buffer): Buffer {
  return Buffer.from(Array.from(text.toString()).reverse().join(''));
}

const parentPort = new ParentPort();
Object.defineProperty(process, 'parentPort', { value: parentPort });

const { port1, port2 } = new MessageChannel();
const ready = once(parentPort, 'sent');
// The port comes before the core is open, as it does when a window opens at once.
const loading = import(new URL('../../out/main/desktop.js', import.meta.url).href);
parentPort.deliver({ type: 'nonsense' });
parentPort.deliver({ type: 'port' }, [port1]);
const client = connect(contract, () => Promise.resolve(messagePortWire(port2)));
const info = await client.call('system.info', {});
await loading;

const workspace = await client.call('workspaces.create', { path: join(folder, 'shop'), name: 'Shop' });
const connections = await client.call('connections.update', {
  values: { SUPABASE_SECRET_KEY: 'sb_secret_planted0123456789' },
});
const stored = await readFile(join(folder, 'shop/secrets.json'), 'utf8');
const [readyMessage] = z.array(z.unknown()).parse(await ready);
const { transfers } = z
  .object({ type: z.literal('ready'), transfers: z.object({ pipe: z.string(), key: z.string() }) })
  .parse(readyMessage);
const askPipe = (key: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}` };
    request({ socketPath: transfers.pipe, path: '/transfer/unknown', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
const wrong = await client.call('workspaces.open', { path: join(folder, 'nowhere') }).catch(toAppError);

const result = {
  ready: readyMessage,
  transfers: [await askPipe(transfers.key), await askPipe('another')],
  pipe: transfers.pipe,
  info: { host: info.host, version: info.version },
  secrets: workspace.secrets,
  setting: connections.flatMap(({ settings }) => settings).find(({ name }) => name === 'SUPABASE_SECRET_KEY'),
  operations: [...new Set(operations)],
  storedPlain: stored.includes('planted'),
  storedSealed: stored.includes(reversed(Buffer.from('sb_secret_planted0123456789')).toString('base64')),
  wrong: 'code' in wrong ? wrong.code : undefined,
};
await new Promise<void>(
  (resolve) => void process.stdout.write(`${JSON.stringify(result)}\n`, () => resolve()),
);
client.close();
parentPort.deliver({ type: 'stop' });
// The core must end the process by itself.
setTimeout(() => process.exit(9), 20_000);
