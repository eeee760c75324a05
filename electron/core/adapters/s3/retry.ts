import { setTimeout as delay } from 'node:timers/promises';
import { isPassing, isSilence, S3ResponseError } from './failure';

/** How often and how long a request is tried again. */
export interface RetryPolicy {
  /** All tries together. */
  attempts: number;
  /** Milliseconds before the second try; doubles from there, with full jitter. */
  base: number;
  /** Longest wait, milliseconds. */
  longest: number;
}

/** About six seconds in all for a store that is gone, longer for one that asks for patience. */
export const defaultRetries: RetryPolicy = { attempts: 6, base: 200, longest: 5_000 };

const attemptsInSilence = 2;

/** Runs `attempt` until it succeeds, fails for good, or the tries are used up; throws its last error. */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const attempts = isSilence(error) ? Math.min(policy.attempts, attemptsInSilence) : policy.attempts;
      if (signal.aborted || tried >= attempts || !isPassing(error)) throw error;
      const asked = error instanceof S3ResponseError ? (error.retryAfter ?? 0) : 0;
      const ceiling = Math.min(policy.longest, policy.base * 2 ** (tried - 1));
      await delay(Math.min(policy.longest, Math.max(asked, ceiling * (0.5 + Math.random() / 2))), undefined, {
        signal,
      });
    }
  }
}
