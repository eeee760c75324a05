import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LockObserver, lockPath, newestLock } from './lock-files';
import { ownIdentity } from './process-identity';
import { acquireLock, type RunLock } from './run-lock';

const never = new AbortController().signal;
let dir = '';
const held: RunLock[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cutover-lock-'));
});
afterEach(async () => {
  await Promise.all(held.splice(0).map((lock) => lock.release()));
  await rm(dir, { recursive: true, force: true });
});

const take = async (runId: string): Promise<RunLock> => {
  const lock = await acquireLock({ dir, runId, host: 'cli', signal: never });
  held.push(lock);
  return lock;
};

/** A lock that a process of another machine left. */
const foreign = (generation: number, fields: object = {}): Promise<void> =>
  writeFile(
    lockPath(dir, generation),
    JSON.stringify({
      nonce: 'theirs',
      runId: 'their-run',
      host: 'desktop',
      machine: 'elsewhere',
      pid: 1,
      process: { scope: 'another boot', pid: 1, start: '1' },
      released: false,
      ...fields,
    }),
  );

describe('the lock of the runs', () => {
  test('is taken by one of many, and by the next once it is let go', async () => {
    const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(take));
    const winners = results.filter((result) => result.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'RUN_LOCKED' });
    }
    await held.splice(0)[0]?.release();
    await take('f');
    expect((await newestLock(dir))?.content).toMatchObject({ runId: 'f' });
    expect(await readdir(dir)).toHaveLength(1);
  });

  test('of a process that is gone is taken at once', async () => {
    const own = await ownIdentity();
    if (own === undefined) return;
    await foreign(7, { process: { ...own, start: 'earlier' } });
    const before = performance.now();
    await take('mine');
    expect(performance.now() - before).toBeLessThan(1000);
    expect(await newestLock(dir)).toMatchObject({ generation: 8, content: { runId: 'mine' } });
  });

  test('of another machine is taken after silence, whatever its clock says', async () => {
    await foreign(1);
    // An hour ahead, and it stays there.
    const ahead = new Date(Date.now() + 3_600_000);
    await utimes(lockPath(dir, 1), ahead, ahead);
    const told: string[] = [];
    const before = performance.now();
    const lock = await acquireLock({
      dir,
      runId: 'mine',
      host: 'cli',
      signal: never,
      onWait: (text) => told.push(text),
    });
    held.push(lock);
    expect(performance.now() - before).toBeGreaterThan(4900);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('their-run');
  });

  test('of another machine that beats is refused, naming run and host', async () => {
    await foreign(1);
    let beats = 0;
    const beating = setInterval(() => {
      beats += 1;
      void utimes(lockPath(dir, 1), beats, beats);
    }, 200);
    try {
      await expect(take('mine')).rejects.toMatchObject({
        code: 'RUN_LOCKED',
        message: 'Run their-run is under way in the desktop host on elsewhere.',
      });
    } finally {
      clearInterval(beating);
    }
  });

  test('that somebody else took over is noticed by the earlier holder', async () => {
    const lock = await take('mine');
    await foreign(2);
    if (!lock.lost.aborted) {
      await new Promise<void>((resolve) =>
        lock.lost.addEventListener('abort', () => resolve(), { once: true }),
      );
    }
    await expect(lock.guard()).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    // Letting go of what is lost does not touch the new holder's lock.
    await held.splice(0)[0]?.release();
    expect((await newestLock(dir))?.content).toMatchObject({ runId: 'their-run', released: false });
  });

  test('is not given to a taker that comes late, after newer holders', async () => {
    await foreign(5, { released: true });
    const taken = await take('mine');
    await rm(lockPath(dir, 5), { force: true });
    await expect(take('late')).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    await taken.guard();
  });

  test('is waited for no longer than the caller wants', async () => {
    await foreign(1);
    const abort = new AbortController();
    const taking = acquireLock({ dir, runId: 'mine', host: 'cli', signal: abort.signal });
    abort.abort();
    await expect(taking).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('is seen by readers for as long as it is held', async () => {
    const observer = new LockObserver(dir);
    expect(await observer.holds('mine')).toBe(false);
    const lock = await take('mine');
    expect(await observer.holds('mine')).toBe(true);
    expect(await observer.holds('another')).toBe(false);
    held.splice(0);
    await lock.release();
    expect(await observer.holds('mine')).toBe(false);
  });

  test('is private', { skip: process.platform === 'win32' }, async () => {
    await take('mine');
    expect((await stat(lockPath(dir, 1))).mode & 0o777).toBe(0o600);
  });
});
