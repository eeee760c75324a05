import { AppError } from '#shared/model/errors';
import type { Numbered } from '#shared/rpc/define';

/** Events of work that reports progress and ends with a result. */
export type WorkEvents<T, P> = AsyncIterable<
  Numbered<{ type: 'progress'; progress: P } | { type: 'done'; result: T }>
>;

/** Follows work to its result. Throws `CANCELLED` when it ends without one. */
export async function workResult<T, P>(
  events: WorkEvents<T, P>,
  onProgress: (progress: P) => void,
): Promise<T> {
  for await (const { event } of events) {
    if (event.type === 'done') return event.result;
    onProgress(event.progress);
  }
  throw new AppError('CANCELLED', 'The work was stopped.');
}
