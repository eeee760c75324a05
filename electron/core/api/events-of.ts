import type { Numbered } from '#shared/rpc/define';

type Event<T, P> = { type: 'progress'; progress: P } | { type: 'done'; result: T };

/** At most so often, in milliseconds, progress crosses the wire. */
const progressEvery = 250;

/** The events of work that reports progress and ends with a result; a client that comes back after a break starts it again. */
export async function* eventsOf<T, P>(
  signal: AbortSignal,
  work: (signal: AbortSignal, onProgress: (progress: P) => void) => Promise<T>,
): AsyncGenerator<Numbered<Event<T, P>>> {
  const stopped = new AbortController();
  let latest: P | undefined;
  let seq = 0;
  const done = work(AbortSignal.any([signal, stopped.signal]), (progress) => {
    latest = progress;
  });
  // Awaited below; it may fail before that.
  done.catch(() => undefined);
  try {
    for (;;) {
      const timer = new Promise<'later'>((resolve) => setTimeout(() => resolve('later'), progressEvery));
      const first = await Promise.race([timer, done.then(() => 'done' as const)]);
      if (first === 'done') break;
      if (latest !== undefined) yield { seq: (seq += 1), event: { type: 'progress', progress: latest } };
      latest = undefined;
    }
    yield { seq: seq + 1, event: { type: 'done', result: await done } };
  } finally {
    stopped.abort();
  }
}
