import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import tls from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import autocannon from 'autocannon';
import { z } from 'zod';

/**
 * The load generator, in a thread of its own: it must not be late because the core is busy, nor make the core late. Told `stop`, it ends
 * early and answers with what it has. Without imports of ours, so that it runs from the source and from the bundle.
 */
const planSchema = z.object({
  origin: z.string(),
  routes: z.array(z.object({ path: z.string(), users: z.number() })),
  headers: z.record(z.string(), z.string()),
  rampMs: z.number(),
  holdMs: z.number(),
  timeoutMs: z.number(),
});
type Plan = z.infer<typeof planSchema>;

const tickMs = 250;
const secondTicks = 4;
/** Users come in so many groups. */
const rampGroups = 10;
/** Ten minutes in microseconds: longer than any request may take. */
const longest = 600_000_000;

// autocannon trusts every certificate, and writes before the handshake has ended. A token must not go to a server that has not proven who
// it is: what is written waits for that.
const connect = tls.connect.bind(tls);
Object.defineProperty(tls, 'connect', {
  value: (port: number, host: string, options: tls.ConnectionOptions) => {
    const socket = connect(port, host, { ...options, rejectUnauthorized: true });
    socket.cork();
    return socket.once('secureConnect', () => socket.uncork());
  },
});

class Meter {
  #began = performance.now();
  readonly #latencies: RecordableHistogram = createHistogram({ lowest: 1, highest: longest, figures: 3 });
  #bytes = 0;
  #errors = 0;
  #unanswered = 0;
  #kinds = new Map<string, number>();

  answer(status: number, ms: number, bytes: number): void {
    this.#latencies.record(Math.max(1, Math.min(longest, Math.round(ms * 1000))));
    this.#bytes += bytes;
    if (status >= 400) this.failure(`status ${status}`);
  }

  failure(kind: string): void {
    this.#errors += 1;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  noAnswer(kind: string): void {
    this.#unanswered += 1;
    this.failure(kind);
  }

  figures(now: number) {
    const { count } = this.#latencies;
    const requests = count + this.#unanswered;
    const ms = (micros: number) => micros / 1000;
    return {
      requests,
      perSecond: now > this.#began ? (requests * 1000) / (now - this.#began) : 0,
      errors: this.#errors,
      errorKinds: Object.fromEntries(this.#kinds),
      bytes: this.#bytes,
      ...(count === 0
        ? {}
        : {
            p50: ms(this.#latencies.percentile(50)),
            p95: ms(this.#latencies.percentile(95)),
            p99: ms(this.#latencies.percentile(99)),
            max: ms(this.#latencies.max),
          }),
    };
  }

  clear(now: number): void {
    this.#began = now;
    this.#latencies.reset();
    this.#bytes = 0;
    this.#errors = 0;
    this.#kinds = new Map();
    this.#unanswered = 0;
  }
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'FAILED';
  if (error.message === 'request timed out') return 'TIMED_OUT';
  return 'code' in error && typeof error.code === 'string' ? error.code : 'FAILED';
}

async function generate(plan: Plan): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('This runs as a thread.');
  const total = new Meter();
  const second = new Meter();
  const routes = plan.routes.map((route) => ({ ...route, meter: new Meter() }));
  const instances: autocannon.Instance[] = [];
  let users = 0;

  const join = (route: (typeof routes)[number], connections: number): void => {
    if (connections === 0) return;
    users += connections;
    const all = [total, second, route.meter];
    const instance = autocannon(
      {
        url: `${plan.origin}${route.path}`,
        connections,
        headers: plan.headers,
        // It is stopped from here; this bounds it should the thread hang.
        duration: Math.ceil((plan.rampMs + plan.holdMs) / 1000) + 60,
        timeout: plan.timeoutMs / 1000,
        skipAggregateResult: true,
      },
      // What it sums up is measured here, and its failures come as events too.
      () => undefined,
    );
    instance.on('response', (_client, status, bytes, ms) => {
      for (const meter of all) meter.answer(status, ms, bytes);
    });
    instance.on('reqError', (error) => {
      for (const meter of all) meter.noAnswer(kindOf(error));
    });
    instances.push(instance);
  };

  const started = performance.now();
  let holdAt: number | undefined;
  let joined = 0;
  let ticks = 0;
  let recent = second.figures(started);
  const stopping = new AbortController();
  port.on('message', () => stopping.abort());
  let busyFrom = performance.eventLoopUtilization();
  for (;;) {
    const now = performance.now();
    const elapsedMs = now - started;
    const due = plan.rampMs === 0 ? rampGroups : Math.floor((elapsedMs / plan.rampMs) * (rampGroups - 1)) + 1;
    for (; joined < Math.min(rampGroups, due); joined += 1) {
      for (const route of routes) {
        const upTo = (group: number) => Math.round((route.users * group) / rampGroups);
        join(route, upTo(joined + 1) - upTo(joined));
      }
    }
    if (holdAt === undefined && elapsedMs >= plan.rampMs) {
      holdAt = now;
      for (const meter of [total, ...routes.map(({ meter }) => meter)]) meter.clear(now);
      busyFrom = performance.eventLoopUtilization();
    }
    const over = holdAt !== undefined && now - holdAt >= plan.holdMs;
    ticks += 1;
    if (ticks % secondTicks === 0) {
      recent = second.figures(now);
      second.clear(now);
    }
    const phase = holdAt === undefined ? 'ramp' : 'hold';
    port.postMessage({ type: 'tick', tick: { phase, elapsedMs, users, recent, total: total.figures(now) } });
    if (over || stopping.signal.aborted) {
      port.postMessage({
        type: 'done',
        measurement: {
          measuredMs: now - (holdAt ?? started),
          total: total.figures(now),
          routes: routes.map(({ path, users: of, meter }) => ({ path, users: of, ...meter.figures(now) })),
          generatorBusy: performance.eventLoopUtilization(busyFrom).utilization,
        },
      });
      for (const instance of instances) instance.stop();
      return;
    }
    const untilEnd = holdAt === undefined ? plan.rampMs - elapsedMs : holdAt + plan.holdMs - now;
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, Math.min(tickMs, untilEnd))));
  }
}

await generate(planSchema.parse(workerData));
