import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { z } from 'zod';

/**
 * pg_dump as WebAssembly, in a thread of its own: it talks to its server synchronously, so the thread sleeps on `signal`
 * while the main thread carries the bytes. Without imports of ours, so that it runs from the source and from the bundle.
 */
interface Bridge {
  query(sql: string): Promise<{ rows: { search_path: string }[] }>;
  exec(sql: string): Promise<void>;
  execProtocolRawStream(bytes: Uint8Array, options: { onRawData(bytes: Uint8Array): void }): void;
}

const dataSchema = z.object({
  signal: z.instanceof(Int32Array),
  /** Milliseconds that an answer of the server may take. */
  timeout: z.number(),
  args: z.array(z.string()),
});
const toolsSchema = z.object({
  pgDump: z.custom<(options: { pg: Bridge; args: string[] }) => Promise<File>>(
    (value) => typeof value === 'function',
  ),
});

function ask(port: MessagePort, signal: Int32Array, timeout: number, bytes: Uint8Array): Uint8Array {
  Atomics.store(signal, 0, 0);
  port.postMessage({ type: 'request', bytes });
  // The wake-up for the last answer may come late and end this wait, so the value decides and not the wake-up.
  while (Atomics.load(signal, 0) === 0) {
    if (Atomics.wait(signal, 0, 0, timeout) === 'timed-out')
      throw new Error('the server did not answer in time');
  }
  const received: unknown = receiveMessageOnPort(port)?.message;
  if (!(received instanceof Uint8Array)) throw new Error('the connection to the server was lost');
  return received;
}

async function dump(port: MessagePort): Promise<void> {
  const { signal, timeout, args } = dataSchema.parse(workerData);
  const { pgDump } = toolsSchema.parse(await import('@electric-sql/pglite-tools/pg_dump'));
  const bridge: Bridge = {
    query: () => Promise.resolve({ rows: [{ search_path: 'public' }] }),
    exec: () => Promise.resolve(),
    execProtocolRawStream: (bytes, options) => {
      // A copy: the bytes lie in the memory of the WebAssembly instance.
      const answer = ask(port, signal, timeout, bytes.slice());
      if (answer.length > 0) options.onRawData(answer);
    },
  };
  const file = await pgDump({ pg: bridge, args });
  port.postMessage({ type: 'done', text: await file.text() });
}

if (parentPort !== null) {
  const port = parentPort;
  dump(port).catch((error: unknown) => {
    port.postMessage({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
}
