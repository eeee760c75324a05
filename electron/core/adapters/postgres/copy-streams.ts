import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import { LendingSocket } from './lending-socket';

const copyData = 0x64; // d
const copyDone = 0x63; // c
const copyOutResponse = 0x48; // H
const headBytes = 5;

/** The message that ends a COPY FROM STDIN. */
const copyDoneMessage = Buffer.from([copyDone, 0, 0, 0, 4]);

interface Outcome {
  readonly promise: Promise<number>;
  resolve(rows: number): void;
  reject(error: unknown): void;
}

function outcome(): Outcome {
  let resolve: (rows: number) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<number>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever awaits it hears of the failure; nobody may be there yet.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

const rowsOf = (tag: unknown): number => Number(/^COPY (\d+)/.exec(String(tag))?.[1] ?? 0);

interface CommandComplete {
  readonly text: string;
}

/** Pieces of a byte stream between two calls of {@link CopyOutFrames.push}. */
export interface CopyOutPiece {
  readonly kind: 'rows' | 'other';
  readonly bytes: Buffer;
}

/**
 * Tells the frames that carry rows from everything else a server sends during a COPY TO STDOUT. Frames are not put together: a row of any
 * size passes in the pieces in which it arrives.
 */
export class CopyOutFrames {
  #rest = 0;
  #kind: CopyOutPiece['kind'] | 'dropped' = 'other';
  #head = Buffer.alloc(0);

  /** The pieces of a chunk, in order; neighbours of one kind are one piece. */
  push(chunk: Buffer): CopyOutPiece[] {
    const pieces: CopyOutPiece[] = [];
    let at = 0;
    /** Where the present piece begins; frames whose head began in an earlier chunk bring that head along. */
    let start = 0;
    const close = (end: number): void => {
      if (this.#kind !== 'dropped' && end > start)
        pieces.push({ kind: this.#kind, bytes: chunk.subarray(start, end) });
      start = end;
    };
    while (at < chunk.length) {
      if (this.#rest > 0) {
        const step = Math.min(this.#rest, chunk.length - at);
        this.#rest -= step;
        at += step;
        continue;
      }
      if (this.#head.length > 0 || chunk.length - at < headBytes) {
        close(at);
        const step = Math.min(headBytes - this.#head.length, chunk.length - at);
        this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + step)]);
        at += step;
        start = at;
        if (this.#head.length < headBytes) break;
        const head = this.#head;
        this.#head = Buffer.alloc(0);
        this.#kind = kindOf(head[0] ?? 0);
        this.#rest = bodyLength(head, 0);
        if (this.#kind !== 'dropped') pieces.push({ kind: this.#kind, bytes: head });
      } else {
        const kind = kindOf(chunk[at] ?? 0);
        if (kind !== this.#kind) {
          close(at);
          this.#kind = kind;
        }
        this.#rest = bodyLength(chunk, at);
        at += headBytes;
      }
    }
    close(chunk.length);
    return pieces;
  }
}

/** Bytes that follow the head of the frame at `at`. A narrow table has millions of frames: nothing is made for any of them. */
function bodyLength(chunk: Buffer, at: number): number {
  return chunk.readInt32BE(at + 1) - (headBytes - 1);
}

function kindOf(type: number): CopyOutPiece['kind'] | 'dropped' {
  if (type === copyData) return 'rows';
  return type === copyDone || type === copyOutResponse ? 'dropped' : 'other';
}

type Receive = (chunk: Buffer) => void;

/** What comes in on a connection: to the client's own parser, or for the time of a copy to somebody else. */
class Tap {
  static readonly #taps = new WeakMap<Duplex, Tap>();
  /** The client's own parser. It may keep what it gets. */
  readonly parser: Receive;
  #consumer: Receive | undefined;

  /** The tap of a connection; put in place when it is asked for the first time. */
  static of(stream: Duplex): Tap {
    const tap = Tap.#taps.get(stream) ?? new Tap(stream);
    Tap.#taps.set(stream, tap);
    return tap;
  }

  private constructor(private readonly stream: Duplex) {
    const listeners = stream.listeners('data');
    this.parser = (chunk) => {
      for (const listener of listeners) Reflect.apply(listener, stream, [chunk]);
    };
    stream.removeAllListeners('data');
    stream.on('data', (chunk: Buffer) => (this.#consumer ?? this.parser)(chunk));
  }

  /** Gives the chunks to somebody else, or to the parser again. A {@link LendingSocket} only lends them. */
  divert(consumer: Receive | undefined): void {
    if (this.stream instanceof LendingSocket) this.stream.borrower = consumer;
    else this.#consumer = consumer;
  }
}

/**
 * A COPY TO STDOUT whose frames are handed on as they are: the other side of a copy takes the very same frames. Everything else goes to the
 * client's own parser. Where the connection only lends its bytes, so does this.
 */
export class CopyOut implements Submittable {
  readonly #done = outcome();
  readonly #frames = new CopyOutFrames();
  #tap: Tap | undefined;
  #rows = 0;

  constructor(
    private readonly sql: string,
    private readonly onRows: Receive,
  ) {}

  /** Resolves with the number of rows when the server is ready for another statement. */
  get done(): Promise<number> {
    return this.#done.promise;
  }

  submit(connection: Connection): void {
    const tap = Tap.of(connection.stream);
    this.#tap = tap;
    tap.divert((chunk) => {
      for (const { kind, bytes } of this.#frames.push(chunk)) {
        if (kind === 'rows') this.onRows(bytes);
        else tap.parser(Buffer.from(bytes));
      }
    });
    connection.query(this.sql);
  }

  handleCommandComplete(message: CommandComplete): void {
    this.#rows = rowsOf(message.text);
  }

  handleReadyForQuery(): void {
    this.#end();
    this.#done.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#end();
    this.#done.reject(error);
  }

  #end(): void {
    this.#tap?.divert(undefined);
  }
}

/** A COPY FROM STDIN that takes whole streams of CopyData frames. */
export class CopyIn implements Submittable {
  readonly #ready = outcome();
  readonly #done = outcome();
  #stream: Duplex | undefined;
  #rows = 0;

  constructor(private readonly sql: string) {}

  /** Resolves when the server takes rows. */
  get ready(): Promise<unknown> {
    return this.#ready.promise;
  }

  /** Resolves with the number of rows once the server has taken them all. */
  get done(): Promise<number> {
    return this.#done.promise;
  }

  submit(connection: Connection): void {
    this.#stream = connection.stream;
    connection.query(this.sql);
  }

  /** Says that no more rows come. */
  end(): void {
    this.#stream?.write(copyDoneMessage);
  }

  handleCopyInResponse(): void {
    this.#ready.resolve(0);
  }

  handleCommandComplete(message: CommandComplete): void {
    this.#rows = rowsOf(message.text);
  }

  handleReadyForQuery(): void {
    this.#done.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#ready.reject(error);
    this.#done.reject(error);
  }
}
