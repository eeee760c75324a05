import { useSyncExternalStore } from 'react';
import { isCancelled, toAppError, type AppError } from '#shared/model/errors';
import type { JournalEvent, RunSummary, RunView } from '#shared/model/run';
import { isSettled, reduceRun } from '#shared/model/run-view';
import { client } from './client';
import { queryClient } from './query-client';
import { measure, type Windows } from './run-progress.logic';

/** What the page knows of a run that it watches. */
export interface WatchedRun {
  view: RunView | undefined;
  /** Recent measurements, for speed and time left. */
  windows: Windows;
  error: AppError | undefined;
}

const nothing: WatchedRun = { view: undefined, windows: {}, error: undefined };

/** Runs a task with the next frame, or soon when the page is hidden and draws none. */
function nextFrame(task: () => void): void {
  if (document.visibilityState === 'visible') requestAnimationFrame(task);
  else setTimeout(task, 250);
}

/** Follows one run while anything on the page shows it. Events are folded once per frame, however fast they come. */
class RunFeed {
  readonly #runId: string;
  readonly #listeners = new Set<() => void>();
  #state: WatchedRun = nothing;
  #pending: JournalEvent[] = [];
  #watching: AbortController | undefined;

  constructor(runId: string) {
    this.#runId = runId;
  }

  readonly get = (): WatchedRun => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.watch();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#watching?.abort();
      this.#watching = undefined;
    };
  };

  /** Begins to watch unless it does already: at the first listener, and again when a settled run was resumed. */
  watch(): void {
    if (this.#watching !== undefined || this.#listeners.size === 0) return;
    const controller = new AbortController();
    this.#watching = controller;
    void this.#follow(controller.signal).finally(() => {
      if (this.#watching === controller) this.#watching = undefined;
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const view = await client.call('runs.get', { runId: this.#runId }, { signal });
        this.#pending = [];
        this.#publish({
          ...this.#state,
          view,
          windows: measure(this.#state.windows, view),
          error: undefined,
        });
        if (isSettled(view.state)) {
          void queryClient.invalidateQueries({ queryKey: ['runs'] });
          return;
        }
        const events = client.stream('runs.watch', { runId: this.#runId }, { signal, after: view.seq });
        for await (const { event } of events) this.#receive(event);
        this.#fold();
      } catch (error) {
        if (isCancelled(error)) return;
        const failure = toAppError(error);
        this.#publish({ ...this.#state, error: failure });
        if (!failure.retryable && failure.code !== 'CONNECTION_LOST') return;
      }
      // A stream also ends when the run was interrupted, which no event says: ask for the view again, unhurried.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  #receive(event: JournalEvent): void {
    this.#pending.push(event);
    if (this.#pending.length === 1) nextFrame(() => this.#fold());
  }

  #fold(): void {
    const { view, windows } = this.#state;
    if (view === undefined || this.#pending.length === 0) return;
    const events = this.#pending;
    this.#pending = [];
    const next = events.reduce(reduceRun, view);
    this.#publish({ view: next, windows: measure(windows, next), error: undefined });
  }

  #publish(state: WatchedRun): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

const feeds = new Map<string, RunFeed>();

function feedOf(runId: string): RunFeed {
  const known = feeds.get(runId);
  if (known !== undefined) return known;
  const feed = new RunFeed(runId);
  feeds.set(runId, feed);
  return feed;
}

/** Takes up watching again where a list of runs shows that a settled run goes on. */
export function noteRuns(runs: readonly RunSummary[]): void {
  for (const run of runs) if (!isSettled(run.state)) feeds.get(run.id)?.watch();
}

/** Watches a run again after the page resumed it. */
export function rewatch(runId: string): void {
  feeds.get(runId)?.watch();
}

/** Forgets all runs: another workspace was opened. */
export function forgetRuns(): void {
  feeds.clear();
}

const noSubscription = () => () => undefined;
const noRun = () => nothing;

/** A run as it goes on; nothing is asked while the id is undefined. */
export function useRun(runId: string | undefined): WatchedRun {
  const feed = runId === undefined ? undefined : feedOf(runId);
  return useSyncExternalStore(feed?.subscribe ?? noSubscription, feed?.get ?? noRun);
}
