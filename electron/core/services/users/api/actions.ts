import { AppError, toAppError } from '#shared/model/errors';
import type { UserAction, UserDetail } from '#shared/model/users';
import type { AdminApi } from '../../../adapters/supabase/admin-api';
import type { Applied } from '../../../ports/users';
import { detailOf } from './mapping';
import { effectiveEdit, isBanned, isConfirmed, refuseStale } from '../edits';
import { beforeWriting, pathLimit } from '../refusals';
import { tokensLive } from '../wording';

/** Does one action to one user by the admin API. `read` is how a user is read. */
export async function actByApi(
  api: AdminApi,
  read: (id: string, signal: AbortSignal) => Promise<UserDetail>,
  id: string,
  action: UserAction,
  signal: AbortSignal,
): Promise<Applied> {
  const before = await beforeWriting(read(id, signal));
  const unchanged: Applied = { changed: false, before, after: before };
  const put = async (body: Record<string, unknown>, note?: string): Promise<Applied> => {
    // The answer is the user as it is now; passkeys are listed elsewhere.
    const now = await api.updateUser(id, body, signal);
    const after = { ...detailOf(now, []), passkeys: before.passkeys };
    return { changed: true, before, after, ...(note === undefined ? {} : { note }) };
  };
  /** The change is made: that the user can't be read again does not undo it. */
  const reread = async (note?: string): Promise<Applied> => {
    const after = await read(id, signal).catch(() => undefined);
    return {
      changed: true,
      before,
      ...(after === undefined ? {} : { after }),
      ...(note === undefined ? {} : { note }),
    };
  };
  switch (action.kind) {
    case 'edit': {
      refuseStale(action, before);
      const changes = effectiveEdit(action, before);
      if (changes === undefined) return unchanged;
      const { email, phone, userMetadata, appMetadata } = changes;
      return put({
        ...(email === undefined ? {} : { email }),
        ...(phone === undefined ? {} : { phone }),
        ...(userMetadata === undefined ? {} : { user_metadata: userMetadata }),
        ...(appMetadata === undefined ? {} : { app_metadata: appMetadata }),
      });
    }
    case 'confirm':
      if (isConfirmed(before)) return unchanged;
      return put({
        ...(before.email === undefined ? {} : { email_confirm: true }),
        ...(before.phone === undefined ? {} : { phone_confirm: true }),
      });
    case 'password':
      return put({ password: action.password }, `The service ends the user’s sessions. ${tokensLive}`);
    case 'ban':
      return put({ ban_duration: `${Math.ceil(action.hours * 3600)}s` }, tokensLive);
    case 'unban':
      return isBanned(before) ? put({ ban_duration: 'none' }) : unchanged;
    case 'signOut':
      await signOut(api, before, signal);
      return reread(
        `All sessions ended. For that one was opened and closed: the last sign-in shows it, and a recovery mail that was under way is void. ${tokensLive}`,
      );
    case 'delete': {
      if (action.soft && before.deletedAt !== undefined) return unchanged;
      await deleteUser(api, id, action.soft, signal);
      if (!action.soft) return { changed: true, before, note: tokensLive };
      return reread(tokensLive);
    }
    case 'removeFactor':
      return (await wasThere(api.deleteFactor(id, action.factorId, signal)))
        ? reread()
        : { ...unchanged, note: goneAlready };
    case 'removePasskey':
      return (await wasThere(api.deletePasskey(id, action.passkeyId, signal)))
        ? reread()
        : { ...unchanged, note: goneAlready };
  }
}

const goneAlready = 'It was gone already.';

async function wasThere(removal: Promise<void>): Promise<boolean> {
  try {
    await removal;
    return true;
  } catch (error) {
    if (toAppError(error).code !== 'NOT_FOUND') throw error;
    return false;
  }
}

/**
 * The admin API ends nobody's sessions. What it can do is open one more with a one-time link, and let that one end them all; so the user
 * must be one who can sign in.
 */
async function signOut(api: AdminApi, before: UserDetail, signal: AbortSignal): Promise<void> {
  const { email } = before;
  const possible =
    email !== undefined &&
    before.emailConfirmedAt !== undefined &&
    before.deletedAt === undefined &&
    !isBanned(before);
  if (!possible) {
    throw pathLimit(
      'The admin API can end the sessions only of a user with a confirmed address who is not banned.',
      'Add the database connection (SUPABASE_DB_URL). Nothing was changed.',
    );
  }
  const accessToken = await beforeWriting(openSession(api, before.id, email, signal));
  try {
    await api.signOutEverywhere(accessToken, signal);
  } catch (error) {
    const { code, message, hint, retryable, details } = toAppError(error);
    // Somebody else has ended all of them meanwhile.
    if (code === 'NOT_FOUND') return;
    throw new AppError(code, `${message} One more session was opened for ending them all.`, {
      hint,
      retryable,
      details,
    });
  }
}

/** Another operator's link, or a mail that the user asked for, makes the one before void: then it takes another one. */
async function openSession(api: AdminApi, id: string, email: string, signal: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const { token, userId } = await api.generateLink({ type: 'magiclink', email }, signal);
    if (userId !== id) {
      throw pathLimit(
        'Another user has this address but for letter case, and the admin API takes that one.',
        'Add the database connection (SUPABASE_DB_URL). Nothing was changed.',
      );
    }
    try {
      return await api.redeem(token, signal);
    } catch (error) {
      if (toAppError(error).code !== 'USER_CHANGED' || attempt === 3) throw error;
    }
  }
}

async function deleteUser(api: AdminApi, id: string, soft: boolean, signal: AbortSignal): Promise<void> {
  try {
    await api.deleteUser(id, soft, signal);
  } catch (error) {
    const failure = toAppError(error);
    if (failure.details?.status !== '500' || !/deleting user/i.test(failure.details.said ?? ''))
      throw failure;
    // The service says so after its transaction was rolled back.
    await beforeWriting(api.getUser(id, signal));
    throw new AppError(
      'USER_DELETE_BLOCKED',
      'The user was not deleted: the project’s database refused it. Most likely rows of the application still refer to the user.',
      {
        hint: 'Which rows, only the database connection (SUPABASE_DB_URL) can tell. Or delete the user softly, which keeps the row.',
        details: failure.details,
      },
    );
  }
}
