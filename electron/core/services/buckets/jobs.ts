import { randomUUID } from 'node:crypto';
import type { BucketJob } from '#shared/model/buckets';
import { AppError, isCancelled, toAppError } from '#shared/model/errors';
import type { Numbered } from '#shared/rpc/define';

/** Failures of single objects that a job tells one by one. */
const failuresTold = 200;
/** Ended jobs that are remembered. */
const jobsKept = 50;
/** Milliseconds between two events of one job. */
const tellEvery = 200;

/** What the body of a job reports while it works. */
export interface JobReport {
  readonly signal: AbortSignal;
  done(objects: number, bytes?: number): void;
  skipped(objects: number): void;
  failed(key: string, message: string): void;
  total(objects: number): void;
  /** The sums so far. */
  sums(): { done: number; failed: number; skipped: number };
}

export type NewJob = Pick<BucketJob, 'kind' | 'title' | 'bucket'>;

export interface BucketJobs {
  /** Starts the body; `ended` is awaited before the job counts as ended, whatever the end. */
  start(
    job: NewJob,
    body: (report: JobReport) => Promise<void>,
    ended: (job: BucketJob) => Promise<void>,
  ): string;
  list(): BucketJob[];
  /** Throws `NOT_FOUND`. */
  watch(jobId: string, after: number, signal: AbortSignal): AsyncGenerator<Numbered<BucketJob>>;
  /** Asks a job to end; what is done stays done. Throws `NOT_FOUND`. */
  stop(jobId: string): void;
  /** Stops all and waits for their ends. */
  close(): Promise<void>;
}

interface Entry {
  job: BucketJob;
  change: number;
  stop: AbortController;
  changed: Set<() => void>;
  ended: Promise<void>;
}

/** Holds the long acts of one workspace. */
export function createBucketJobs(): BucketJobs {
  const entries = new Map<string, Entry>();

  const find = (jobId: string): Entry => {
    const entry = entries.get(jobId);
    if (entry !== undefined) return entry;
    throw new AppError('NOT_FOUND', 'This host knows no such act.', {
      hint: 'It ended before the host was started anew. Activity tells what was done.',
    });
  };
  const update = (entry: Entry, changes: Partial<BucketJob>): void => {
    entry.job = { ...entry.job, ...changes };
    entry.change += 1;
    for (const wake of entry.changed) wake();
  };

  return {
    start: (given, body, ended) => {
      const id = randomUUID();
      const job: BucketJob = {
        ...given,
        id,
        state: 'running',
        startedAt: new Date().toISOString(),
        done: 0,
        skipped: 0,
        bytes: 0,
        failed: 0,
        failures: [],
      };
      const entry: Entry = {
        job,
        change: 0,
        stop: new AbortController(),
        changed: new Set(),
        ended: Promise.resolve(),
      };
      entries.set(id, entry);
      forgetOldest(entries);
      const report: JobReport = {
        signal: entry.stop.signal,
        done: (objects, bytes = 0) =>
          update(entry, { done: entry.job.done + objects, bytes: entry.job.bytes + bytes }),
        skipped: (objects) => update(entry, { skipped: entry.job.skipped + objects }),
        failed: (key, message) =>
          update(entry, {
            failed: entry.job.failed + 1,
            failures:
              entry.job.failures.length < failuresTold
                ? [...entry.job.failures, { key, message }]
                : entry.job.failures,
          }),
        total: (objects) => update(entry, { total: objects }),
        sums: () => entry.job,
      };
      entry.ended = run(entry, () => body(report), ended, update);
      return id;
    },
    list: () =>
      [...entries.values()].map(({ job }) => job).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)),
    watch: async function* (jobId, after, signal) {
      const entry = find(jobId);
      let last = after;
      for (;;) {
        signal.throwIfAborted();
        const { change, job } = entry;
        if (change > last) {
          last = change;
          yield { seq: change, event: job };
        }
        if (job.state !== 'running') return;
        await changeOf(entry, last, signal);
      }
    },
    stop: (jobId) => find(jobId).stop.abort(),
    close: async () => {
      for (const entry of entries.values()) entry.stop.abort();
      await Promise.all([...entries.values()].map(({ ended }) => ended));
    },
  };
}

async function run(
  entry: Entry,
  body: () => Promise<void>,
  ended: (job: BucketJob) => Promise<void>,
  update: (entry: Entry, changes: Partial<BucketJob>) => void,
): Promise<void> {
  let changes: Partial<BucketJob>;
  try {
    await body();
    changes = { state: entry.job.failed === 0 ? 'done' : 'partial' };
  } catch (error) {
    const stopped = entry.stop.signal.aborted && isCancelled(toAppError(error));
    const failure = toAppError(error).toShape();
    changes = stopped
      ? { state: 'stopped' }
      : { state: entry.job.done > 0 ? 'partial' : 'failed', error: failure };
  }
  const endedAt = new Date().toISOString();
  try {
    await ended({ ...entry.job, ...changes, endedAt });
  } catch (error) {
    // The act is done; that it could not be written down is what is left to say.
    changes = { ...changes, error: changes.error ?? toAppError(error).toShape() };
  }
  update(entry, { ...changes, endedAt });
}

/** Resolves at the next change, and not too soon after the last one. */
function changeOf(entry: Entry, seen: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      entry.changed.delete(wake);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const wake = () => {
      if (entry.job.state !== 'running') finish();
    };
    const timer = setInterval(() => {
      if (entry.change > seen) finish();
    }, tellEvery);
    entry.changed.add(wake);
    signal.addEventListener('abort', finish, { once: true });
    wake();
  });
}

function forgetOldest(entries: Map<string, Entry>): void {
  const ended = [...entries].filter(([, { job }]) => job.state !== 'running');
  for (const [id] of ended.slice(0, Math.max(0, ended.length - jobsKept))) entries.delete(id);
}
