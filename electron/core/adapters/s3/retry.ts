import { setTimeout as delay } from 'node:timers/promises';
import { isPassing, isSilence, S3ResponseError } from './failure';

/** How often and how long a request is tried again. */
export interface RetryPolicy {
  /** All tries together. */
  attempts: number;
  /** Milliseconds before the second try; doubles from there; the actual wait is between half of it and all of it. */
  base: number;
  /** Longest wait, milliseconds. */
  longest: number;
}

/** About six seconds in all for a store that is gone, longer for one that asks for patience. */
export const defaultRetries: RetryPolicy = { attempts: 6, base: 200, longest: 5_000 };

const attemptsInSilence = 2;
/** R2 takes one write a second to the same key and answers 429 to what comes sooner, so this is how long such a request waits, in milliseconds. */
const keyIntervalMs = 1_000;

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
      await delay(waitBefore(policy, tried, error), undefined, { signal });
    }
  }
}

/** Milliseconds, from half of the policy's time to all of it, and no less than the store asks for. */
function waitBefore(policy: RetryPolicy, tried: number, error: unknown): number {
  const ceiling = Math.min(policy.longest, policy.base * 2 ** (tried - 1));
  const jittered = ceiling * (0.5 + Math.random() / 2);
  if (!(error instanceof S3ResponseError)) return jittered;
  const asked = error.retryAfter ?? (error.status === 429 ? keyIntervalMs * (1 + Math.random() / 4) : 0);
  return Math.min(policy.longest, Math.max(asked, jittered));
}
