import type {
  BulkEvent,
  ImportEvent,
  SearchIndex,
  UserOutcome,
  UserReference,
  UsersOverview,
  UsersPage,
  UsersQuery,
  UserStats,
} from '#shared/contract/users';
import { AppError, toAppError } from '#shared/model/errors';
import {
  type BulkAction,
  type LinkKind,
  type NewUser,
  type UserAction,
  type UserDetail,
  type UserFilter,
  userLabel,
} from '#shared/model/users';
import type { ActivityLog } from '../activity/activity-log';
import type { LinkRequest, UserDirectory } from '../../ports/users';
import { performMany } from './bulk';
import { exportUsers } from './export';
import { importCsv } from './import';
import type { OpenDirectory } from './open-directory';
import { isUncertain, mayStillCome, perform } from './perform';
import { pathLimit, userExists } from './refusals';
import { createResetMails, type ResetMails } from './reset-mails';
import { actionName, createdEntry, failedEntry, performedEntry } from './user-activity';

/** How many ids one entry of the log names. */
const namedIds = 200;

/** The users of the project, for page and command line. Whatever changes one is written to Activity, done or not. */
export interface UsersService {
  overview(signal: AbortSignal): Promise<UsersOverview>;
  list(query: UsersQuery, signal: AbortSignal): Promise<UsersPage>;
  count(filter: UserFilter, signal: AbortSignal): Promise<number | undefined>;
  get(id: string, signal: AbortSignal): Promise<UserDetail>;
  /** By id, address or number. Throws `NOT_FOUND`. */
  find(who: string, signal: AbortSignal): Promise<UserDetail>;
  audit(id: string, signal: AbortSignal): ReturnType<UserDirectory['audit']>;
  create(user: NewUser, signal: AbortSignal): Promise<UserOutcome>;
  /** Rejects when nothing was changed, and with `USER_OUTCOME_UNKNOWN` when that is not known. */
  act(id: string, action: UserAction, signal: AbortSignal): Promise<UserOutcome>;
  references(id: string, signal: AbortSignal): Promise<UserReference[]>;
  /** The link is an answer only: it is written nowhere. */
  link(request: LinkRequest, signal: AbortSignal): Promise<string>;
  send(request: { email: string; kind: LinkKind }, signal: AbortSignal): Promise<UserOutcome>;
  bulk(ids: readonly string[], action: BulkAction, signal: AbortSignal): AsyncGenerator<BulkEvent>;
  export(
    filter: UserFilter,
    format: 'csv' | 'json',
    signal: AbortSignal,
  ): AsyncGenerator<{ text: string; users: number }>;
  import(text: string, dryRun: boolean, signal: AbortSignal): AsyncGenerator<ImportEvent>;
  resets: ResetMails;
  stats(days: number, signal: AbortSignal): Promise<UserStats>;
  searchIndex(act: 'create' | 'drop', signal: AbortSignal): Promise<SearchIndex>;
  close(): Promise<void>;
}

export interface UsersServiceOptions {
  /** The way to the users that the settings of this moment lead to. */
  open: () => Promise<OpenDirectory>;
  activity: Pick<ActivityLog, 'record'>;
  close: () => Promise<void>;
}

export function createUsersService({ open, activity, close }: UsersServiceOptions): UsersService {
  const directory = async (): Promise<UserDirectory> => (await open()).directory;
  /** Does something and records that it failed, if it did. */
  const noted = async <T>(action: string, target: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await activity.record(failedEntry(action, target, error));
      throw error;
    }
  };

  const resets = createResetMails(async () => {
    const { sql, send } = await open();
    if (sql === undefined || send === undefined) {
      throw pathLimit(
        'Who needs a new password is known in the database, and the mails are sent by the Auth service.',
        'Enter SUPABASE_DB_URL and SUPABASE_SECRET_KEY in Connections.',
      );
    }
    return {
      count: (signal) => sql.countResets(signal),
      next: (except, signal) => sql.nextReset(except, signal),
      send: (email, signal) => send('recovery', email, signal),
    };
  }, activity);

  return {
    overview: async (signal) => {
      const { directory: users, sql, canSend, canLink } = await open();
      const index = await sql?.searchIndex(signal);
      return {
        path: users.path,
        limits: [...users.limits],
        canSend,
        canLink,
        ...(index === undefined ? {} : { searchIndex: index }),
      };
    },
    list: async (query, signal) => (await directory()).list(query, signal),
    count: async (filter, signal) => (await directory()).count(filter, signal),
    get: async (id, signal) => (await directory()).get(id, signal),
    find: async (who, signal) => {
      const users = await directory();
      if (/^[0-9a-f-]{36}$/i.test(who)) return users.get(who, signal);
      if (who.includes('@')) {
        const found = await users.findByEmail(who, signal);
        if (found !== undefined) return found;
      } else if (/^\+?[0-9]{6,15}$/.test(who)) {
        const page = await users.list({ filter: { text: who, field: 'phone' }, limit: 2 }, signal);
        const found = page.users.find((user) => user.phone === who.replace('+', ''));
        if (found !== undefined) return users.get(found.id, signal);
      }
      throw new AppError('NOT_FOUND', `There is no user ${who}.`, {
        hint: 'Give an id, an address or a number. Look for users with: cutover users list --search TEXT',
      });
    },
    audit: async (id, signal) => (await directory()).audit(id, signal),
    create: async (user, signal) => {
      const label = user.email ?? user.phone ?? '';
      const { made, note } = await noted('user.create', label, async () => {
        const users = await directory();
        // Only so a user that is there after a lost answer is known to be the new one.
        const known = user.email === undefined ? undefined : await users.findByEmail(user.email, signal);
        if (known !== undefined) throw userExists('email');
        try {
          return { made: await users.create(user, signal), note: undefined };
        } catch (error) {
          const found = await madeAfterAll(users, user, toAppError(error));
          return { made: found, note: 'The answer was lost, but a user with this address is there now.' };
        }
      });
      const detail = note === undefined ? {} : { detail: note };
      await activity.record({ ...createdEntry('user.create', made), ...detail });
      return { id: made.id, label: userLabel(made), status: 'done', ...(note === undefined ? {} : { note }) };
    },
    act: async (id, action, signal) => {
      const { outcome, applied } = await noted(actionName(action), id, async () =>
        perform(await directory(), id, action, signal),
      );
      await activity.record(performedEntry(action, outcome, applied));
      return outcome;
    },
    references: async (id, signal) => (await directory()).references(id, signal),
    link: async (request, signal) => {
      const action = `user.link-${request.kind}`;
      const url = await noted(action, request.email, async () => (await open()).link(request, signal));
      await activity.record({ area: 'users', action, target: request.email, outcome: 'done' });
      return url;
    },
    send: async ({ email, kind }, signal) => {
      const action = `user.send-${kind}`;
      await noted(action, email, async () => {
        const { send } = await open();
        if (send === undefined) {
          throw pathLimit('Mails are sent by the Auth service.', 'Enter SUPABASE_SECRET_KEY in Connections.');
        }
        try {
          await send(kind, email, signal);
        } catch (error) {
          const failure = toAppError(error);
          // Nothing tells a mail that was sent from one that was not.
          throw isUncertain(failure) ? mailUnknown(failure) : failure;
        }
      });
      const note = 'The service took the order. Whether the mail arrives it does not say.';
      await activity.record({ area: 'users', action, target: email, outcome: 'done', detail: note });
      return { id: email, label: email, status: 'done', note };
    },
    async *bulk(ids, action, signal) {
      const run = performMany(await directory(), ids, action, signal);
      let step = await run.next();
      let last: BulkEvent | undefined;
      try {
        while (step.done !== true) {
          last = step.value;
          // The log comes before the end, so that whoever has seen the end can rely on it.
          if (last.type === 'end') {
            step = await run.next();
            break;
          }
          yield last;
          step = await run.next();
        }
      } finally {
        // Whoever listened may have gone: the last act is finished, and written down all the same.
        if (step.done !== true)
          await run.return({ progress: emptyProgress, touched: [] }).catch(() => undefined);
        await activity.record(bulkEntry(action, ids, step, last));
      }
      if (last !== undefined) yield last;
    },
    async *export(filter, format, signal) {
      let users = 0;
      for await (const piece of exportUsers(await directory(), filter, format, signal)) {
        users = piece.users;
        yield piece;
      }
      await activity.record({
        area: 'users',
        action: 'users.export',
        target: `${users} users as ${format.toUpperCase()}`,
        outcome: 'done',
        ...(Object.keys(filter).length === 0 ? {} : { detail: `Those that fit ${JSON.stringify(filter)}` }),
      });
    },
    async *import(text, dryRun, signal) {
      for await (const event of importCsv(await directory(), text, dryRun, signal)) {
        if (event.type === 'end' && !dryRun) {
          const { imported, existing, bad, unknown, lines, stopped } = event;
          await activity.record({
            area: 'users',
            action: 'users.import',
            target: `${lines} lines`,
            outcome:
              stopped === undefined && bad === 0
                ? 'done'
                : imported === 0 && existing === 0
                  ? 'failed'
                  : 'partial',
            detail: `${imported} imported, ${existing} there already, ${bad} not imported${
              stopped === undefined
                ? ''
                : `, ${unknown} not known, ${lines - imported - existing - bad - unknown} not touched; stopped: ${stopped.message}`
            }`,
          });
        }
        yield event;
      }
    },
    resets,
    stats: async (days, signal) => (await directory()).stats(days, signal),
    searchIndex: async (act, signal) => {
      const action = `users.search-index-${act}`;
      const index = await noted(action, 'cutover.user_search', async () => {
        const { sql } = await open();
        if (sql === undefined) {
          throw pathLimit('The search index lies in the database.', 'Enter SUPABASE_DB_URL in Connections.');
        }
        return sql.changeSearchIndex(act, signal);
      });
      await activity.record({ area: 'users', action, target: 'cutover.user_search', outcome: 'done' });
      return index;
    },
    close: async () => {
      await resets.stop();
      await close();
    },
  };
}

const emptyProgress = { done: 0, unchanged: 0, failed: 0, unknown: 0, total: 0 };

type BulkStep = IteratorResult<BulkEvent, { progress: typeof emptyProgress; touched: string[] }>;

function bulkEntry(
  action: BulkAction,
  ids: readonly string[],
  step: BulkStep,
  last: BulkEvent | undefined,
): Parameters<ActivityLog['record']>[0] {
  const progress =
    step.done === true ? step.value.progress : last?.type === 'progress' ? last : emptyProgress;
  const { done, unchanged, failed, unknown } = progress;
  const untouched = ids.length - done - unchanged - failed - unknown;
  const parts = [
    `${done} done`,
    `${unchanged} so already`,
    `${failed} failed`,
    ...(unknown === 0 ? [] : [`${unknown} not known`]),
    ...(untouched <= 0
      ? []
      : [`${untouched} ${step.done === true ? 'not touched' : 'not reported: the caller went away'}`]),
  ];
  const whole = failed === 0 && unknown === 0 && untouched <= 0;
  return {
    area: 'users',
    action: actionName(action),
    target: `${ids.length} users`,
    outcome: whole ? 'done' : done + unchanged === 0 ? 'failed' : 'partial',
    detail: parts.join(', '),
    after: {
      ...(action.kind === 'ban' ? { hours: action.hours } : {}),
      ...(step.done === true ? { changed: step.value.touched.slice(0, namedIds) } : {}),
    },
  };
}

function mailUnknown(cause: AppError): AppError {
  return new AppError('USER_OUTCOME_UNKNOWN', `It is not known whether the mail was sent. ${cause.message}`, {
    hint: 'A second mail makes the link of the first one void.',
    retryable: cause.retryable,
    cause,
  });
}

/** After a lost answer, the user may be there all the same; by its address it is found. */
async function madeAfterAll(users: UserDirectory, wanted: NewUser, failure: AppError): Promise<UserDetail> {
  if (!isUncertain(failure)) throw failure;
  const unknown = new AppError(
    'USER_OUTCOME_UNKNOWN',
    `It is not known whether the user was created. ${failure.message}`,
    { hint: 'Look for the user before you try again.', cause: failure },
  );
  if (wanted.email === undefined) throw unknown;
  let found: UserDetail | undefined;
  try {
    found = await users.findByEmail(wanted.email, AbortSignal.timeout(15_000));
  } catch {
    throw unknown;
  }
  if (found !== undefined) return found;
  if (mayStillCome(failure)) throw unknown;
  throw new AppError(failure.code, `The user was not created. ${failure.message}`, {
    hint: failure.hint,
    retryable: failure.retryable,
    details: failure.details,
  });
}
