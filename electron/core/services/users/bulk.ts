import { setTimeout as wait } from 'node:timers/promises';
import type { BulkEvent, BulkProgress, UserOutcome } from '#shared/contract/users';
import { type AppError, type ErrorCode, type ErrorShape, toAppError } from '#shared/model/errors';
import type { BulkAction } from '#shared/model/users';
import type { UserDirectory } from '../../ports/users';
import { perform } from './perform';

/** Users at a time by the admin API; rows are changed one after another. */
const apiWidth = 4;
const attempts = 4;
/** Seconds. */
const longestWait = 30;

/** Failures that every further user would meet as well. */
const hopeless: readonly ErrorCode[] = [
  'SUPABASE_KEY_REFUSED',
  'SUPABASE_AUTH_THROTTLED',
  'SETTING_MISSING',
  'SETTING_INVALID',
  'HOST_NOT_FOUND',
  'CONNECTION_REFUSED',
  'TLS_UNTRUSTED',
  'DATABASE_AUTH_FAILED',
  'DATABASE_PERMISSION_DENIED',
  'DATABASE_TOO_MANY_CONNECTIONS',
  'TARGET_READ_ONLY',
  'CANCELLED',
];

/** After this many users in a row for whom the service had no answer, there is none for the others either. */
const patience = 20;
const noAnswer: readonly ErrorCode[] = ['SUPABASE_AUTH_UNAVAILABLE', 'HOST_UNREACHABLE', 'TARGET_LOST'];

async function performOne(
  directory: UserDirectory,
  id: string,
  action: BulkAction,
  signal: AbortSignal,
): Promise<{ outcome: UserOutcome; stop?: AppError; failure?: AppError }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { outcome: (await perform(directory, id, action, signal)).outcome };
    } catch (error) {
      const failure = toAppError(error);
      if (failure.code === 'SUPABASE_AUTH_THROTTLED' && attempt < attempts) {
        const seconds = Number(failure.details?.retryAfter ?? 2 ** attempt);
        await wait(Math.min(longestWait, seconds) * 1000, undefined, { signal }).catch(() => undefined);
        continue;
      }
      // What somebody else deleted meanwhile is where a delete wants it.
      if (failure.code === 'NOT_FOUND' && action.kind === 'delete') {
        return { outcome: { id, label: id, status: 'unchanged', note: 'It was gone already.' } };
      }
      const status = failure.code === 'USER_OUTCOME_UNKNOWN' ? 'unknown' : 'failed';
      const stop = hopeless.includes(failure.code) || hopeless.includes(failure.cause?.code ?? 'INTERNAL');
      return {
        outcome: { id, label: id, status, error: failure.toShape() },
        failure,
        ...(stop ? { stop: failure } : {}),
      };
    }
  }
}

/** One action on many users: goes on past what fails for one, stops at what would fail for all, and names everything that was not done. */
export async function* performMany(
  directory: UserDirectory,
  ids: readonly string[],
  action: BulkAction,
  signal: AbortSignal,
): AsyncGenerator<BulkEvent, { progress: BulkProgress; touched: string[]; stopped?: ErrorShape }> {
  const unique = [...new Set(ids)];
  const progress: BulkProgress = { done: 0, unchanged: 0, failed: 0, unknown: 0, total: unique.length };
  const touched: string[] = [];
  let stopped: ErrorShape | undefined;
  let inARow = 0;
  yield { type: 'progress', ...progress };
  const width = directory.path === 'api' ? apiWidth : 1;
  for (let from = 0; from < unique.length && stopped === undefined; from += width) {
    if (signal.aborted) {
      stopped = toAppError(new DOMException('', 'AbortError')).toShape();
      break;
    }
    const results = await Promise.all(
      unique.slice(from, from + width).map((id) => performOne(directory, id, action, signal)),
    );
    for (const { outcome, stop, failure } of results) {
      progress[outcome.status] += 1;
      const silent =
        failure !== undefined &&
        (noAnswer.includes(failure.code) || noAnswer.includes(failure.cause?.code ?? 'INTERNAL'));
      inARow = silent ? inARow + 1 : 0;
      if (silent && inARow >= patience) stopped ??= failure.toShape();
      if (outcome.status === 'done') touched.push(outcome.id);
      if (outcome.error !== undefined) yield { type: 'problem', outcome };
      if (stop !== undefined) stopped ??= stop.toShape();
    }
    if (from % 20 === 0) yield { type: 'progress', ...progress };
  }
  yield { type: 'end', ...progress, ...(stopped === undefined ? {} : { stopped }) };
  return { progress, touched, ...(stopped === undefined ? {} : { stopped }) };
}
