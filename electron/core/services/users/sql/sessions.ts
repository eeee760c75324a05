import { AppError } from '#shared/model/errors';
import type { Database, DatabaseSession } from '../../../ports/database';
import { beforeWriting } from '../refusals';

/** Milliseconds that an unused connection stays open: a page asks again while somebody works with it. */
const idleMs = 20_000;
const maxIdle = 2;
/** Milliseconds for one statement: beyond it something is wrong, and nobody waits that long in front of a page. */
const statementTimeoutMs = 60_000;
/** Milliseconds that a statement waits for a row which another transaction holds. */
const lockTimeoutMs = 10_000;

/** Connections to the project's database that are used again. */
export interface KeptSessions {
  /** Gives `work` a connection of its own. One on which something failed or was cancelled is not used again. */
  use<T>(signal: AbortSignal, work: (session: DatabaseSession) => Promise<T>): Promise<T>;
  /**
   * As {@link use}, in a transaction that is committed when `work` resolves and rolled back when it rejects. Only a failure of the commit leaves
   * open whether it was written.
   */
  transaction<T>(signal: AbortSignal, work: (session: DatabaseSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Kept {
  session: DatabaseSession;
  stop: AbortController;
}

export function keepSessions(database: Database): KeptSessions {
  const idle: (Kept & { timer: NodeJS.Timeout })[] = [];
  let closed = false;

  const open = async (signal: AbortSignal): Promise<Kept> => {
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const session = await database.open(stop.signal);
      await session.execute(
        `set statement_timeout = ${statementTimeoutMs}; set lock_timeout = ${lockTimeoutMs}`,
      );
      return { session, stop };
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
  const take = (): Kept | undefined => {
    const kept = idle.pop();
    if (kept !== undefined) clearTimeout(kept.timer);
    return kept;
  };
  const giveBack = async ({ session, stop }: Kept): Promise<void> => {
    if (closed || idle.length >= maxIdle) {
      await session.close();
      return;
    }
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex((kept) => kept.session === session),
        1,
      );
      void session.close();
    }, idleMs);
    timer.unref();
    idle.push({ session, stop, timer });
  };
  /** A server that was restarted has closed what was kept, which only a statement finds out. */
  const usable = async (kept: Kept): Promise<boolean> => {
    try {
      await kept.session.execute('select 1');
      return true;
    } catch {
      await kept.session.close();
      return false;
    }
  };

  const use: KeptSessions['use'] = async (signal, work) => {
    if (signal.aborted) throw new AppError('CANCELLED', 'The operation was cancelled.');
    let kept = take();
    while (kept !== undefined && !(await usable(kept))) kept = take();
    const current = kept ?? (await beforeWriting(open(signal)));
    const abort = () => current.stop.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const result = await work(current.session);
      await giveBack(current);
      return result;
    } catch (error) {
      await current.session.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };

  return {
    use,
    transaction: (signal, work) =>
      use(signal, async (session) => {
        const result = await beforeWriting(
          (async () => {
            await session.execute('begin');
            return work(session);
          })(),
        );
        await session.execute('commit');
        return result;
      }),
    close: async () => {
      closed = true;
      await Promise.all(
        idle.splice(0).map(async ({ session, timer }) => {
          clearTimeout(timer);
          await session.close();
        }),
      );
    },
  };
}
