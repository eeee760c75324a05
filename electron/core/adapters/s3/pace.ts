/** Longest time in which several refusals count as one, in milliseconds: requests that were under way together are refused together. */
const oneRefusalMs = 200;

/** How a request ended, for the pace of those that follow. */
export type Ended = 'well' | 'refused' | 'otherwise';

/**
 * A number of places for what is under way at once. It falls by half when the store asks to slow down, to one at least,
 * and grows again by one for each round of requests that went well, up to where it began.
 */
export interface Pace {
  /** Places at present. */
  readonly places: number;
  /** Waits for a place, in order; rejects with the signal's reason when it aborts first. */
  enter(signal: AbortSignal): Promise<void>;
  /** Gives the place back. */
  leave(ended: Ended): void;
}

/** A pace of `most` places. `now` is in milliseconds. */
export function createPace(most: number, now: () => number = () => performance.now()): Pace {
  let limit = most;
  let busy = 0;
  let loweredAt = Number.NEGATIVE_INFINITY;
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    while (busy < Math.floor(limit)) {
      const next = waiting.shift();
      if (next === undefined) return;
      busy += 1;
      next();
    }
  };
  const queue = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(reasonOf(signal));
      };
      const start = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      waiting.push(start);
    });
  return {
    get places() {
      return Math.floor(limit);
    },
    async enter(signal) {
      signal.throwIfAborted();
      if (busy < Math.floor(limit) && waiting.length === 0) busy += 1;
      else await queue(signal);
    },
    leave(ended) {
      busy -= 1;
      if (ended === 'refused' && now() - loweredAt >= oneRefusalMs) {
        limit = Math.max(1, Math.floor(limit) / 2);
        loweredAt = now();
      } else if (ended === 'well' && limit < most) {
        limit = Math.min(most, limit + 1 / limit);
      }
      wake();
    },
  };
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('It was stopped.');
}
