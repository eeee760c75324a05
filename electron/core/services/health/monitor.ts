import type { Finding, HealthState } from '#shared/model/health';
import { type Asked, type Blame, blame, dependencyDown, networkLost } from './blame';
import {
  type CheckDefinition,
  type CheckOutcome,
  failedOutcome,
  judgeSpeed,
  stateOf,
  withinInterval,
} from './check';
import { type CheckState, failuresInARow, initialState, interrupt, observe } from './check-state';
import { inParallel, within } from './run-check';
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
  /** Their time-outs are bounded by their intervals. */
  checks: readonly CheckDefinition[];
  clock?: MonitorClock;
  /** Runs at the same time. One that has gone on for a moment only waits, and no longer counts. */
  concurrency?: number;
  /** Whether this machine has an address besides loopback. */
  hasNetwork: () => boolean;
  onSample?: (sample: Sample) => void;
  onTransition?: (transition: Transition) => void;
  /** Something that a view shows has changed. */
  onChange?: () => void;
}

/** Which checks to run on request. */
export interface WhichChecks {
  /** Those of one service; otherwise all that are not costly. */
  service?: string | undefined;
  /** Only those whose interval has passed since they last ran, or that say something else than what is believed. */
  due?: boolean | undefined;
}

export interface Monitor {
  start(): void;
  /**
   * Runs checks until their state is believed: once when it is well, more often when it is not.
   */
  checkNow(which: WhichChecks, signal: AbortSignal): Promise<void>;
  checks(): MonitoredCheck[];
  stop(): Promise<void>;
}

const keptLatencies = 60;
/** Share of its interval after which a check counts as due on request, so that it is not put off by a moment. */
const nearlyDue = 0.9;
/** Rounds of a check on request: evidence and one to spare for a check whose dependency had to be asked first. */
const settleRounds = 3;
/** Longest silence of the timer: by it sleep and a set clock are noticed. */
const heartbeatMs = 5000;
/** A run that has gone on for so long costs nothing but its place, which others may need. */
const waitsAfterMs = 250;
/** Runs at the same time, those included that only wait. */
const mostRuns = 60;
/** More than this without a result is not counted to the state before. */
const coveredIntervals = 3;

interface Entry extends Asked {
  check: CheckState;
  /** {@link CheckState.state} with dependencies taken into account, and since when. */
  shown: { state: HealthState; since: number };
  dueAt: number;
  running?: { stop: AbortController; since: number };
  /** The last run failed, and whether the service is to blame has to be asked elsewhere first. */
  unclear?: boolean;
  coveredUntil: number;
  recent: (number | null)[];
}

/** Watches services. Each check runs at most once at a time; what could not run during a sleep is not made up for. */
export function createMonitor(options: MonitorOptions): Monitor {
  const clock = options.clock ?? systemClock;
  const limit = options.concurrency ?? 6;
  const startedAt = clock.wall();
  const entries = new Map<string, Entry>(
    options.checks.map(withinInterval).map((definition) => [
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
      // What is asked once a day is not forgotten by a nap, and not asked again.
      if (entry.definition.costly === true && entry.running === undefined && entry.last !== undefined) {
        entry.coveredUntil = monotonic;
        continue;
      }
      entry.running?.stop.abort();
      delete entry.running;
      delete entry.failingSince;
      delete entry.unclear;
      entry.check = interrupt(entry.check, since);
      entry.coveredUntil = monotonic;
      entry.dueAt = monotonic + firstDelay(entry.definition, clock.random());
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

  const onWhich = ({ definition: { dependsOn } }: Entry): Entry | undefined =>
    dependsOn === undefined ? undefined : entries.get(dependsOn);

  /** A check that depends on a failing one is not down: nothing is known of it. */
  const masked = (entry: Entry): Entry | undefined => {
    const on = onWhich(entry);
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

  /** What a failure says of the service, as far as is known; others are asked at once where that is needed. */
  const judge = (entry: Entry, outcome: CheckOutcome): Blame['verdict'] => {
    const { verdict, ask } = blame({
      entry,
      outcome,
      on: onWhich(entry),
      all: [...entries.values()],
      hasNetwork: options.hasNetwork,
    });
    for (const other of ask) other.dueAt = Math.min(other.dueAt, clock.monotonic());
    return verdict;
  };

  const record = (entry: Entry, given: CheckOutcome, durationMs: number): void => {
    const [at, monotonic] = [clock.wall(), clock.monotonic()];
    const { definition } = entry;
    const latencyMs = given.latencyMs ?? durationMs;
    let outcome = judgeSpeed(given, latencyMs, definition.slowMs);
    let raw = stateOf(outcome.findings);
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
    // The others have answered since it first failed, so that failure counts too.
    if (entry.unclear === true && raw === 'down' && verdict === 'believe')
      entry.check = observe(entry.check, raw, at);
    if (verdict !== 'unclear') entry.check = observe(entry.check, raw, at);
    entry.unclear = verdict === 'unclear';
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
        tookMs: durationMs,
        failures: failuresInARow(entry.check),
        doubtful: verdict === 'unclear' || (raw !== 'unknown' && raw !== believed),
        random: clock.random(),
      });
    options.onChange?.();
  };

  const run = async (entry: Entry): Promise<void> => {
    const stop = new AbortController();
    const started = clock.monotonic();
    const running = { stop, since: started };
    entry.running = running;
    const { definition } = entry;
    let outcome: CheckOutcome;
    try {
      outcome = await within(definition, stop, clock);
    } catch (error) {
      outcome = failedOutcome(error);
    }
    // Forgotten meanwhile: the machine slept, or watching has stopped.
    if (entry.running !== running) return;
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

  /** When the runs that began lately turn into ones that only wait; monotonic. */
  const busyUntil = (now: number): number[] =>
    [...entries.values()].flatMap(({ running }) =>
      running === undefined || running.since + waitsAfterMs <= now ? [] : running.since + waitsAfterMs,
    );

  const arm = (): void => {
    disarm?.();
    disarm = undefined;
    if (stopped || !started) return;
    const room = Math.min(limit - busyUntil(clock.monotonic()).length, mostRuns - active.size);
    for (const entry of due().slice(0, Math.max(0, room))) void launch(entry);
    const now = clock.monotonic();
    const waiting = [...entries.values()].filter((entry) => entry.running === undefined && entry.dueAt > now);
    const moments = [...waiting.map((entry) => entry.dueAt), ...(due().length > 0 ? busyUntil(now) : [])];
    const next = Math.min(heartbeatMs, ...moments.map((moment) => moment - now));
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
      for (const entry of entries.values()) entry.dueAt = now + firstDelay(entry.definition, clock.random());
      arm();
    },
    async checkNow({ service, due: onlyDue = false }, signal) {
      const rests = ({ definition, last, check }: Entry) =>
        last !== undefined &&
        last.raw === check.state &&
        clock.monotonic() - last.monotonic < definition.intervalMs * nearlyDue;
      const asked = ({ service: { id }, costly = false }: CheckDefinition) =>
        service === undefined ? !costly : id === service;
      const chosen = [...entries.values()].filter(
        (entry) => asked(entry.definition) && !(onlyDue && rests(entry)),
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
          : { last: dependencyDown(entry.last, entry.shown.state, masked(entry)?.definition) }),
        failures: failuresInARow(entry.check),
        recent: entry.recent,
      })),
    async stop() {
      stopped = true;
      disarm?.();
      for (const entry of entries.values()) {
        entry.running?.stop.abort();
        delete entry.running;
      }
      await Promise.all(active);
    },
  };
}
