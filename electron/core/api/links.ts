import type { linksContract } from '#shared/contract/links';
import type { Progress } from '#shared/model/run';
import type { Handlers, Numbered } from '#shared/rpc/define';
import type { Core } from '../core';

type Event<T> = { type: 'progress'; progress: Progress } | { type: 'done'; result: T };

/** At most so often, in milliseconds, progress crosses the wire. */
const progressEvery = 250;

/** The events of work that reports progress and ends with a result; a client that comes back after a break starts it again. */
async function* eventsOf<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal, onProgress: (progress: Progress) => void) => Promise<T>,
): AsyncGenerator<Numbered<Event<T>>> {
  const stopped = new AbortController();
  let latest: Progress | undefined;
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

/** What is done with links besides the run that rewrites them. */
export function linksHandlers(core: Core): Handlers<typeof linksContract> {
  return {
    'links.find': (input, { signal }) =>
      eventsOf(signal, (both, onProgress) => core.links().find(input, both, onProgress)),
    'links.rewrites': (_input, { signal }) => core.links().rewrites(signal),
    'links.check': (input, { signal }) =>
      eventsOf(signal, (both, onProgress) => core.links().check(input, both, onProgress)),
    'links.undo': (input, { signal }) =>
      eventsOf(signal, (both, onProgress) => core.links().undo(input, both, onProgress)),
    'links.forget': async (_input, { signal }) => {
      await core.links().forget(signal);
      return {};
    },
  };
}
