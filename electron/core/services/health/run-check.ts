import { type CheckDefinition, type CheckOutcome, noAnswer } from './check';
import type { MonitorClock } from './monitor';

/**
 * Runs a check within its time; `stop` is aborted when that is over. Raced, because a library may not heed the signal in every phase. The
 * one controller serves for both: Node keeps a signal made of several for as long as somebody listens to it.
 */
export async function within(
  definition: CheckDefinition,
  stop: AbortController,
  clock: MonitorClock,
): Promise<CheckOutcome> {
  const { signal } = stop;
  const error = noAnswer(definition.timeoutMs);
  const cancel = clock.after(definition.timeoutMs, () => stop.abort(error));
  const given = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(error), { once: true });
  });
  try {
    return await Promise.race([definition.run(signal), given]);
  } finally {
    cancel();
  }
}

/** Does the work for each item, so many at a time, until it is aborted. */
export async function inParallel<T>(
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
