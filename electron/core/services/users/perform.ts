import type { UserOutcome } from '#shared/contract/users';
import { AppError, type ErrorCode, toAppError } from '#shared/model/errors';
import { type UserAction, type UserDetail, userLabel } from '#shared/model/users';
import type { Applied, UserDirectory } from '../../ports/users';
import { effectiveEdit, isBanned, isConfirmed } from './edits';

/** Milliseconds to find out what a lost answer meant. */
const lookTimeoutMs = 15_000;
/** A ban whose answer was lost is recognised by its end, give or take a minute. */
const banSlackMs = 60_000;

/** What was done to a user, and what of it goes into the log. */
export interface Performed {
  outcome: UserOutcome;
  applied?: Applied;
}

/** Failures after which the change may have been made all the same: the answer was lost, or says nothing about it. */
const uncertain: readonly ErrorCode[] = [
  'SUPABASE_AUTH_UNAVAILABLE',
  'HOST_UNREACHABLE',
  'TARGET_LOST',
  'TIMED_OUT',
  'DATABASE_SHUTTING_DOWN',
  'CANCELLED',
  'INTERNAL',
];

/**
 * Does an action and says what became of it. When the answer was lost, the user is read again and compared with what was asked for.
 * Rejects when it is known that nothing was changed, and with `USER_OUTCOME_UNKNOWN` when it is not known.
 */
export async function perform(
  directory: UserDirectory,
  id: string,
  action: UserAction,
  signal: AbortSignal,
): Promise<Performed> {
  // A password can't be read back; what tells is whether the user was changed at all.
  const before = action.kind === 'password' ? await directory.get(id, signal) : undefined;
  try {
    const applied = await directory.act(id, action, signal);
    return {
      applied,
      outcome: {
        id,
        label: userLabel(applied.before),
        status: applied.changed ? 'done' : 'unchanged',
        ...(applied.note === undefined ? {} : { note: applied.note }),
      },
    };
  } catch (error) {
    const failure = toAppError(error);
    if (!uncertain.includes(failure.code)) throw failure;
    const found = await lookAgain(directory, id);
    const done = found === undefined ? undefined : isFulfilled(action, found.user, before);
    if (done === undefined) throw outcomeUnknown(failure);
    if (!done) throw notDone(failure);
    return {
      outcome: {
        id,
        label: found?.user === undefined ? id : userLabel(found.user),
        status: 'done',
        note: `The answer was “${failure.message}”, but the change is there.`,
      },
    };
  }
}

/** The user as it is now, undefined inside when it is gone; undefined when nobody could be asked. */
async function lookAgain(
  directory: UserDirectory,
  id: string,
): Promise<{ user: UserDetail | undefined } | undefined> {
  try {
    return { user: await directory.get(id, AbortSignal.timeout(lookTimeoutMs)) };
  } catch (error) {
    return toAppError(error).code === 'NOT_FOUND' ? { user: undefined } : undefined;
  }
}

/** Whether a user is as the action would leave it; undefined when that can't be seen. */
export function isFulfilled(
  action: UserAction,
  user: UserDetail | undefined,
  before: UserDetail | undefined,
): boolean | undefined {
  if (user === undefined) return action.kind === 'delete' ? !action.soft || undefined : undefined;
  switch (action.kind) {
    case 'edit':
      return effectiveEdit(action, user) === undefined;
    case 'confirm':
      return isConfirmed(user);
    case 'password':
      return before !== undefined && before.updatedAt === user.updatedAt ? false : undefined;
    case 'ban': {
      const end = Date.now() + action.hours * 3_600_000;
      return user.bannedUntil !== undefined && Math.abs(Date.parse(user.bannedUntil) - end) < banSlackMs;
    }
    case 'unban':
      return !isBanned(user);
    case 'signOut':
      return user.sessions === undefined ? undefined : user.sessions.length === 0;
    case 'delete':
      return action.soft && user.deletedAt !== undefined;
    case 'removeFactor':
      return !user.factors.some((factor) => factor.id === action.factorId);
    case 'removePasskey':
      return !user.passkeys.some((passkey) => passkey.id === action.passkeyId);
  }
}

function outcomeUnknown(cause: AppError): AppError {
  return new AppError('USER_OUTCOME_UNKNOWN', `It is not known whether this was done. ${cause.message}`, {
    hint: 'Reload the user and look before you try again.',
    cause,
  });
}

/** Looked at again, the user is as before. */
function notDone(cause: AppError): AppError {
  return new AppError(cause.code, `Nothing was changed. ${cause.message}`, {
    hint: cause.hint,
    retryable: cause.retryable,
    details: cause.details,
    cause,
  });
}
