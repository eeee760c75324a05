import type { Progress } from '#shared/model/run';
import type { Output } from './output';
import { count } from '#shared/model/counted';
import { type WorkEvents, workResult } from './work-result';

/** Shows the progress of a stream and answers with its result. */
export function resultOf<T>(output: Output, doing: string, events: WorkEvents<T, Progress>): Promise<T> {
  return workResult(events, ({ done, total, unit }) =>
    output.progress(`${doing}: ${count(done)} of ${count(total)} ${unit}`),
  );
}
