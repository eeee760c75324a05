import { AppError } from '#shared/model/errors';
import type { DatabaseSession } from '../../ports/database';
import type { Entry } from './plan-entries';
import { isDuplicate, isRefused, sqlState } from './sqlstate';

/** `there`: it was applied by an earlier attempt. `refused`: the target does not take it and the rows do not need it. */
export type Applied = { state: 'applied' } | { state: 'there' } | { state: 'refused'; reason: string };

const ownSituations: ReadonlySet<string> = new Set([
  'CANCELLED',
  'SOURCE_LOST',
  'TARGET_LOST',
  'TARGET_DISK_FULL',
  'TARGET_READ_ONLY',
  'DATABASE_SHUTTING_DOWN',
  'TIMED_OUT',
]);

/** What became of an entry whose statement failed. Throws when it may not be missing. */
function judgeFailure(entry: Entry, error: unknown, begunBefore: boolean): Applied {
  if (error instanceof AppError && ownSituations.has(error.code)) throw error;
  if (begunBefore && isDuplicate(entry.type, error)) return { state: 'there' };
  const reason = error instanceof Error ? error.message : String(error);
  if (isRefused(entry.type, error)) return { state: 'refused', reason };
  throw new AppError('SCHEMA_ENTRY_FAILED', `${entry.id} could not be applied to the target: ${reason}`, {
    hint: 'Change the object on the source, or make what it needs on the target, then start again.',
    cause: error,
    details: {
      entry: entry.id,
      ...(sqlState(error) === undefined ? {} : { sqlstate: sqlState(error) ?? '' }),
    },
  });
}

/** Applies one entry by itself: all of its statements or none. */
export async function applyEntry(
  session: DatabaseSession,
  entry: Entry,
  begunBefore: boolean,
): Promise<Applied> {
  try {
    // Several statements in one query are one transaction.
    await session.execute(entry.sql);
    return { state: 'applied' };
  } catch (error) {
    return judgeFailure(entry, error, begunBefore);
  }
}

/** Applies one entry inside the session's transaction, in one round trip. */
export async function applyEntryInTransaction(
  session: DatabaseSession,
  entry: Entry,
  begunBefore: boolean,
): Promise<Applied> {
  try {
    await session.execute(`savepoint entry;\n${entry.sql}\n;release savepoint entry`);
    return { state: 'applied' };
  } catch (error) {
    const applied = judgeFailure(entry, error, begunBefore);
    await session.execute('rollback to savepoint entry');
    return applied;
  }
}
