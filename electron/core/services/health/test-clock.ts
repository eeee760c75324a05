import type { MonitorClock } from './monitor';

/** A clock that stands still until a test moves it. Sleep and a set clock are played on it. */
export interface TestClock extends MonitorClock {
  /** Lets time pass, timers and the work they start included. */
  pass(ms: number): Promise<void>;
  /** The machine sleeps: the wall clock goes on; the monotonic one only if `counted`. */
  sleep(ms: number, counted?: boolean): void;
  /** Somebody sets the wall clock. */
  set(byMs: number): void;
}

export function createTestClock(start = Date.parse('2026-03-01T08:00:00Z')): TestClock {
  let wall = start;
  let monotonic = 1000;
  let timers: { at: number; call: () => void }[] = [];
  let seed = 1;
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    wall: () => wall,
    monotonic: () => monotonic,
    after(ms, call) {
      const timer = { at: monotonic + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    random() {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    async pass(ms) {
      const end = monotonic + ms;
      for (;;) {
        await settle();
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        const step = Math.max(0, next.at - monotonic);
        wall += step;
        monotonic += step;
        next.call();
      }
      wall += end - monotonic;
      monotonic = end;
      await settle();
    },
    sleep(ms, counted = false) {
      wall += ms;
      if (counted) monotonic += ms;
    },
    set(byMs) {
      wall += byMs;
    },
  };
}
