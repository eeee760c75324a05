import type { UserStats } from '#shared/contract/users';
import { AppError, toAppError } from '#shared/model/errors';
import type { UserDetail } from '#shared/model/users';
import { setTimeout as wait } from 'node:timers/promises';
import type { AdminApi, ApiUser } from '../../../adapters/supabase/admin-api';
import type { ImportedUser, ImportResult, UserDirectory } from '../../../ports/users';
import { phoneDigits } from '../edits';
import { isUncertain } from '../perform';
import { pathLimit } from '../refusals';
import { countsExactly, listByApi } from './list';
import { actByApi } from './actions';
import { type FindKnown, knownUsers } from './known-users';
import { detailOf } from './mapping';
import { statsOf } from './stats';

const limits = [
  'The list is sorted by the time of creation only.',
  'A search looks at address and full name; by number, id, metadata and every filter users are read 5,000 at a time. Addresses stored in upper case are not found.',
  'Sessions are not shown, and can be ended only for users with a confirmed address who are not banned.',
  'What blocks a delete is not named.',
  'Statistics come from the newest 20,000 users.',
  'An import cannot keep the dates of creation and of the last sign-in.',
];

/** The directory over the admin API of the Auth service. */
export function openApiDirectory(api: AdminApi): UserDirectory {
  const read = async (id: string, signal: AbortSignal): Promise<UserDetail> => {
    const [user, passkeys] = await Promise.all([api.getUser(id, signal), api.listPasskeys(id, signal)]);
    return detailOf(user, passkeys);
  };
  const findByEmail = async (email: string, signal: AbortSignal): Promise<UserDetail | undefined> => {
    const sought = email.toLowerCase();
    for (let page = 1; ; page += 1) {
      // The service looks for the small letters only, so this is the one whom it would take as well.
      const { users } = await api.listUsers({ page, perPage: 200, filter: sought, descending: true }, signal);
      const found = users.find((user) => user.email === sought);
      if (found !== undefined) return detailOf(found, []);
      if (users.length < 200) return undefined;
    }
  };

  const findKnown = knownUsers(api, findByEmail);

  return {
    path: 'api',
    limits,
    list: (query, signal) => listByApi(api, query, signal),
    count: async (filter, signal) => {
      if (!countsExactly(filter)) return undefined;
      const sought = filter.text?.trim().toLowerCase() ?? '';
      const { total } = await api.listUsers(
        { page: 1, perPage: 1, descending: true, ...(sought === '' ? {} : { filter: sought }) },
        signal,
      );
      return total;
    },
    get: read,
    settled: read,
    findByEmail,
    audit: async (id, signal) => {
      const entries = await api.audit(1, 500, signal);
      const own = entries.filter(({ payload }) => payload.actor_id === id || payload.traits?.user_id === id);
      return {
        entries: own.map(({ id: entry, payload, created_at: at, ip_address: ip }) => ({
          id: entry,
          action: payload.action ?? 'unknown',
          ...(at === undefined ? {} : { at }),
          ...(payload.actor_username === undefined ? {} : { by: payload.actor_username }),
          ...(ip === undefined ? {} : { ip }),
        })),
        ...(entries.length < 500
          ? {}
          : { note: 'Only the newest 500 entries of the project were looked through.' }),
      };
    },
    create: async (user, signal) => {
      const made = await api.createUser(
        {
          ...(user.email === undefined ? {} : { email: user.email, email_confirm: user.confirmed }),
          ...(user.phone === undefined
            ? {}
            : { phone: phoneDigits(user.phone), phone_confirm: user.confirmed }),
          ...(user.password === undefined ? {} : { password: user.password }),
          ...(user.userMetadata === undefined ? {} : { user_metadata: user.userMetadata }),
          ...(user.appMetadata === undefined ? {} : { app_metadata: user.appMetadata }),
        },
        signal,
      );
      return detailOf(made, []);
    },
    act: (id, action, signal) => actByApi(api, read, id, action, signal),
    references: () =>
      Promise.reject(
        pathLimit(
          'What refers to a user can be seen only in the database.',
          'Add the database connection (SUPABASE_DB_URL) in Connections.',
        ),
      ),
    link: async ({ email, id, kind, redirectTo }, signal) => {
      if (kind !== 'invite' && (await findByEmail(email, signal)) === undefined) {
        // The service would make a user for a sign-in link.
        throw new AppError('NOT_FOUND', `There is no user with the address ${email}.`, {
          hint: 'Invite the address instead.',
        });
      }
      const { url, userId } = await api.generateLink(
        { type: kind, email, ...(redirectTo === undefined ? {} : { redirect_to: redirectTo }) },
        signal,
      );
      if (id !== undefined && userId !== id) {
        throw new AppError(
          'USER_REFUSED',
          'The service makes the link for another user with this address, but for letter case.',
          {
            hint: 'Give one of the two another address. The link is not shown; it is void after the next one.',
          },
        );
      }
      return url;
    },
    importUsers: async (users, dryRun, signal) => {
      const results: ImportResult[] = users.map(() => ({ status: 'untouched' }));
      let stopped: AppError | undefined;
      for (let from = 0; from < users.length && stopped === undefined; from += importWidth) {
        const some = users.slice(from, from + importWidth);
        const settled = await Promise.all(
          some.map((user) => importOne(api, findKnown, user, dryRun, signal)),
        );
        settled.forEach(({ result, stop }, place) => {
          results[from + place] = result;
          stopped ??= stop;
        });
      }
      return { results, ...(stopped === undefined ? {} : { stopped }) };
    },
    stats: async (days, signal): Promise<UserStats> => {
      const users: ApiUser[] = [];
      for (let page = 1; page <= 20; page += 1) {
        const read = await api.listUsers({ page, perPage: 1000, descending: true }, signal);
        users.push(...read.users);
        if (read.users.length < 1000) return statsOf(users, days, undefined);
      }
      const { total } = await api.listUsers({ page: 1, perPage: 1, descending: true }, signal);
      return statsOf(users, days, total);
    },
    close: () => Promise.resolve(),
  };
}

const retries = 4;
/** Users that are created at a time. */
const importWidth = 4;

async function importOne(
  api: AdminApi,
  findKnown: FindKnown,
  user: ImportedUser,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<{ result: ImportResult; stop?: AppError }> {
  try {
    return { result: await tryImport(api, findKnown, user, dryRun, signal) };
  } catch (error) {
    const stop = toAppError(error);
    return { result: { status: isUncertain(stop) ? 'unknown' : 'untouched' }, stop };
  }
}

async function tryImport(
  api: AdminApi,
  findKnown: FindKnown,
  user: ImportedUser,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<ImportResult> {
  const { id, email } = user;
  const known = async (): Promise<ImportResult | undefined> => {
    const found = email === undefined ? undefined : await findKnown(email, !dryRun, signal);
    if (found === undefined) return undefined;
    return id === undefined || found === id
      ? { status: 'existing' }
      : { status: 'bad', reason: `The address belongs to another user, ${found}.` };
  };
  if (dryRun) return (await known()) ?? { status: 'imported' };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await api.createUser(bodyOf(user), signal);
      return { status: 'imported' };
    } catch (error) {
      const failure = toAppError(error);
      if (failure.code === 'SUPABASE_AUTH_THROTTLED' && attempt < retries) {
        await wait(Math.min(30, Number(failure.details?.retryAfter ?? 2 ** attempt)) * 1000, undefined, {
          signal,
        });
        continue;
      }
      if (failure.code === 'USER_REFUSED') return { status: 'bad', reason: failure.message };
      if (failure.code === 'USER_EXISTS') {
        return (await known()) ?? { status: 'bad', reason: 'The number belongs to another user.' };
      }
      // An answer of 500, or none: the service may have made the user all the same, or the id may be taken.
      if (failure.code !== 'SUPABASE_AUTH_UNAVAILABLE' && failure.code !== 'HOST_UNREACHABLE') throw failure;
      const there = await known();
      if (there !== undefined) return there;
      if (failure.details?.status === undefined) throw failure;
      return { status: 'bad', reason: failure.message };
    }
  }
}

function bodyOf(user: ImportedUser): Record<string, unknown> {
  const left = user.bannedUntil === undefined ? 0 : Date.parse(user.bannedUntil) - Date.now();
  return {
    ...(user.id === undefined ? {} : { id: user.id }),
    ...(user.email === undefined ? {} : { email: user.email, email_confirm: user.emailConfirmed }),
    ...(user.phone === undefined ? {} : { phone: user.phone, phone_confirm: user.phoneConfirmed }),
    ...(user.passwordHash === undefined ? {} : { password_hash: user.passwordHash }),
    ...(left > 0 ? { ban_duration: `${Math.ceil(left / 1000)}s` } : {}),
    user_metadata: user.userMetadata,
    app_metadata: user.appMetadata,
  };
}
