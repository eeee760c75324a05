import type { HealthState } from '#shared/model/health';

/** What a single run said, before evidence is weighed. */
export type RawState = HealthState;

/** What is known of a check. Pure data: {@link observe} and {@link interrupt} make the next one. */
export interface CheckState {
  readonly state: HealthState;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** What the last runs said, oldest first; forgotten when watching was interrupted. */
  readonly recent: readonly Exclude<RawState, 'unknown'>[];
}

/** Runs in a row that have to say the same before it is believed. */
export const evidenceNeeded = 2;
/** How many runs are remembered to tell a service that flaps. */
const remembered = 20;
/** A service that changed its mind this often within {@link remembered} runs flaps. */
const flapChanges = 6;
/** Good runs in a row that a flapping service needs. */
const steadyNeeded = 5;

export function initialState(now: number): CheckState {
  return { state: 'unknown', since: now, recent: [] };
}

/** Failures at the end of what was seen. */
export function failuresInARow({ recent }: CheckState): number {
  const lastGood = recent.lastIndexOf('healthy');
  return recent.length - 1 - lastGood;
}

/** Whether the runs go to and fro. */
export function flaps({ recent }: CheckState): boolean {
  const changes = recent.filter((state, index) => {
    const before = recent[index - 1];
    return before !== undefined && (before === 'healthy') !== (state === 'healthy');
  });
  return changes.length >= flapChanges;
}

/**
 * Weighs a run. Degraded and down need {@link evidenceNeeded} runs in a row, or three of the last five; so does the way back, and more
 * of them after flapping. The first good run after nothing was known is believed at once.
 */
export function observe(before: CheckState, raw: RawState, now: number): CheckState {
  if (raw === 'unknown') return moved({ ...before, recent: [] }, 'unknown', now);
  const next: CheckState = { ...before, recent: [...before.recent, raw].slice(-remembered) };
  return moved(next, judged(next), now);
}

function judged(next: CheckState): HealthState {
  const { state, recent } = next;
  const last = (count: number) => recent.slice(-count);
  const inARow = (count: number, test: (raw: RawState) => boolean) =>
    recent.length >= count && last(count).every(test);
  if (inARow(evidenceNeeded, (raw) => raw === 'down')) return 'down';
  if (state !== 'down' && inARow(evidenceNeeded, (raw) => raw !== 'healthy')) return 'degraded';
  // A service that was down and now answers badly is no longer down.
  if (state === 'down' && inARow(evidenceNeeded, (raw) => raw === 'degraded')) return 'degraded';
  if (state === 'healthy' && last(5).filter((raw) => raw !== 'healthy').length >= 3) return 'degraded';
  if (state === 'unknown') return recent.at(-1) === 'healthy' ? 'healthy' : 'unknown';
  const needed = flaps(next) ? steadyNeeded : evidenceNeeded;
  return inARow(needed, (raw) => raw === 'healthy') ? 'healthy' : state;
}

/** Nothing is known from `since` on: the machine slept, its clock jumped or its network was gone. */
export function interrupt(before: CheckState, since: number): CheckState {
  return before.state === 'unknown'
    ? { ...before, since: Math.min(before.since, since), recent: [] }
    : { state: 'unknown', since, recent: [] };
}

function moved(check: CheckState, state: HealthState, now: number): CheckState {
  // A clock that was set back must not leave a beginning in the future.
  if (check.state === state) return { ...check, since: Math.min(check.since, now) };
  return { ...check, state, since: now };
}
