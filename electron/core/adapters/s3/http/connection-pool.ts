import { Connection, type ExchangeSink, type WireRequest } from './connection';
import { WireError } from './wire-error';

export type { StreamedBody, WireRequest } from './connection';

/** What an answer says before its body. */
export interface AnswerHead {
  status: number;
  /** Lower-case names; values are byte strings. */
  headers: Readonly<Record<string, string>>;
}

/** An answer with its whole body in memory. */
export interface HeldAnswer extends AnswerHead {
  /** The raw bytes: nothing is decompressed. */
  body: Buffer;
}

export interface StreamedAnswer extends AnswerHead {
  /** The raw bytes: nothing is decompressed. Throws when it breaks off. Must be read or dropped; can be read once. */
  body: AsyncIterable<Uint8Array>;
  /** Gives up what was not read. */
  drop(): void;
}

/**
 * Exchanges with one server over connections that are kept, in HTTP/1.1. An exchange rejects with a WireError, with the error of the system, with
 * that of the body that it was to send, or with the signal's reason.
 */
export interface ConnectionPool {
  held(request: WireRequest, signal: AbortSignal): Promise<HeldAnswer>;
  streamed(request: WireRequest, signal: AbortSignal): Promise<StreamedAnswer>;
  /** Ends every exchange that is under way. */
  close(): void;
}

export interface PoolOptions {
  /** Scheme, host and port. */
  endpoint: string;
  /** Connections at most; further exchanges wait. */
  connections: number;
  /** Longest silence before an exchange counts as broken, in milliseconds. */
  silence: number;
}

/** More than any answer that is held, so that a server can't fill the memory, in bytes. */
const mostHeld = 64 * 1024 * 1024;
/** Pieces of an answer that wait for their reader before the server is held back. */
const piecesAhead = 2;
const idleMs = 20_000;

/** An exchange from when it is asked for to its end. */
interface Ticket {
  readonly request: WireRequest;
  readonly sink: ExchangeSink;
  /** Undefined while it waits for one. */
  connection: Connection | undefined;
  over: boolean;
}

/** Opens nothing before the first exchange. */
export function createConnectionPool({ endpoint, connections, silence }: PoolOptions): ConnectionPool {
  const origin = new URL(endpoint);
  const all = new Set<Connection>();
  const idle: Connection[] = [];
  const waiting: Ticket[] = [];
  const onAbort = createAbortListeners();
  let session: Buffer | undefined;
  let closed = false;
  let serving = false;

  const open = (): Connection => {
    const connection = new Connection({
      origin,
      silence,
      session,
      onSession: (given) => (session = given),
      onFree: (free) => {
        free.idleSince = performance.now();
        idle.push(free);
        serve();
      },
      onClosed: (gone) => {
        all.delete(gone);
        const index = idle.indexOf(gone);
        if (index >= 0) idle.splice(index, 1);
        serve();
      },
    });
    all.add(connection);
    return connection;
  };
  /** The free one that was used last, so that those that are not needed fall idle; else a new one. */
  const obtain = (): Connection | undefined => {
    for (let free = idle.pop(); free !== undefined; free = idle.pop()) {
      if (performance.now() - free.idleSince < Math.min(idleMs, free.keptFor)) return free;
      free.fail(new WireError('HTTP_CLOSED', 'It was idle for too long.'));
    }
    return all.size < connections ? open() : undefined;
  };
  const serve = (): void => {
    // A connection that ends in here calls again.
    if (serving) return;
    serving = true;
    while (!closed) {
      while (waiting[0]?.over === true) waiting.shift();
      const connection = waiting.length === 0 ? undefined : obtain();
      const ticket = connection === undefined ? undefined : waiting.shift();
      if (connection === undefined || ticket === undefined) break;
      ticket.connection = connection;
      connection.send(ticket.request, ticket.sink);
    }
    serving = false;
  };
  const start = (request: WireRequest, signal: AbortSignal, sink: ExchangeSink): Ticket => {
    const ended = (): void => {
      ticket.over = true;
      stopListening();
    };
    const ticket: Ticket = {
      request,
      sink: {
        head: (status, headers, length) => sink.head(status, headers, length),
        data: (piece) => sink.data(piece),
        end: () => {
          ended();
          sink.end();
        },
        error: (error) => {
          ended();
          sink.error(error);
        },
      },
      connection: undefined,
      over: false,
    };
    const stopListening = onAbort(signal, () => fail(ticket, reasonOf(signal)));
    if (signal.aborted) fail(ticket, reasonOf(signal));
    else if (closed) fail(ticket, new WireError('HTTP_CLOSED', 'The connections were closed.'));
    else {
      waiting.push(ticket);
      serve();
    }
    return ticket;
  };

  return {
    held: (request, signal) =>
      new Promise((resolve, reject) => {
        let answer: AnswerHead = { status: 0, headers: {} };
        let body: Buffer | undefined;
        let pieces: Buffer[] = [];
        let length = 0;
        const ticket = start(request, signal, {
          head: (status, headers, announced) => {
            answer = { status, headers };
            if (announced !== undefined && announced <= mostHeld) body = Buffer.allocUnsafe(announced);
          },
          data: (piece) => {
            if (length + piece.length > mostHeld) {
              const most = `The answer has more than ${mostHeld} bytes.`;
              ticket.connection?.fail(new WireError('HTTP_TOO_LARGE', most));
            } else if (body === undefined) pieces.push(Buffer.from(piece));
            else body.set(piece, length);
            length += piece.length;
          },
          end: () => {
            resolve({ ...answer, body: body ?? Buffer.concat(pieces, length) });
            pieces = [];
          },
          // What is passed on is always an error; only its type does not say so.
          error: (error) => reject(toError(error)),
        });
      }),
    streamed: (request, signal) =>
      new Promise((resolve, reject) => {
        const pieces: Buffer[] = [];
        let answered = false;
        let failure: { error: Error } | undefined;
        let wake = (): void => undefined;
        const ticket = start(request, signal, {
          head: (status, headers) => {
            answered = true;
            ticket.connection?.ownPieces();
            const body = { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
            resolve({ status, headers, body, drop });
          },
          data: (piece) => {
            pieces.push(piece);
            if (pieces.length >= piecesAhead) ticket.connection?.pause();
            wake();
          },
          end: () => wake(),
          error: (error) => {
            failure = { error: toError(error) };
            if (!answered) reject(failure.error);
            wake();
          },
        });
        const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
          for (;;) {
            const piece = pieces.shift();
            if (piece !== undefined) {
              if (!ticket.over && pieces.length < piecesAhead) ticket.connection?.resume();
              return { done: false, value: piece };
            }
            if (failure !== undefined) throw failure.error;
            if (ticket.over) return { done: true, value: undefined };
            await new Promise<void>((resolve) => (wake = resolve));
          }
        };
        const drop = (): void => {
          pieces.length = 0;
          fail(ticket, new WireError('HTTP_CLOSED', 'The answer was given up.'));
        };
        const leave = (): Promise<IteratorResult<Uint8Array, undefined>> => {
          drop();
          return Promise.resolve({ done: true, value: undefined });
        };
      }),
    close: () => {
      closed = true;
      const error = new WireError('HTTP_CLOSED', 'The connections were closed.');
      for (const connection of [...all]) connection.fail(error);
      for (const ticket of waiting.splice(0)) fail(ticket, error);
    },
  };
}

function fail(ticket: Ticket, error: Error): void {
  if (ticket.over) return;
  if (ticket.connection === undefined) ticket.sink.error(error);
  else ticket.connection.fail(error);
}

/**
 * Listens to each signal once, however many exchanges it may end: a signal with thousands of listeners takes long to give one back. Answers
 * with a function that listens to the signal for one exchange, and that one with what ends it.
 */
function createAbortListeners(): (signal: AbortSignal, aborted: () => void) => () => void {
  const listeners = new WeakMap<AbortSignal, Set<() => void>>();
  return (signal, aborted) => {
    let set = listeners.get(signal);
    if (set === undefined) {
      const made = new Set<() => void>();
      signal.addEventListener('abort', () => {
        for (const listener of [...made]) listener();
      });
      listeners.set(signal, made);
      set = made;
    }
    const all = set;
    all.add(aborted);
    return () => void all.delete(aborted);
  };
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('It was stopped.');
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
