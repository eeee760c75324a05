import { watch } from 'node:fs';
import { join } from 'node:path';
import type { JournalEvent, RunView } from '#shared/model/run';
import { emptyRunView, interruptedEvent, isSettled, reduceRun } from '#shared/model/run-view';
import { JournalTail } from './journal-reader';
import { LockObserver } from './lock-files';
import { runNotFound } from './open-run';
import { runPaths } from './run-files';

const pollMs = 200;
/** How often a silent run's lock is looked at. */
const lockLookMs = 500;

/** Where the lock of a workspace's runs stands. */
export function lockDir(runsDir: string): string {
  return join(runsDir, 'lock');
}

export interface FollowJournalOptions {
  runsDir: string;
  runId: string;
  /** Only events with a higher number; -1 for all. */
  after: number;
  /** Ends the iteration, without an error. */
  signal: AbortSignal;
}

/**
 * The events of a run as they are journalled, whoever executes it; each byte is read once. Ends when the run has settled.
 * When nobody holds the run any more and its journal does not say how it ended, the last event is `interrupted` with the
 * next number: whoever resumes the run journals that very event first, so numbers never mean two things.
 * Throws `NOT_FOUND` and `JOURNAL_DAMAGED`.
 */
export async function* followJournal(options: FollowJournalOptions): AsyncGenerator<JournalEvent, void> {
  const { runsDir, runId, after, signal } = options;
  const paths = runPaths(runsDir, runId);
  const tail = new JournalTail(paths.journal);
  const observer = new LockObserver(lockDir(runsDir));
  const changes = watchDir(paths.dir);
  let view: RunView = emptyRunView(runId);
  let lookedAt = -Infinity;
  let held = true;
  try {
    while (!signal.aborted) {
      const events = await tail.read();
      for (const event of events) {
        view = stateOnly(reduceRun(view, event));
        if (event.seq > after) yield event;
      }
      if (events.length > 0) {
        held = true;
        continue;
      }
      if (isSettled(view.state)) return;
      if (!held) {
        if (view.seq < 0) throw runNotFound(runId);
        const last = { ...interruptedEvent(view), at: new Date().toISOString() };
        if (last.seq > after) yield last;
        return;
      }
      if (performance.now() - lookedAt > lockLookMs) {
        lookedAt = performance.now();
        held = await observer.holds(runId);
        // What the holder wrote before it let go is read before its silence is believed.
        if (!held) continue;
      }
      await changes.next(signal);
    }
  } finally {
    changes.close();
  }
}

/** The steps and log of a view grow with the run, and only its state is of interest here. */
function stateOnly(view: RunView): RunView {
  return { ...view, steps: [], log: [] };
}

/** Tells when something in a folder changes: by the system's notice, and at the latest after {@link pollMs}. */
function watchDir(dir: string): { next(signal: AbortSignal): Promise<void>; close(): void } {
  let wake: (() => void) | undefined;
  let changed = false;
  const notice = (): void => {
    changed = true;
    wake?.();
  };
  const close = tryWatch(dir, notice);
  return {
    async next(signal) {
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pollMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
        if (wake !== undefined) signal.removeEventListener('abort', wake);
        wake = undefined;
      }
      changed = false;
    },
    close,
  };
}

/** Some file systems give no notice; the poll stands in for it then. */
function tryWatch(dir: string, notice: () => void): () => void {
  try {
    const watcher = watch(dir, { persistent: false }, notice);
    watcher.on('error', () => undefined);
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}
