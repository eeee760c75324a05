import { AppError, toAppError } from '../model/errors';
import type { Client, Contract, Numbered, Wire } from './define';
import { createEventQueue, type EventQueue } from './event-queue';
import { responseFrameSchema, type RequestFrame, type ResponseFrame } from './frames';
import { defaultHeartbeat, withHeartbeat, type HeartbeatOptions } from './heartbeat';

export interface ConnectOptions {
  heartbeat?: HeartbeatOptions;
  /** Milliseconds before the first new attempt, doubled up to `maxMs`, each shortened at random by up to a half. */
  backoff?: { firstMs: number; maxMs: number };
  /** Events that a host may send ahead of what the consumer has read. */
  window?: number;
}

type Status = Client<Contract>['status'];

/** {@link Client} without the contract's types: the frames carry names and values, the overload gives them back. */
interface UntypedClient {
  call(name: string, input: unknown, options?: { signal?: AbortSignal }): Promise<unknown>;
  stream(
    name: string,
    input: unknown,
    options?: { signal?: AbortSignal; after?: number },
  ): AsyncIterable<Numbered<unknown>>;
  readonly status: Status;
  onStatus(listener: (status: Status) => void): () => void;
  close(): void;
}

interface PendingCall {
  frame: RequestFrame;
  sent: boolean;
  resolve(value: unknown): void;
  reject(error: AppError): void;
}

interface OpenStream {
  op: string;
  input: unknown;
  /** Number of the last event received, so that a new wire continues after it. */
  last: number;
  /** Events that the host may still send. */
  granted: number;
  queue: EventQueue<Numbered<unknown>>;
  stop(): void;
}

const lost = () =>
  new AppError('CONNECTION_LOST', 'The connection to the Cutover host was lost before it answered.', {
    retryable: true,
    hint: 'Cutover reconnects by itself. Look at the current state before you repeat a change.',
  });
const cancelled = () => new AppError('CANCELLED', 'The operation was cancelled.');
const closedForGood = () =>
  new AppError('CONNECTION_LOST', 'The connection to the Cutover host is closed.', {
    hint: 'Reload the page.',
  });

/**
 * A client of a contract. It opens a wire at once, and again with growing pauses whenever it closes, until `close()`
 * or until `openWire` rejects with an AppError that is not retryable. Streams continue on the new wire after the last
 * event received. A call that was sent is not repeated, since the host may have done it: it rejects with
 * `CONNECTION_LOST`. A call made while there is no wire waits for the attempt under way, and rejects with its failure.
 */
export function connect<C extends Contract>(
  contract: C,
  openWire: (signal: AbortSignal) => Promise<Wire>,
  options?: ConnectOptions,
): Client<C>;
export function connect(
  contract: Contract,
  openWire: (signal: AbortSignal) => Promise<Wire>,
  options: ConnectOptions = {},
): UntypedClient {
  const {
    heartbeat = defaultHeartbeat,
    backoff = { firstMs: 250, maxMs: 5000 },
    window: streamWindow = 64,
  } = options;
  const life = new AbortController();
  const calls = new Map<number, PendingCall>();
  const streams = new Map<number, OpenStream>();
  const statusListeners = new Set<(status: Status) => void>();
  let status: Status = 'connecting';
  let wire: Wire | undefined;
  let nextId = 0;
  let failures = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let closeError: AppError | undefined;

  const setStatus = (next: Status) => {
    if (status === next) return;
    status = next;
    for (const listener of [...statusListeners]) listener(next);
  };
  const send = (frame: RequestFrame) => wire?.send(frame);

  const sendStream = (id: number, open: OpenStream) => {
    open.granted = Math.max(0, streamWindow - open.queue.size);
    send({ t: 'stream', id, op: open.op, input: open.input, after: open.last, credit: open.granted });
  };

  const rejectCalls = (error: AppError, which: (call: PendingCall) => boolean) => {
    for (const [id, pending] of [...calls]) {
      if (!which(pending)) continue;
      calls.delete(id);
      pending.reject(error);
    }
  };

  const closeForGood = (error: AppError) => {
    if (closeError !== undefined) return;
    closeError = error;
    life.abort();
    clearTimeout(retryTimer);
    const last = wire;
    wire = undefined;
    last?.close();
    rejectCalls(error, () => true);
    for (const open of [...streams.values()]) {
      open.queue.fail(error);
      open.stop();
    }
    setStatus('closed');
  };

  const retryLater = () => {
    const pause = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failures, 20));
    failures += 1;
    // Several tabs that lost the same host do not come back in step.
    retryTimer = setTimeout(attempt, pause * (1 - Math.random() / 2));
  };

  const receive = (frame: ResponseFrame) => {
    if (frame.t === 'event') {
      const open = streams.get(frame.id);
      if (open === undefined) return;
      open.granted -= 1;
      if (frame.seq <= open.last) {
        grantMore(frame.id, open);
        return;
      }
      open.last = frame.seq;
      open.queue.push({ seq: frame.seq, event: frame.event });
      return;
    }
    const pending = calls.get(frame.id);
    calls.delete(frame.id);
    const open = streams.get(frame.id);
    switch (frame.t) {
      case 'value':
        pending?.resolve(frame.value);
        break;
      case 'end':
        open?.queue.end();
        open?.stop();
        break;
      case 'error': {
        const error = AppError.fromShape(frame.error);
        pending?.reject(error);
        open?.queue.fail(error);
        open?.stop();
        break;
      }
    }
  };

  /** Grants in batches of half a window, so that a fast stream does not send one frame of credit for each event. */
  const grantMore = (id: number, open: OpenStream) => {
    const credit = streamWindow - open.queue.size - open.granted;
    if (wire === undefined || credit < Math.max(1, Math.floor(streamWindow / 2))) return;
    open.granted += credit;
    send({ t: 'credit', id, credit });
  };

  const attach = (bare: Wire) => {
    if (life.signal.aborted) {
      bare.close();
      return;
    }
    const current = withHeartbeat(bare, heartbeat);
    wire = current;
    current.onMessage((message) => {
      failures = 0;
      const frame = responseFrameSchema.safeParse(message);
      if (frame.success) receive(frame.data);
    });
    current.onClose(() => {
      if (wire !== current) return;
      wire = undefined;
      setStatus('connecting');
      rejectCalls(lost(), (call) => call.sent);
      retryLater();
    });
    for (const [id, open] of streams) sendStream(id, open);
    for (const pending of calls.values()) {
      pending.sent = true;
      send(pending.frame);
    }
    setStatus('open');
  };

  const attempt = () => {
    openWire(life.signal)
      .then(attach)
      .catch((thrown: unknown) => {
        if (life.signal.aborted) return;
        const error = toAppError(thrown);
        if (!error.retryable) {
          closeForGood(error);
          return;
        }
        rejectCalls(error, () => true);
        retryLater();
      });
  };

  const unknownOperation = (name: string) =>
    new AppError('INVALID_INPUT', `The contract has no operation of this kind named ${name}.`);

  const client: UntypedClient = {
    call(name, input, { signal } = {}) {
      if (contract[name]?.kind !== 'call') return Promise.reject(unknownOperation(name));
      if (closeError !== undefined) return Promise.reject(closeError);
      if (signal?.aborted === true) return Promise.reject(cancelled());
      return new Promise((resolve, reject) => {
        const id = nextId++;
        const onAbort = () => {
          calls.delete(id);
          send({ t: 'cancel', id });
          reject(cancelled());
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        const pending: PendingCall = {
          frame: { t: 'call', id, op: name, input },
          sent: wire !== undefined,
          resolve(value) {
            signal?.removeEventListener('abort', onAbort);
            resolve(value);
          },
          reject(error) {
            signal?.removeEventListener('abort', onAbort);
            reject(error);
          },
        };
        calls.set(id, pending);
        if (pending.sent) send(pending.frame);
      });
    },

    stream(name, input, { signal, after = -1 } = {}) {
      return {
        [Symbol.asyncIterator]() {
          const id = nextId++;
          const onAbort = () => {
            send({ t: 'cancel', id });
            open.queue.fail(cancelled());
            open.stop();
          };
          const open: OpenStream = {
            op: name,
            input,
            last: after,
            granted: 0,
            queue: createEventQueue<Numbered<unknown>>(
              () => {
                if (streams.has(id)) grantMore(id, open);
              },
              () => {
                send({ t: 'cancel', id });
                open.stop();
              },
            ),
            stop() {
              streams.delete(id);
              signal?.removeEventListener('abort', onAbort);
            },
          };
          if (contract[name]?.kind !== 'stream') open.queue.fail(unknownOperation(name));
          else if (closeError !== undefined) open.queue.fail(closeError);
          else if (signal?.aborted === true) open.queue.fail(cancelled());
          else {
            signal?.addEventListener('abort', onAbort, { once: true });
            streams.set(id, open);
            if (wire !== undefined) sendStream(id, open);
          }
          return open.queue;
        },
      };
    },

    get status() {
      return status;
    },
    onStatus(listener) {
      statusListeners.add(listener);
      return () => statusListeners.delete(listener);
    },
    close: () => closeForGood(closedForGood()),
  };

  attempt();
  return client;
}
