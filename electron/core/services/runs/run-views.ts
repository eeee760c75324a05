import { readdir } from 'node:fs/promises';
import { JournalTail } from '../../engine/journal-reader';
import { LockObserver } from '../../engine/lock-files';
import { lockDir } from '../../engine/follow-journal';
import { runNotFound } from '../../engine/open-run';
import { runPaths, systemCode } from '../../engine/run-files';
import { toAppError, toErrorShape } from '#shared/model/errors';
import { runIdSchema, type RunSummary, type RunView } from '#shared/model/run';
import { emptyRunView, isSettled, reduceRun, withoutHolder } from '#shared/model/run-view';

/** Reads the views of a workspace's runs; what was read of a journal is kept, so that a list costs only what is new. */
export interface RunViews {
  /** Throws `NOT_FOUND` and `JOURNAL_DAMAGED`. */
  get(runId: string): Promise<RunView>;
  /** Newest first. A run whose journal is damaged is listed as failed with that error. */
  list(): Promise<RunSummary[]>;
  /** Runs whose start was cut short before their header stood: nothing was done, and nobody can resume them. */
  unbegun(): Promise<string[]>;
}

interface Known {
  tail: JournalTail;
  view: RunView;
}

export function createRunViews(runsDir: string): RunViews {
  const known = new Map<string, Known>();
  const reading = new Map<string, Promise<RunView>>();
  const observer = new LockObserver(lockDir(runsDir));

  const readOn = async (runId: string): Promise<RunView> => {
    const run = known.get(runId) ?? {
      tail: new JournalTail(runPaths(runsDir, runId).journal),
      view: emptyRunView(runId),
    };
    for (const event of await run.tail.read()) run.view = reduceRun(run.view, event);
    if (run.view.seq < 0) throw runNotFound(runId);
    known.set(runId, run);
    return run.view;
  };

  // Two readers at once would take the same bytes twice.
  const read = async (runId: string): Promise<RunView> => {
    const before = reading.get(runId) ?? Promise.resolve();
    const now = before.then(
      () => readOn(runId),
      () => readOn(runId),
    );
    reading.set(runId, now);
    try {
      return await now;
    } finally {
      if (reading.get(runId) === now) reading.delete(runId);
    }
  };

  const get = async (runId: string): Promise<RunView> => {
    const view = await read(runId);
    if (isSettled(view.state) || (await observer.seemsToHold(runId))) return view;
    // Read again: the holder may have written its last words before it let go.
    return withoutHolder(await read(runId));
  };

  const summary = async (runId: string): Promise<RunSummary[]> => {
    try {
      return [summaryOf(await get(runId))];
    } catch (error) {
      const shape = toErrorShape(error);
      // A folder without a header: its start was cut short, and nothing was done.
      if (shape.code === 'NOT_FOUND') return [];
      const { id, startedAt, at, only } = known.get(runId)?.view ?? emptyRunView(runId);
      return [{ id, state: 'failed', only, startedAt, at, error: shape, warnings: 0 }];
    }
  };

  return {
    get,
    async list() {
      const summaries = await Promise.all((await runIds(runsDir)).map(summary));
      return summaries.flat();
    },
    async unbegun() {
      const ids = await runIds(runsDir);
      const begun = await Promise.all(
        ids.map((id) =>
          read(id).then(
            () => true,
            (error: unknown) => toAppError(error).code !== 'NOT_FOUND',
          ),
        ),
      );
      return ids.filter((_id, index) => begun[index] === false);
    },
  };
}

/** Newest first. */
async function runIds(dir: string): Promise<string[]> {
  try {
    const names = await readdir(dir);
    return names
      .filter((name) => runIdSchema.safeParse(name).success)
      .sort()
      .reverse();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function summaryOf(view: RunView): RunSummary {
  const { id, state, only, startedAt, at, error, steps, refused } = view;
  const warnings = steps.reduce((count, step) => count + step.runWarnings.length, 0);
  return {
    id,
    state,
    only,
    startedAt,
    at,
    warnings,
    ...(error === undefined ? {} : { error }),
    ...(refused === undefined ? {} : { refused }),
  };
}
