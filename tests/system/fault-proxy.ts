import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

export const faults = [500, 503, 429, 'reset', 'truncate', 'flip', 'slow'] as const;
type Fault = (typeof faults)[number];

export interface FaultProxy {
  endpoint: string;
  /** How often each fault was injected. */
  injected: Map<Fault, number>;
  close: () => Promise<void>;
}

const codes: Record<500 | 503 | 429, string> = {
  500: 'InternalError',
  503: 'SlowDown',
  429: 'TooManyRequests',
};
const slowPieces = 20;
const slowPauseMs = 15;

/**
 * An HTTP proxy on loopback that injects a fault of a random kind into a share of the requests: error answers, resets before and after the
 * request was carried out, bodies of objects that break off, have a wrong bit or come in small pieces.
 */
export async function startFaultProxy(target: string, share: number): Promise<FaultProxy> {
  const injected = new Map<Fault, number>();
  const inject = (fault: Fault): void => void injected.set(fault, (injected.get(fault) ?? 0) + 1);
  const draw = (): Fault | undefined =>
    Math.random() < share ? faults[Math.floor(Math.random() * faults.length)] : undefined;

  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const fault = draw();
    // A body that damages its own proof can only be that of an object.
    const readsObject = incoming.method === 'GET' && /^\/[^/?]+\/[^?]/.test(incoming.url ?? '');
    if (typeof fault === 'number') {
      inject(fault);
      incoming.resume().on('end', () => {
        outgoing.writeHead(fault, { 'content-type': 'application/xml' });
        outgoing.end(`<Error><Code>${codes[fault]}</Code><Message>Injected for a test.</Message></Error>`);
      });
      return;
    }
    if (fault === 'reset' && Math.random() < 0.5) {
      inject(fault);
      incoming.socket.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(target);
    const onward = send(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if (fault === 'reset') {
          // The request was carried out, and the client does not hear of it.
          inject(fault);
          answer.resume();
          incoming.socket.resetAndDestroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        if (
          fault === undefined ||
          !readsObject ||
          answer.statusCode === undefined ||
          answer.statusCode >= 300
        ) {
          answer.pipe(outgoing);
          return;
        }
        inject(fault);
        spoil(answer, outgoing, fault).catch(() => outgoing.destroy());
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };

  const server = createServer(forward);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    endpoint: `http://127.0.0.1:${port}`,
    injected,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function spoil(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  fault: 'truncate' | 'flip' | 'slow',
): Promise<void> {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(answer, 'end');
  const body = Buffer.concat(chunks);
  if (fault === 'truncate') {
    outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => outgoing.destroy());
    return;
  }
  if (fault === 'flip') {
    const place = Math.floor(Math.random() * body.length);
    if (body.length > 0) body.writeUInt8(body.readUInt8(place) ^ 1, place);
    outgoing.end(body);
    return;
  }
  const piece = Math.ceil(body.length / slowPieces);
  for (let start = 0; start < body.length; start += piece) {
    outgoing.write(body.subarray(start, start + piece));
    await delay(slowPauseMs);
  }
  outgoing.end();
}
