import { setTimeout as wait } from 'node:timers/promises';
import type { UserOutcome } from '#shared/contract/users';
import { AppError, type ErrorCode, toAppError } from '#shared/model/errors';
import { type UserAction, type UserDetail, userLabel } from '#shared/model/users';
import type { Applied, UserDirectory } from '../../ports/users';
import { effectiveEdit, isBanned, isConfirmed } from './edits';

/** Milliseconds to find out what a lost answer meant. */
const lookTimeoutMs = 15_000;
/** Milliseconds after which a request whose connection broke has been answered, or never will be. */
const settleMs = 1_500;
/** A ban whose answer was lost is recognised by its end, give or take a minute. */
const banSlackMs = 60_000;

/** What was done to a user, and what of it goes into the log. */
export interface Performed {
  outcome: UserOutcome;
  applied?: Applied;
}

const uncertainCodes: readonly ErrorCode[] = [
  'SUPABASE_AUTH_UNAVAILABLE',
  'HOST_UNREACHABLE',
  'TARGET_LOST',
  'TIMED_OUT',
  'DATABASE_SHUTTING_DOWN',
  'CANCELLED',
  'INTERNAL',
];

/** Whether the change may have been made all the same: the answer was lost, or says nothing about it. */
export function isUncertain({ code, details }: AppError): boolean {
  // A statement that PostgreSQL itself refused or cancelled was rolled back; not so when it was shut down in the midst of one.
  const refused = details?.sqlstate !== undefined && !/^(08|57P)/.test(details.sqlstate);
  return uncertainCodes.includes(code) && !refused && details?.written !== 'nothing';
}

/** Whether what was asked for may still be under way at the service: nobody waits there for the asker. */
export const mayStillCome = ({ code, details }: AppError): boolean =>
  code === 'HOST_UNREACHABLE' || ['408', '504', '524'].includes(details?.status ?? '');

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
    if (!isUncertain(failure)) throw failure;
    const seen = () => lookAgain(directory, id);
    const fulfilled = (look: Awaited<ReturnType<typeof seen>>) =>
      look === undefined ? undefined : isFulfilled(action, look.user, before);
    let found = await seen();
    let done = fulfilled(found);
    if (done === false && failure.details?.status === undefined && !mayStillCome(failure)) {
      // A connection that broke says nothing about the request that went over it, which takes a moment.
      await wait(settleMs);
      found = await seen();
      done = fulfilled(found);
    }
    if (done === undefined || (!done && mayStillCome(failure))) throw outcomeUnknown(failure);
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
    return { user: await directory.settled(id, AbortSignal.timeout(lookTimeoutMs)) };
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
    hint:
      cause.code === 'TARGET_LOST'
        ? 'Check that the server is up and reachable, then try again.'
        : cause.hint,
    retryable: cause.retryable,
    details: cause.details,
    cause,
  });
}
