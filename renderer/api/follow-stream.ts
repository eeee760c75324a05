import { isCancelled, toAppError, type AppError } from '#shared/model/errors';
import type { Numbered } from '#shared/rpc/define';

/** How long events are gathered before the page draws them: a log can bring thousands a second. */
const gatherMs = 100;

/** Hands over a stream's events in batches until it ends or the signal says so. Answers what ended it, if that was a failure. */
export async function followStream<Event>(
  events: AsyncIterable<Numbered<Event>>,
  receive: (batch: readonly Event[]) => void,
  signal: AbortSignal,
): Promise<AppError | undefined> {
  let gathered: Event[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.length === 0 || signal.aborted) return;
    const batch = gathered;
    gathered = [];
    receive(batch);
  };
  try {
    for await (const { event } of events) {
      gathered.push(event);
      timer ??= setTimeout(flush, gatherMs);
    }
    return undefined;
  } catch (error) {
    return isCancelled(error) || signal.aborted ? undefined : toAppError(error);
  } finally {
    flush();
  }
}
