import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { AppError, isCancelled } from '#shared/model/errors';
import { connect, type ConnectOptions } from '#shared/rpc/connect';
import { call, stream, type Client, type Handlers, type Numbered, type Wire } from '#shared/rpc/define';
import { serve, type ServeOptions } from '#shared/rpc/serve';
import { transports, type TestTransport } from './transports';

const contract = {
  echo: call(z.object({ value: z.json() }), z.object({ value: z.json() })),
  add: call(z.object({ a: z.number(), b: z.number() }), z.number()),
  account: call(z.object({}), z.object({ name: z.string(), owner: z.object({ id: z.number() }) })),
  wrong: call(z.object({}), z.number()),
  fail: call(z.object({ kind: z.enum(['app', 'plain']) }), z.object({})),
  wait: call(z.object({}), z.object({})),
  count: stream(z.object({ to: z.number() }), z.object({ n: z.number() })),
  failing: stream(z.object({}), z.number()),
  silent: stream(z.object({}), z.number()),
};
type TestContract = typeof contract;

/** What the handlers saw. */
interface Seen {
  aborted: string[];
  pulled: number;
  returned: number;
  afters: number[];
  inputs: unknown[];
}

function waitForAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new AppError('CANCELLED', 'The handler was told.')), {
      once: true,
    });
  });
}

function createHandlers(seen: Seen): Handlers<TestContract> {
  // An answer with more than the contract names, and one of the wrong type, as a defect would give them.
  const account = { name: 'Ada', password: 'hunter2', owner: { id: 1, token: 'hunter3' } };
  const wrong = z.custom<number>(() => true).parse('seven');
  return {
    echo: ({ value }) => Promise.resolve({ value }),
    add: (input) => {
      seen.inputs.push(input);
      return Promise.resolve(input.a + input.b);
    },
    account: () => Promise.resolve(account),
    wrong: () => Promise.resolve(wrong),
    fail: ({ kind }) =>
      Promise.reject(
        kind === 'plain'
          ? new Error('The disk fell off.')
          : new AppError('TARGET_NOT_EMPTY', 'The table public.users has rows.', {
              hint: 'Empty it.',
              retryable: true,
              step: 'database.data',
              unit: 'public.users',
              details: { rows: '12' },
              cause: new AppError('DATABASE_PERMISSION_DENIED', 'No right.'),
            }),
      ),
    wait: async (_input, { signal }) => {
      signal.addEventListener('abort', () => seen.aborted.push('wait'));
      return waitForAbort(signal);
    },
    async *count({ to }, { after, signal }) {
      seen.afters.push(after);
      signal.addEventListener('abort', () => seen.aborted.push('count'));
      try {
        for (let n = after + 1; n < to; n += 1) {
          seen.pulled += 1;
          await Promise.resolve();
          yield { seq: n, event: { n } };
        }
      } finally {
        seen.returned += 1;
      }
    },
    async *failing() {
      yield { seq: 0, event: 1 };
      await Promise.resolve();
      throw new AppError('SOURCE_LOST', 'The source went away.', { retryable: true });
    },
    async *silent(_input, { signal }) {
      signal.addEventListener('abort', () => seen.aborted.push('silent'));
      await new Promise(() => {});
      yield { seq: 0, event: 0 };
    },
  };
}

async function collect<E>(events: AsyncIterable<Numbered<E>>): Promise<Numbered<E>[]> {
  const all: Numbered<E>[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function failure(promise: Promise<unknown>): Promise<AppError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

/** Waits for something that comes at once on an idle machine and later on a busy one. */
const eventually = (holds: () => void) => vi.waitFor(holds, { timeout: 10_000, interval: 5 });

const status = (client: Client<TestContract>, wanted: string) =>
  eventually(() => expect(client.status).toBe(wanted));

describe.each(transports)('the contract over %s', (_name, createTransport) => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  interface Setup {
    client: Client<TestContract>;
    transport: TestTransport;
    seen: Seen;
    serverWires: Wire[];
  }

  async function setUp(options: ConnectOptions = {}, serveOptions?: ServeOptions): Promise<Setup> {
    const seen: Seen = { aborted: [], pulled: 0, returned: 0, afters: [], inputs: [] };
    const serverWires: Wire[] = [];
    const transport = await createTransport((wire) => {
      serverWires.push(wire);
      serve(wire, contract, createHandlers(seen), serveOptions);
    });
    const client = connect(contract, (signal) => transport.open(signal), {
      backoff: { firstMs: 5, maxMs: 20 },
      ...options,
    });
    cleanups.push(
      () => transport.close(),
      () => client.close(),
    );
    return { client, transport, seen, serverWires };
  }

  test('answers calls, many at a time', async () => {
    const { client } = await setUp();
    const sums = await Promise.all(Array.from({ length: 200 }, (_, n) => client.call('add', { a: n, b: 1 })));
    expect(sums).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    expect(client.status).toBe('open');
  });

  test('carries any JSON value unchanged', async () => {
    const { client } = await setUp();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const input = z.json().parse(JSON.parse(JSON.stringify(value)));
        expect(await client.call('echo', { value: input })).toEqual({ value: input });
      }),
      { numRuns: 200 },
    );
  });

  test('refuses input that the contract does not allow, before the handler sees it', async () => {
    const { client, seen } = await setUp();
    const input = z.custom<{ a: number; b: number }>(() => true).parse({ a: 'one', b: 2 });
    const error = await failure(client.call('add', input));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('a:');
    expect(seen.inputs).toEqual([]);
  });

  test('strips what the contract does not name from an answer, at depth', async () => {
    const { client } = await setUp();
    expect(await client.call('account', {})).toEqual({ name: 'Ada', owner: { id: 1 } });
  });

  test('reports an answer that breaks the contract as a defect', async () => {
    const { client } = await setUp();
    const error = await failure(client.call('wrong', {}));
    expect(error.code).toBe('INTERNAL');
    expect(error.message).toContain('wrong');
  });

  test('carries an AppError with all its facts', async () => {
    const { client } = await setUp();
    const error = await failure(client.call('fail', { kind: 'app' }));
    expect(error.toShape()).toEqual({
      code: 'TARGET_NOT_EMPTY',
      message: 'The table public.users has rows.',
      hint: 'Empty it.',
      retryable: true,
      step: 'database.data',
      unit: 'public.users',
      details: { rows: '12' },
      cause: { code: 'DATABASE_PERMISSION_DENIED', message: 'No right.', retryable: false },
    });
  });

  test('turns any other error into INTERNAL', async () => {
    const { client } = await setUp();
    const error = await failure(client.call('fail', { kind: 'plain' }));
    expect(error.code).toBe('INTERNAL');
    expect(error.message).toBe('The disk fell off.');
  });

  test('cancels a call on both sides', async () => {
    const { client, seen } = await setUp();
    await client.call('add', { a: 1, b: 1 });
    const controller = new AbortController();
    const waiting = failure(client.call('wait', {}, { signal: controller.signal }));
    await client.call('add', { a: 1, b: 1 });
    controller.abort();
    expect(isCancelled(await waiting)).toBe(true);
    await eventually(() => expect(seen.aborted).toEqual(['wait']));
    expect(await client.call('add', { a: 2, b: 2 })).toBe(4);
  });

  test('does not send a call whose signal has aborted', async () => {
    const { client, seen } = await setUp();
    const error = await failure(client.call('add', { a: 1, b: 1 }, { signal: AbortSignal.abort() }));
    expect(error.code).toBe('CANCELLED');
    await client.call('account', {});
    expect(seen.inputs).toEqual([]);
  });

  test('streams every event in order, and ends', async () => {
    const { client } = await setUp();
    const events = await collect(client.stream('count', { to: 1000 }));
    expect(events).toEqual(Array.from({ length: 1000 }, (_, n) => ({ seq: n, event: { n } })));
  });

  test('streams what comes after a number', async () => {
    const { client, seen } = await setUp();
    const events = await collect(client.stream('count', { to: 10 }, { after: 6 }));
    expect(events.map(({ seq }) => seq)).toEqual([7, 8, 9]);
    expect(seen.afters).toEqual([6]);
  });

  test('carries the failure of a stream after its events', async () => {
    const { client } = await setUp();
    const iterator = client.stream('failing', {})[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: { seq: 0, event: 1 } });
    const error = await failure(iterator.next());
    expect(error.code).toBe('SOURCE_LOST');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('never pulls more events than the client has granted', async () => {
    const { client, seen } = await setUp({ window: 8 });
    const iterator = client.stream('count', { to: 1_000_000 })[Symbol.asyncIterator]();
    await eventually(() => expect(seen.pulled).toBe(8));
    for (let read = 1; read <= 100; read += 1) {
      await iterator.next();
      // A round trip, so that credit that was sent has arrived.
      await client.call('add', { a: 1, b: 1 });
      expect(seen.pulled).toBeLessThanOrEqual(read + 8);
    }
    await iterator.return?.();
    await eventually(() => expect(seen.returned).toBe(1));
  });

  test.each([1, 2, 3, 64])('gets all events through a window of %i', async (window) => {
    const { client } = await setUp({ window });
    expect(await collect(client.stream('count', { to: 150 }))).toHaveLength(150);
  });

  test('stops the handler when the consumer leaves the loop', async () => {
    const { client, seen } = await setUp({ window: 4 });
    for await (const { seq } of client.stream('count', { to: 1_000_000 })) {
      if (seq === 10) break;
    }
    await eventually(() => expect(seen.returned).toBe(1));
    expect(seen.aborted).toEqual(['count']);
    expect(seen.pulled).toBeLessThan(20);
  });

  test('stops a stream by its signal, also while it waits for an event', async () => {
    const { client, seen } = await setUp();
    const controller = new AbortController();
    const reading = failure(collect(client.stream('silent', {}, { signal: controller.signal })));
    await client.call('add', { a: 1, b: 1 });
    controller.abort();
    expect((await reading).code).toBe('CANCELLED');
    await eventually(() => expect(seen.aborted).toEqual(['silent']));
  });

  test('aborts what is in flight on the host when the client goes away', async () => {
    const { client, seen } = await setUp();
    const waiting = failure(client.call('wait', {}));
    const reading = failure(collect(client.stream('silent', {})));
    await client.call('add', { a: 1, b: 1 });
    client.close();
    expect((await waiting).code).toBe('CONNECTION_LOST');
    expect((await reading).code).toBe('CONNECTION_LOST');
    expect(client.status).toBe('closed');
    expect((await failure(client.call('add', { a: 1, b: 1 }))).code).toBe('CONNECTION_LOST');
    await eventually(() => expect(seen.aborted.sort()).toEqual(['silent', 'wait']));
  });

  test('reconnects: calls in flight are lost, streams go on after the last event', async () => {
    const { client, transport, seen } = await setUp({ window: 4 });
    await status(client, 'open');
    const statuses: string[] = [];
    client.onStatus((next) => statuses.push(next));
    const waiting = failure(client.call('wait', {}));
    const events: number[] = [];
    for await (const { seq } of client.stream('count', { to: 60 })) {
      events.push(seq);
      if (seq === 20 || seq === 40) {
        transport.cut();
        await eventually(() => expect(statuses.filter((one) => one === 'connecting')).toHaveLength(seq / 20));
      }
    }
    expect(events).toEqual(Array.from({ length: 60 }, (_, n) => n));
    expect(seen.afters).toHaveLength(3);
    const lost = await waiting;
    expect(lost.code).toBe('CONNECTION_LOST');
    expect(lost.retryable).toBe(true);
    expect(statuses).toEqual(['connecting', 'open', 'connecting', 'open']);
    expect(await client.call('add', { a: 1, b: 1 })).toBe(2);
  });

  test('keeps trying while the host is away, and says so to calls', async () => {
    const { client, transport } = await setUp();
    await status(client, 'open');
    const reading = collect(client.stream('count', { to: 200 }));
    transport.refuse(true);
    transport.cut();
    await status(client, 'connecting');
    const error = await failure(client.call('add', { a: 1, b: 1 }));
    expect(error.code).toBe('CONNECTION_LOST');
    transport.refuse(false);
    await status(client, 'open');
    expect(await reading).toHaveLength(200);
  });

  test('both sides notice a peer that has gone silent', async () => {
    const heartbeat = { intervalMs: 20, missedLimit: 3 };
    const { client, seen } = await setUp({ heartbeat }, { heartbeat });
    await status(client, 'open');
    // A hundred beats of an idle but living connection.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(client.status).toBe('open');
    const statuses: string[] = [];
    client.onStatus((next) => statuses.push(next));

    let serverClosed = false;
    const silentServer = await createTransport((wire) => wire.onClose(() => (serverClosed = true)));
    cleanups.push(() => silentServer.close());
    const other = connect(contract, (signal) => silentServer.open(signal), { heartbeat });
    cleanups.push(() => other.close());
    const waiting = await failure(other.call('wait', {}));
    expect(waiting.code).toBe('CONNECTION_LOST');
    await eventually(() => expect(serverClosed).toBe(true));

    const silentClient = await createTransport((wire) =>
      serve(wire, contract, createHandlers(seen), { heartbeat }),
    );
    cleanups.push(() => silentClient.close());
    const wire = await silentClient.open(new AbortController().signal);
    wire.send({ t: 'call', id: 1, op: 'wait', input: {} });
    await eventually(() => expect(seen.aborted).toEqual(['wait']));
    expect(statuses).toEqual([]);
  });

  test('nothing that a client sends makes the server fail', async () => {
    const { client, transport } = await setUp();
    const wire = await transport.open(new AbortController().signal);
    const refused = new Set<number>();
    const refusal = z.object({
      t: z.literal('error'),
      id: z.number(),
      error: z.object({ code: z.literal('INVALID_INPUT') }),
    });
    wire.onMessage((message) => {
      const parsed = refusal.safeParse(message);
      if (parsed.success) refused.add(parsed.data.id);
    });
    const field = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(1, 'add', 'count', '__proto__', 'constructor', 'toString'),
    );
    const almost = fc.record(
      {
        t: fc.constantFrom('call', 'stream', 'credit', 'cancel', 'value', 'ping', 'pong', 'x'),
        id: field,
        op: field,
        input: field,
        after: field,
        credit: field,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(almost, fc.jsonValue()), (message) => wire.send(message)),
      { numRuns: 500 },
    );
    wire.send({ t: 'call', id: 900_001, op: 'no.such', input: {} });
    wire.send({ t: 'call', id: 900_002, op: '__proto__', input: {} });
    wire.send({ t: 'call', id: 900_003, op: 'count', input: {} });
    wire.send({ t: 'stream', id: 900_004, op: 'add', input: {}, after: -1, credit: 1 });
    wire.send({ t: 'stream', id: 900_005, op: 'count', input: {}, after: 'x', credit: 1 });
    await eventually(() => {
      for (const id of [900_001, 900_002, 900_003, 900_004, 900_005]) expect(refused).toContain(id);
    });
    expect(await client.call('add', { a: 20, b: 22 })).toBe(42);
    wire.close();
  });

  test('a client ignores what it cannot read', async () => {
    const { client, serverWires } = await setUp();
    await status(client, 'open');
    const [wire] = serverWires;
    for (const message of [
      null,
      7,
      'x',
      { t: 'value' },
      { t: 'event', id: 0, seq: 'x' },
      { t: 'end', id: 99 },
    ]) {
      wire?.send(message);
    }
    expect(await client.call('add', { a: 1, b: 2 })).toBe(3);
  });
});

test('a refusal that is final closes the client, with its own error', async () => {
  const client = connect(contract, () =>
    Promise.reject(new AppError('CONNECTION_LOST', 'The host has ended.', { hint: 'Start it again.' })),
  );
  const error = await failure(collect(client.stream('count', { to: 3 })));
  expect(error.hint).toBe('Start it again.');
  expect(client.status).toBe('closed');
  expect((await failure(client.call('account', {}))).message).toBe('The host has ended.');
});
