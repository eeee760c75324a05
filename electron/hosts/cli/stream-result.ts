import { AppError } from '#shared/model/errors';
import type { Progress } from '#shared/model/run';
import type { Numbered } from '#shared/rpc/define';
import type { Output } from './output';
import { count } from './text';

type Event<T> = { type: 'progress'; progress: Progress } | { type: 'done'; result: T };

/** Shows the progress of a stream and answers with its result. */
export async function resultOf<T>(
  output: Output,
  doing: string,
  events: AsyncIterable<Numbered<Event<T>>>,
): Promise<T> {
  for await (const { event } of events) {
    if (event.type === 'done') return event.result;
    const { done, total, unit } = event.progress;
    output.progress(`${doing}: ${count(done)} of ${count(total)} ${unit}`);
  }
  throw new AppError('CANCELLED', 'The work was stopped.');
}
