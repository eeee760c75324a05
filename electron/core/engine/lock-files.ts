import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { livenessOf, processIdentitySchema } from './process-identity';
import { removeFile, systemCode } from './run-files';

export const lockContentSchema = z.object({
  nonce: z.string(),
  runId: z.string(),
  /** Kind of host: `desktop`, `browser`, `cli`. */
  host: z.string(),
  machine: z.string(),
  pid: z.number().int(),
  process: processIdentitySchema.optional(),
  released: z.boolean(),
});
export type LockContent = z.infer<typeof lockContentSchema>;

/** One lock file. Each holder makes the next generation, and the highest one counts. */
export interface LockFile {
  generation: number;
  /** Undefined while it is being written. */
  content: LockContent | undefined;
  /** Changes with every heartbeat. */
  beat: string;
  /** Last heartbeat by the holder's clock, milliseconds since 1970. */
  beatAt: number;
}

/** A live holder beats this often. */
export const beatMs = 1000;
/** A holder of whom nothing is known but silence, watched for this long, is gone. */
const silenceMs = 5000;
/** The same for a process that provably lives: it may be held up, or have failed to release. */
const aliveSilenceMs = 30_000;

const namePattern = /^(\d{8})\.json$/;

export function lockPath(dir: string, generation: number): string {
  return join(dir, `${String(generation).padStart(8, '0')}.json`);
}

/** The generations in a lock folder, highest first. */
export async function lockGenerations(dir: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => namePattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** The lock file that counts; undefined when there never was one. */
export async function newestLock(dir: string): Promise<LockFile | undefined> {
  for (;;) {
    const [generation] = await lockGenerations(dir);
    if (generation === undefined) return undefined;
    let handle: FileHandle;
    try {
      handle = await open(lockPath(dir, generation), 'r');
    } catch (error) {
      // Tidied away by the holder of a newer one.
      if (systemCode(error) === 'ENOENT') continue;
      throw error;
    }
    try {
      const text = await handle.readFile('utf8');
      const { mtimeMs } = await handle.stat();
      return { generation, content: parseContent(text), beat: `${generation} ${mtimeMs}`, beatAt: mtimeMs };
    } finally {
      await handle.close();
    }
  }
}

function parseContent(text: string): LockContent | undefined {
  try {
    return lockContentSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Removes the files of earlier holders. */
export async function tidyLocks(dir: string, below: number): Promise<void> {
  const old = (await lockGenerations(dir)).filter((generation) => generation < below);
  await Promise.all(old.map((generation) => removeFile(lockPath(dir, generation))));
}

export type LockJudgement =
  | { state: 'free'; generation: number }
  | {
      state: 'held';
      lock: LockFile;
      /** Whether the holder gave a sign of life while it was watched. */ beating: boolean;
    };

/**
 * Judges who holds a lock by watching it: a heartbeat that does not change for five seconds is a dead holder's. The clocks
 * of two machines are not compared. On the holder's own machine (Linux) its process tells at once.
 */
export class LockObserver {
  #beat = '';
  #since = 0;
  #changes = 0;

  constructor(private readonly dir: string) {}

  async judge(): Promise<LockJudgement> {
    const lock = await newestLock(this.dir);
    if (lock === undefined) return { state: 'free', generation: 0 };
    const free = { state: 'free', generation: lock.generation } as const;
    if (lock.content?.released === true) return free;
    if (lock.beat !== this.#beat) {
      this.#changes = this.#beat === '' ? 0 : this.#changes + 1;
      this.#beat = lock.beat;
      this.#since = performance.now();
    }
    const silence = performance.now() - this.#since;
    switch (await livenessOf(lock.content?.process)) {
      case 'dead':
        return free;
      case 'alive':
        if (silence > aliveSilenceMs) return free;
        return { state: 'held', lock, beating: this.#changes > 0 || Date.now() - lock.beatAt < 2 * beatMs };
      case 'unknown':
        if (silence > silenceMs) return free;
        return { state: 'held', lock, beating: this.#changes > 0 };
    }
  }

  /** Whether somebody holds the lock for this run. Silence counts only after it was watched. */
  async holds(runId: string): Promise<boolean> {
    const judgement = await this.judge();
    return judgement.state === 'held' && isFor(judgement.lock, runId);
  }

  /**
   * The same at a glance, for display: a heartbeat that was not seen to change and is half a minute off this machine's
   * clock counts as none. Nothing is taken over on the strength of it.
   */
  async seemsToHold(runId: string): Promise<boolean> {
    const judgement = await this.judge();
    if (judgement.state === 'free' || !isFor(judgement.lock, runId)) return false;
    return judgement.beating || Math.abs(Date.now() - judgement.lock.beatAt) < aliveSilenceMs;
  }
}

/** A lock that is being written may be anybody's. */
function isFor({ content }: LockFile, runId: string): boolean {
  return content === undefined || content.runId === runId;
}
