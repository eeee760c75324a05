import { evidenceNeeded } from './check-state';

/** A failing service is asked more seldom, up to this; more would hide its return for longer than two intervals. */
const slowestFactor = 1.5;
/** A doubtful service is asked again after this part of its interval, so that the evidence is there within two intervals. */
const confirmPart = 3;
const shortestMs = 1000;

/** How far runs are spread around their moment, so that many checks do not run at once. */
const jitter = 0.1;

/**
 * Milliseconds until the next run of a check, counted from the start of the last one, which took `tookMs`. After a run that contradicts
 * the state soon, so that it is confirmed or refuted; after many failures later, up to one and a half intervals. `random` is from 0 to 1.
 */
export function nextDelay(options: {
  intervalMs: number;
  tookMs: number;
  failures: number;
  /** The last run spoke against the state. */
  doubtful: boolean;
  random: number;
}): number {
  const { intervalMs, tookMs, failures, doubtful, random } = options;
  const spread = 1 + jitter * (2 * random - 1);
  const shortest = Math.min(shortestMs, intervalMs);
  if (doubtful) return Math.max(0, Math.max(shortest, (intervalMs / confirmPart) * spread) - tookMs);
  const beyond = Math.max(0, failures - evidenceNeeded - 1);
  return Math.max(
    shortest,
    Math.min(intervalMs * slowestFactor, intervalMs * 1.1 ** beyond * spread) - tookMs,
  );
}

/** What a wake-up found out about the time that passed. */
export type TimePassed =
  | { kind: 'steady' }
  /** The process did not run, or the clock was set: nothing is known since `lastSeen`. */
  | { kind: 'interrupted'; why: 'slept' | 'clock-set' };

/** How late a wake-up may be, and how far both clocks may part, before it counts. A busy machine is not asleep. */
const toleranceMs = 15_000;

/**
 * Compares both clocks with what was expected. On some systems the monotonic clock stands still while the machine sleeps, so that a
 * sleep looks as if the clock had been set forward; both mean that nothing is known of the time between.
 */
export function timePassed(expectedMs: number, wallMs: number, monotonicMs: number): TimePassed {
  if (monotonicMs - expectedMs > toleranceMs) return { kind: 'interrupted', why: 'slept' };
  if (wallMs - monotonicMs > toleranceMs) return { kind: 'interrupted', why: 'slept' };
  if (monotonicMs - wallMs > toleranceMs) return { kind: 'interrupted', why: 'clock-set' };
  return { kind: 'steady' };
}

/**
 * Milliseconds until a first run, or the first one after a sleep: spread over a few seconds, and within one interval. What is costly waits
 * for minutes, so that a short session spares it.
 */
export function firstDelay(
  { intervalMs, costly = false }: { intervalMs: number; costly?: boolean },
  random: number,
): number {
  return random * Math.min(intervalMs, costly ? 600_000 : 4000);
}
