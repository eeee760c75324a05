import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { AnswerParser, type AnswerSink } from './answer-parser';
import { WireError } from './wire-error';

/** A body whose length is known before it is read. */
export interface StreamedBody {
  stream: AsyncIterable<Uint8Array>;
  size: number;
}

/** A request as it goes over the wire. */
export interface WireRequest {
  method: string;
  /** Encoded, with the query. */
  path: string;
  /** With `host`, and with `content-length` where there is a body. Values are byte strings. */
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | StreamedBody | undefined;
}

export interface ExchangeSink extends AnswerSink {
  /** The last call, unless `end` was. */
  error(error: unknown): void;
}

export interface ConnectionOptions {
  origin: URL;
  /** Longest silence before an exchange counts as broken, in milliseconds. */
  silence: number;
  /** Of an earlier connection to the same server. */
  session: Buffer | undefined;
  onSession: (session: Buffer) => void;
  /** It can take another exchange. */
  onFree: (connection: Connection) => void;
  onClosed: (connection: Connection) => void;
}

const connectPatienceMs = 10_000;
/** Bodies up to this size are written with the head, in one piece. */
const joinedBytes = 128 * 1024;
/** Where answers are read to; what is streamed is read to buffers of its own. */
const sharedBytes = 64 * 1024;
const streamedBytes = 256 * 1024;
/** Anything that would end a header, or is no byte. */
const notInHeader = /[^\t\u0020-\u007e\u0080-\u00ff]/;
const notInPath = /[^\u0021-\u007e]/;

interface Exchange {
  sink: ExchangeSink;
  /** The whole request is written. */
  sent: boolean;
  /** The whole answer has come. */
  answered: boolean;
}

/** One connection, for one exchange at a time. */
export class Connection {
  /** When it became free, for the pool; of `performance.now()`. */
  idleSince = 0;
  /** How long the server keeps it then, in milliseconds, where it says so. */
  keptFor = Number.POSITIVE_INFINITY;
  readonly #socket: Socket;
  readonly #parser = new AnswerParser();
  readonly #shared = Buffer.allocUnsafeSlow(sharedBytes);
  #exchange: Exchange | undefined;
  #streaming = false;
  #paused = false;
  /** The body of the request waits for whoever makes it. */
  #starved = false;
  #drained: (() => void) | undefined;
  #closed = false;
  readonly #opening: NodeJS.Timeout;

  constructor(private readonly options: ConnectionOptions) {
    const { origin, silence, session } = options;
    const secure = origin.protocol === 'https:';
    const host = origin.hostname.replace(/^\[|\]$/g, '');
    const port = origin.port === '' ? (secure ? 443 : 80) : Number(origin.port);
    const onread = {
      buffer: () => (this.#streaming ? Buffer.allocUnsafeSlow(streamedBytes) : this.#shared),
      callback: (length: number, buffer: Uint8Array) =>
        this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, length)),
    };
    const to = { host, port, onread };
    const socket = secure
      ? connectSecure({
          ...to,
          ALPNProtocols: ['http/1.1'],
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(session === undefined ? {} : { session }),
        })
      : connectPlain(to);
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#opening = setTimeout(
      () => this.fail(Object.assign(new Error(`${origin.host} can't be reached.`), { code: 'ETIMEDOUT' })),
      Math.min(connectPatienceMs, silence),
    );
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(this.#opening);
      socket.setTimeout(silence);
    });
    socket.on('session', (given: Buffer) => options.onSession(given));
    socket.on('drain', () => this.#wake());
    socket.on('timeout', () => this.#onTimeout());
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new WireError('HTTP_CLOSED', 'The connection was closed.')));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a request; its answer goes to the sink. Only on a free connection. */
  send(request: WireRequest, sink: ExchangeSink): void {
    const { method, body } = request;
    const held = body === undefined || body instanceof Uint8Array;
    const exchange: Exchange = { sink, sent: held, answered: false };
    this.#exchange = exchange;
    this.#streaming = false;
    try {
      const head = headOf(request);
      this.#parser.begin(method, {
        head: (status, headers, length) => {
          this.keptFor = keptFor(headers['keep-alive']);
          sink.head(status, headers, length);
        },
        data: (piece) => {
          const lent = this.#streaming && piece.buffer === this.#shared.buffer;
          sink.data(lent ? Buffer.from(piece) : piece);
        },
        end: () => (exchange.answered = true),
      });
      if (body === undefined) this.#socket.write(head, 'latin1');
      else if (body instanceof Uint8Array) this.#write(head, body);
      else {
        this.#socket.write(head, 'latin1');
        void this.#stream(body, exchange);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** From here on the pieces of the answer belong to who gets them. */
  ownPieces(): void {
    this.#streaming = true;
  }

  /** Holds the answer back until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Ends the connection; an exchange under way fails with the error. */
  fail(error: unknown): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#opening);
      this.#socket.destroy();
      this.options.onClosed(this);
    }
    this.#wake();
    exchange?.sink.error(error);
  }

  #read(bytes: Buffer): boolean {
    try {
      this.#parser.feed(bytes);
      // Only now: what comes behind an answer in the same piece is not the next one.
      this.#settle();
    } catch (error) {
      this.fail(error);
    }
    return !this.#paused;
  }

  #onEnd(): void {
    try {
      this.#parser.close();
      this.#settle();
    } catch (error) {
      this.fail(error);
    }
    this.fail(new WireError('HTTP_CLOSED', 'The server closed the connection.'));
  }

  #onTimeout(): void {
    // Silence that is ours: nobody takes the answer, or nobody makes the body.
    if (this.#exchange !== undefined && (this.#paused || this.#starved))
      this.#socket.setTimeout(this.options.silence);
    else this.fail(new WireError('HTTP_SILENT', 'The server said nothing for too long.'));
  }

  #settle(): void {
    const exchange = this.#exchange;
    if (exchange?.answered !== true) return;
    this.#exchange = undefined;
    this.#streaming = false;
    // With TLS the end can come behind a pause, in pieces of what was read before it.
    this.resume();
    if (exchange.sent && this.#parser.keepAlive) this.options.onFree(this);
    // An answer before the request was whole: the rest of it has no place to go.
    else this.fail(new WireError('HTTP_CLOSED', 'The connection is not used again.'));
    exchange.sink.end();
  }

  #write(head: string, body: Uint8Array): void {
    if (body.length <= joinedBytes) {
      const whole = Buffer.allocUnsafe(head.length + body.length);
      whole.write(head, 0, 'latin1');
      whole.set(body, head.length);
      this.#socket.write(whole);
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(body);
    this.#socket.uncork();
  }

  async #stream({ stream, size }: StreamedBody, exchange: Exchange): Promise<void> {
    let sent = 0;
    try {
      this.#starved = true;
      for await (const chunk of stream) {
        this.#starved = false;
        if (this.#exchange !== exchange) return;
        sent += chunk.length;
        if (sent > size) throw wrongLength();
        if (!this.#socket.write(chunk)) await new Promise<void>((resolve) => (this.#drained = resolve));
        if (this.#exchange !== exchange) return;
        this.#starved = true;
      }
      if (sent !== size) throw wrongLength();
      exchange.sent = true;
    } catch (error) {
      if (this.#exchange === exchange) this.fail(error);
    } finally {
      this.#starved = false;
    }
  }

  #wake(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }
}

function headOf({ method, path, headers }: WireRequest): string {
  if (notInPath.test(path)) throw new WireError('HTTP_REQUEST', 'The path of the request is not encoded.');
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (notInHeader.test(value))
      throw new WireError('HTTP_REQUEST', `The header ${name} holds what no header may.`);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

/** Less than what the server says, because a request that is sent then would meet its end. */
function keptFor(hint: string | undefined): number {
  const seconds = /timeout=(\d+)/.exec(hint ?? '')?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) * 1000 - 1000);
}

const wrongLength = (): WireError =>
  new WireError('HTTP_REQUEST', 'The body has another length than was announced.');
