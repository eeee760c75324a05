import { isLoopbackHost } from './loopback';
import type { Finding, HealthState } from '#shared/model/health';
import {
  type CheckDefinition,
  type CheckOutcome,
  failedOutcome,
  finding,
  looksLikeNetwork,
  noAnswer,
  stateOf,
} from './check';
import { type CheckState, failuresInARow, initialState, interrupt, observe } from './check-state';
import { firstDelay, nextDelay, timePassed } from './schedule';

/** Time as the monitor sees it; tests give one of their own. */
export interface MonitorClock {
  /** Milliseconds since 1970, as the system's clock shows them. */
  wall(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Calls once after some milliseconds; answers how to take that back. */
  after(ms: number, call: () => void): () => void;
  /** From 0 to 1. */
  random(): number;
}

export const systemClock: MonitorClock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** A result as the history keeps it. */
export interface Sample {
  check: string;
  /** Milliseconds since 1970. */
  at: number;
  state: HealthState;
  /** Absent when there was no good answer. */
  latencyMs?: number;
  /** The time since the sample before, and the state that it is counted to; by the monotonic clock, without sleep. */
  covered: { state: HealthState; ms: number };
}

export interface Transition {
  definition: CheckDefinition;
  from: HealthState;
  to: HealthState;
  at: number;
  /** What speaks for the new state, the worst first. */
  findings: readonly Finding[];
}

/** A check as the monitor knows it. */
export interface MonitoredCheck {
  readonly definition: CheckDefinition;
  /** After dependencies were taken into account. */
  readonly state: HealthState;
  readonly since: number;
  readonly last?: { at: number; latencyMs: number; outcome: CheckOutcome };
  readonly failures: number;
  /** Oldest first; null for a failure. */
  readonly recent: readonly (number | null)[];
}

export interface MonitorOptions {
  checks: readonly CheckDefinition[];
  clock?: MonitorClock;
  /** Runs at the same time. */
  concurrency?: number;
  /** Whether this machine has an address besides loopback. */
  hasNetwork: () => boolean;
  onSample?: (sample: Sample) => void;
  onTransition?: (transition: Transition) => void;
  /** Something that a view shows has changed. */
  onChange?: () => void;
}

export interface Monitor {
  start(): void;
  /** Runs every check, or those of one service, until its state is believed: once when it is well, more often when it is not. */
  checkNow(service: string | undefined, signal: AbortSignal): Promise<void>;
  checks(): MonitoredCheck[];
  stop(): Promise<void>;
}

const keptLatencies = 60;
/** Rounds of a check on request: evidence and one to spare for a check whose dependency had to be asked first. */
const settleRounds = 3;
/** Longest silence of the timer: by it sleep and a set clock are noticed. */
const heartbeatMs = 5000;
/** More than this without a result is not counted to the state before. */
const coveredIntervals = 3;

interface Entry {
  definition: CheckDefinition;
  check: CheckState;
  /** {@link CheckState.state} with dependencies taken into account, and since when. */
  shown: { state: HealthState; since: number };
  last?: { at: number; monotonic: number; latencyMs: number; outcome: CheckOutcome; raw: HealthState };
  /** Monotonic time of the first failure in a row. */
  failingSince?: number;
  dueAt: number;
  running?: AbortController;
  coveredUntil: number;
  recent: (number | null)[];
}

/** Watches services. Each check runs at most once at a time; what could not run during a sleep is not made up for. */
export function createMonitor(options: MonitorOptions): Monitor {
  const clock = options.clock ?? systemClock;
  const limit = options.concurrency ?? 6;
  const startedAt = clock.wall();
  const entries = new Map<string, Entry>(
    options.checks.map((definition) => [
      definition.id,
      {
        definition,
        check: initialState(startedAt),
        shown: { state: 'unknown', since: startedAt },
        dueAt: 0,
        coveredUntil: clock.monotonic(),
        recent: [],
      },
    ]),
  );
  const active = new Set<Promise<void>>();
  let stopped = false;
  let disarm: (() => void) | undefined;
  let seen = { wall: clock.wall(), monotonic: clock.monotonic(), expected: 0 };

  const notice = (): void => {
    const [wall, monotonic] = [clock.wall(), clock.monotonic()];
    const passed = timePassed(seen.expected, wall - seen.wall, monotonic - seen.monotonic);
    if (passed.kind === 'interrupted') forget(Math.min(seen.wall, wall), wall, monotonic);
    seen = { wall, monotonic, expected: 0 };
  };

  /** Results that were under way say nothing any more, and nothing is known of the time between. */
  const forget = (since: number, wall: number, monotonic: number): void => {
    for (const entry of entries.values()) {
      entry.running?.abort();
      delete entry.running;
      delete entry.failingSince;
      entry.check = interrupt(entry.check, since);
      entry.coveredUntil = monotonic;
      entry.dueAt = monotonic + firstDelay(entry.definition.intervalMs, clock.random());
      show(entry, 'unknown', wall, []);
      entry.shown.since = Math.min(entry.shown.since, since);
    }
    options.onChange?.();
  };

  const show = (entry: Entry, state: HealthState, at: number, findings: readonly Finding[]): void => {
    if (entry.shown.state === state) return;
    const from = entry.shown.state;
    entry.shown = { state, since: at };
    options.onTransition?.({ definition: entry.definition, from, to: state, at, findings });
  };

  /** A check that depends on a failing one is not down: nothing is known of it. */
  const masked = (entry: Entry): Entry | undefined => {
    const on = entry.definition.dependsOn === undefined ? undefined : entries.get(entry.definition.dependsOn);
    return on?.last?.raw === 'down' && on.failingSince !== undefined ? on : undefined;
  };

  const showAll = (at: number): void => {
    for (const entry of entries.values()) {
      const { state } = entry.check;
      const bad = state === 'down' || state === 'degraded';
      show(
        entry,
        bad && masked(entry) !== undefined ? 'unknown' : state,
        at,
        entry.last?.outcome.findings ?? [],
      );
    }
  };

  /** Whether a failure may be held against the service. `unclear`: others are asked first. */
  const judge = (entry: Entry, outcome: CheckOutcome): 'believe' | 'unclear' | 'lost' => {
    const since = entry.failingSince ?? 0;
    const on = entry.definition.dependsOn === undefined ? undefined : entries.get(entry.definition.dependsOn);
    if (on !== undefined && (on.last?.monotonic ?? -1) < since) {
      on.dueAt = Math.min(on.dueAt, clock.monotonic());
      return 'unclear';
    }
    const { host } = entry.definition;
    if (host === undefined || isLoopbackHost(host) || !looksLikeNetwork(outcome.findings)) return 'believe';
    if (!options.hasNetwork()) return 'lost';
    const others = [...entries.values()].filter((other) => {
      const name = other.definition.host;
      return name !== undefined && name !== host && !isLoopbackHost(name);
    });
    const answered = others.some(
      ({ last }) => last !== undefined && last.monotonic >= since && !looksLikeNetwork(last.outcome.findings),
    );
    if (others.length === 0 || answered) return 'believe';
    const asked = others.filter(({ last }) => (last?.monotonic ?? -1) >= since);
    if (asked.length === others.length) return 'lost';
    for (const other of others) {
      if ((other.last?.monotonic ?? -1) < since) other.dueAt = Math.min(other.dueAt, clock.monotonic());
    }
    return 'unclear';
  };

  const record = (entry: Entry, given: CheckOutcome, durationMs: number): void => {
    const [at, monotonic] = [clock.wall(), clock.monotonic()];
    const { definition } = entry;
    let outcome = given;
    let raw = stateOf(outcome.findings);
    const latencyMs = outcome.latencyMs ?? durationMs;
    if (raw === 'down' || raw === 'degraded') entry.failingSince ??= monotonic - durationMs;
    else delete entry.failingSince;
    const verdict = raw === 'down' ? judge(entry, outcome) : 'believe';
    if (verdict === 'lost') {
      raw = 'unknown';
      outcome = { ...outcome, findings: [networkLost()] };
    }
    entry.last = { at, monotonic, latencyMs, outcome, raw };
    entry.recent = [...entry.recent, raw === 'healthy' || raw === 'degraded' ? latencyMs : null].slice(
      -keptLatencies,
    );
    if (verdict !== 'unclear') entry.check = observe(entry.check, raw, at);
    const before = entry.shown.state;
    showAll(at);
    const cap = definition.intervalMs * coveredIntervals + definition.timeoutMs;
    const passed = monotonic - entry.coveredUntil;
    entry.coveredUntil = monotonic;
    options.onSample?.({
      check: definition.id,
      at,
      state: entry.shown.state,
      ...(raw === 'healthy' || raw === 'degraded' ? { latencyMs } : {}),
      covered: { state: passed > cap ? 'unknown' : before, ms: Math.round(Math.min(passed, cap)) },
    });
    const believed = entry.check.state;
    entry.dueAt =
      monotonic +
      nextDelay({
        intervalMs: definition.intervalMs,
        failures: failuresInARow(entry.check),
        doubtful: verdict === 'unclear' || (raw !== 'unknown' && raw !== believed),
        random: clock.random(),
      });
    options.onChange?.();
  };

  const run = async (entry: Entry): Promise<void> => {
    const controller = new AbortController();
    entry.running = controller;
    const { definition } = entry;
    const started = clock.monotonic();
    let outcome: CheckOutcome;
    try {
      outcome = await within(definition, controller, clock);
    } catch (error) {
      outcome = failedOutcome(error);
    }
    // Forgotten meanwhile: the machine slept, or watching has stopped.
    if (entry.running !== controller) return;
    delete entry.running;
    notice();
    record(entry, outcome, clock.monotonic() - started);
  };

  const launch = (entry: Entry): Promise<void> => {
    const work = run(entry).finally(() => {
      active.delete(work);
      arm();
    });
    active.add(work);
    return work;
  };

  const due = (): Entry[] => {
    const now = clock.monotonic();
    return [...entries.values()]
      .filter((entry) => entry.running === undefined && entry.dueAt <= now)
      .sort((a, b) => a.dueAt - b.dueAt);
  };

  const arm = (): void => {
    disarm?.();
    disarm = undefined;
    if (stopped || !started) return;
    for (const entry of due().slice(0, Math.max(0, limit - active.size))) void launch(entry);
    const now = clock.monotonic();
    const waiting = [...entries.values()].filter((entry) => entry.running === undefined && entry.dueAt > now);
    const next = Math.min(heartbeatMs, ...waiting.map((entry) => entry.dueAt - now));
    seen.expected = now - seen.monotonic + next;
    disarm = clock.after(next, () => {
      notice();
      arm();
    });
  };
  let started = false;

  return {
    start() {
      if (started) return;
      started = true;
      const now = clock.monotonic();
      seen = { wall: clock.wall(), monotonic: now, expected: 0 };
      for (const entry of entries.values())
        entry.dueAt = now + firstDelay(entry.definition.intervalMs, clock.random());
      arm();
    },
    async checkNow(service, signal) {
      const chosen = [...entries.values()].filter(
        ({ definition }) => service === undefined || definition.service.id === service,
      );
      for (let round = 0; round < settleRounds; round += 1) {
        const open = round === 0 ? chosen : chosen.filter((entry) => entry.last?.raw !== entry.check.state);
        // One that runs already is not run a second time at once.
        await inParallel(open, limit, signal, async (entry) => {
          if (entry.running === undefined) await run(entry);
        });
      }
      arm();
    },
    checks: () =>
      [...entries.values()].map((entry) => ({
        definition: entry.definition,
        ...entry.shown,
        ...(entry.last === undefined
          ? {}
          : { last: withMask(entry.last, entry.shown.state, masked(entry)?.definition) }),
        failures: failuresInARow(entry.check),
        recent: entry.recent,
      })),
    async stop() {
      stopped = true;
      disarm?.();
      for (const entry of entries.values()) {
        entry.running?.abort();
        delete entry.running;
      }
      await Promise.all(active);
    },
  };
}

function withMask(
  last: NonNullable<Entry['last']>,
  shown: HealthState,
  on: CheckDefinition | undefined,
): NonNullable<MonitoredCheck['last']> {
  const { at, latencyMs, outcome } = last;
  if (shown !== 'unknown' || on === undefined) return { at, latencyMs, outcome };
  const message = `${on.service.title} does not answer, so nothing is known of this.`;
  const because = finding('DEPENDENCY_DOWN', 'unknown', message, `See to ${on.service.title} first.`);
  return { at, latencyMs, outcome: { ...outcome, summary: message, findings: [because] } };
}

function networkLost(): Finding {
  return finding(
    'NETWORK_LOST',
    'unknown',
    'This machine reaches none of the services: its own network is gone.',
    'Check the network of this machine. Watching goes on by itself.',
  );
}

/** Raced, because a library may not heed the signal in every phase. */
async function within(
  definition: CheckDefinition,
  controller: AbortController,
  clock: MonitorClock,
): Promise<CheckOutcome> {
  const late = new AbortController();
  const signal = AbortSignal.any([controller.signal, late.signal]);
  const error = noAnswer(definition.timeoutMs);
  const cancel = clock.after(definition.timeoutMs, () => late.abort(error));
  const given = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(error), { once: true });
  });
  try {
    return await Promise.race([definition.run(signal), given]);
  } finally {
    cancel();
  }
}

async function inParallel<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: Math.min(limit, items.length) }, async () => {
      for (let item = queue.shift(); item !== undefined && !signal.aborted; item = queue.shift())
        await work(item);
    }),
  );
}
