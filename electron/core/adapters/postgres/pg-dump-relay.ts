import type { Duplex } from 'node:stream';

/** Message types after which the server is due to answer up to ReadyForQuery: Query and Sync. */
const awaitsReady = new Set(['Q', 'S']);

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const parameters: readonly (readonly [string, string])[] = [
  ['client_encoding', 'UTF8'],
  ['integer_datetimes', 'on'],
  ['standard_conforming_strings', 'on'],
  ['DateStyle', 'ISO, YMD'],
];

/** What a client hears that needs no password: it speaks over a connection that has been authenticated already. */
export function welcome(serverVersion: string): Buffer {
  const zero = Buffer.from([0]);
  const status = [
    ...parameters,
    ['server_version', serverVersion] as const,
    ['server_encoding', 'UTF8'] as const,
  ].map(([name, value]) => message('S', Buffer.concat([Buffer.from(name), zero, Buffer.from(value), zero])));
  return Buffer.concat([
    message('R', Buffer.alloc(4)),
    ...status,
    message('K', Buffer.alloc(8)),
    message('Z', Buffer.from('I')),
  ]);
}

/**
 * Puts the pieces of outgoing messages together: libpq splits long messages over several writes, and only a whole
 * message can be answered.
 */
export class OutgoingFrames {
  #pending = Buffer.alloc(0);
  #started = false;

  /** The whole messages that are there now. The first one, the start-up message, has no type byte. */
  push(bytes: Uint8Array): { type: string; bytes: Buffer }[] {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const complete: { type: string; bytes: Buffer }[] = [];
    for (;;) {
      const lengthAt = this.#started ? 1 : 0;
      if (this.#pending.length < lengthAt + 4) return complete;
      const size = this.#pending.readInt32BE(lengthAt) + lengthAt;
      if (this.#pending.length < size) return complete;
      const type = this.#started ? String.fromCharCode(this.#pending[0] ?? 0) : 'startup';
      complete.push({ type, bytes: this.#pending.subarray(0, size) });
      this.#pending = this.#pending.subarray(size);
      this.#started = true;
    }
  }
}

/** Reads from the server until ReadyForQuery and resolves with everything up to it. Rejects when the stream ends. */
function readUntilReady(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    /** Bytes of the present message that are still to come, and the head of it as far as it is there. */
    let rest = 0;
    let head = Buffer.alloc(0);
    const done = (): void => {
      stream.off('data', onData);
      stream.off('close', onClose);
    };
    const onClose = (): void => {
      done();
      reject(new Error('Connection terminated unexpectedly'));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      let at = 0;
      while (at < chunk.length) {
        if (rest > 0) {
          const step = Math.min(rest, chunk.length - at);
          rest -= step;
          at += step;
        } else {
          const step = Math.min(5 - head.length, chunk.length - at);
          head = Buffer.concat([head, chunk.subarray(at, at + step)]);
          at += step;
          if (head.length < 5) continue;
          rest = head.readInt32BE(1) - 4;
        }
        if (rest > 0 || head.length < 5) continue;
        const type = String.fromCharCode(head[0] ?? 0);
        head = Buffer.alloc(0);
        if (type !== 'Z') continue;
        done();
        resolve(Buffer.concat(chunks));
        return;
      }
    };
    stream.on('data', onData);
    stream.once('close', onClose);
    if (stream.destroyed) onClose();
  });
}

/** Answers what pg_dump writes, by asking the server where it has to. An empty answer means that more is to come. */
export function relay(stream: Duplex, serverVersion: string): (bytes: Uint8Array) => Promise<Uint8Array> {
  const frames = new OutgoingFrames();
  return async (bytes) => {
    const answers: Buffer[] = [];
    for (const frame of frames.push(bytes)) {
      if (frame.type === 'startup') {
        answers.push(welcome(serverVersion));
      } else if (frame.type !== 'X') {
        const answer = awaitsReady.has(frame.type) ? readUntilReady(stream) : undefined;
        stream.write(frame.bytes);
        if (answer !== undefined) answers.push(await answer);
      }
    }
    return Buffer.concat(answers);
  };
}
