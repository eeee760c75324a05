import { randomUUID } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, toAppError } from '#shared/model/errors';
import {
  beatMs,
  lockGenerations,
  LockObserver,
  lockPath,
  tidyLocks,
  type LockContent,
  type LockFile,
} from './lock-files';
import { ownIdentity } from './process-identity';
import { makePrivateDir, systemCode, toWriteError } from './run-files';

/** How often a waiting taker looks again. */
const lookMs = 100;
/** A holder that just ended its run has this long to let go. */
const graceMs = 500;

export interface RunLock {
  readonly nonce: string;
  /** Aborted, with `RUN_LOCKED` as its reason, when somebody else took the lock over. */
  readonly lost: AbortSignal;
  /** Throws `RUN_LOCKED` when the lock is lost. Cheap while the heartbeat is punctual; looks at the disk when it is late. */
  guard(): Promise<void>;
  release(): Promise<void>;
}

export interface AcquireLockOptions {
  /** The folder of the lock's files. */
  dir: string;
  runId: string;
  host: string;
  signal: AbortSignal;
  /** Told once when the taker has to wait for the sign that an earlier holder is gone. */
  onWait?(message: string): void;
}

/**
 * Takes the one lock of a workspace, so that one run works at a time. A holder that is gone is taken over: at once when
 * its process provably ended, otherwise after five seconds without a heartbeat. Throws `RUN_LOCKED`, naming the run and
 * the host, when the holder lives, and `CANCELLED`.
 */
export async function acquireLock(options: AcquireLockOptions): Promise<RunLock> {
  const { dir, signal } = options;
  const observer = new LockObserver(dir);
  const started = performance.now();
  let told = false;
  try {
    await makePrivateDir(dir);
    for (;;) {
      signal.throwIfAborted();
      const judgement = await observer.judge();
      if (judgement.state === 'free') {
        const lock = await createLock(options, judgement.generation + 1);
        if (lock !== undefined) return lock;
        continue;
      }
      const waited = performance.now() - started;
      if (judgement.beating && waited > graceMs) throw lockedBy(judgement.lock);
      if (!told && waited > graceMs) {
        told = true;
        options.onWait?.(`${lockedBy(judgement.lock).message} Waiting up to 5 s for a sign of life.`);
      }
      await sleep(lookMs, undefined, { signal });
    }
  } catch (error) {
    throw systemCode(error) === undefined || signal.aborted || error instanceof AppError
      ? toAppError(error)
      : toWriteError(error, 'The lock of the runs');
  }
}

function lockedBy(lock: LockFile): AppError {
  const { content } = lock;
  return content === undefined
    ? new AppError('RUN_LOCKED', 'Another run of this workspace is starting.', {
        hint: 'Wait for it, or cancel it, then try again.',
        retryable: true,
      })
    : new AppError(
        'RUN_LOCKED',
        `Run ${content.runId} is under way in the ${content.host} host on ${content.machine}.`,
        {
          hint: 'Watch that run until it ends, or cancel it. One workspace does one run at a time.',
          retryable: true,
          details: {
            run: content.runId,
            host: content.host,
            machine: content.machine,
            pid: String(content.pid),
          },
        },
      );
}

/** Makes the file of a generation, which only one process can; undefined when another was faster. */
async function createLock(options: AcquireLockOptions, generation: number): Promise<RunLock | undefined> {
  const { dir, runId, host } = options;
  let handle: FileHandle;
  try {
    handle = await open(lockPath(dir, generation), 'wx', 0o600);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined;
    throw error;
  }
  const identity = await ownIdentity();
  const content: LockContent = {
    nonce: randomUUID(),
    runId,
    host,
    machine: hostname(),
    pid: process.pid,
    ...(identity === undefined ? {} : { process: identity }),
    released: false,
  };
  try {
    await writeContent(handle, content);
    // A taker that judged an older generation may come late, after newer ones were made and tidied away.
    const [newest] = await lockGenerations(dir);
    if (newest !== generation) {
      await writeContent(handle, { ...content, released: true });
      await handle.close();
      return undefined;
    }
    await tidyLocks(dir, generation);
    return holdLock(dir, generation, handle, content);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function writeContent(handle: FileHandle, content: LockContent): Promise<void> {
  // Overwritten in place, so that letting go needs no free space.
  const text = JSON.stringify(content).padEnd(600);
  await handle.write(text, 0);
  await handle.sync();
}

function holdLock(dir: string, generation: number, handle: FileHandle, content: LockContent): RunLock {
  const lost = new AbortController();
  let lastBeat = performance.now();
  let beating: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    const generations = await lockGenerations(dir);
    if (generations[0] !== generation) {
      lost.abort(
        new AppError(
          'RUN_LOCKED',
          'Another process took this run over, because this one gave no sign of life.',
          {
            hint: 'Watch the run from there. If it stopped, resume it.',
            retryable: true,
          },
        ),
      );
      clearInterval(timer);
      return;
    }
    const now = new Date();
    await handle.utimes(now, now);
    lastBeat = performance.now();
  };
  const beat = (): Promise<void> => {
    // A beat that fails for a moment is made up for by the next; one that keeps failing lets `guard` speak.
    beating ??= look()
      .catch(() => undefined)
      .finally(() => (beating = undefined));
    return beating;
  };
  const timer = setInterval(() => void beat(), beatMs);

  return {
    nonce: content.nonce,
    lost: lost.signal,
    async guard() {
      if (performance.now() - lastBeat > 2 * beatMs) await look();
      lost.signal.throwIfAborted();
    },
    async release() {
      clearInterval(timer);
      await beating;
      try {
        if (!lost.signal.aborted) await writeContent(handle, { ...content, released: true });
      } finally {
        await handle.close();
      }
    },
  };
}
