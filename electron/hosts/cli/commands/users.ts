import { type FileHandle, open, rm } from 'node:fs/promises';
import { AppError } from '#shared/model/errors';
import type { UserFilter, UserSummary } from '#shared/model/users';
import { userLabel, userStateOf } from '#shared/model/users';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type SessionOptions, withSession } from '../session';
import { count } from '#shared/model/counted';
import { table } from '../text';

export interface FilterOptions extends SessionOptions {
  search?: string;
  in?: UserFilter['field'];
  state?: UserFilter['state'];
  provider?: string;
  mfa?: boolean;
  migrated?: boolean;
  neverSignedIn?: boolean;
  createdFrom?: string;
  createdTo?: string;
  signedInFrom?: string;
  signedInTo?: string;
}

/** What the options of a list say, as a filter. */
function filterOf(options: FilterOptions): UserFilter {
  const {
    search: text,
    in: field,
    state,
    provider,
    mfa,
    migrated,
    neverSignedIn,
    createdFrom,
    createdTo,
    signedInFrom,
    signedInTo,
  } = options;
  const filter = {
    ...{ text, field, state, provider, mfa, migrated, neverSignedIn },
    ...{ createdFrom, createdTo, signedInFrom, signedInTo },
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

const cells = (user: UserSummary): string[] => [
  user.id,
  userLabel(user),
  userStateOf(user, new Date()),
  user.providers.join(' '),
  user.createdAt?.slice(0, 10) ?? '',
  user.lastSignInAt?.slice(0, 10) ?? 'never',
];

/** Lists users, the newest first. */
export function listUsers(
  context: CommandContext,
  options: FilterOptions & { limit: number; cursor?: string },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const { limit, cursor } = options;
    const query = { filter: filterOf(options), limit, ...(cursor === undefined ? {} : { cursor }) };
    const page = await core.users().list(query, signal);
    await output.document(page);
    if (page.users.length === 0) output.line('Nobody fits.');
    else {
      const head = ['id', 'user', 'status', 'provider', 'created', 'last sign-in'];
      for (const line of table([head, ...page.users.map(cells)])) output.line(line);
    }
    if (page.next !== undefined) output.line(`There are more: --cursor ${page.next}`);
    return exitCodes.done;
  });
}

/** Shows everything about one user. */
export function getUser(context: CommandContext, who: string, options: SessionOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const user = await core.users().find(who, signal);
    await output.document(user);
    output.line(JSON.stringify(user, null, 2));
    return exitCodes.done;
  });
}

/** Shows how many users there are, who comes, and by which way. */
export function userStats(
  context: CommandContext,
  options: SessionOptions & { days: number },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const stats = await core.users().stats(options.days, signal);
    await output.document(stats);
    if (stats.sampled !== undefined)
      output.line(`All but the total come from the newest ${count(stats.sampled)} users.`);
    const rows = [
      ['users', count(stats.total)],
      ['active in a day, a week, a month', `${stats.activeDay}, ${stats.activeWeek}, ${stats.activeMonth}`],
      ['confirmed', count(stats.confirmed)],
      ['banned', count(stats.banned)],
      ['never signed in', count(stats.neverSignedIn)],
      ...stats.providers.map((item) => [`by ${item.provider}`, count(item.count)]),
      ...stats.signUps.map((item) => [`signed up on ${item.day}`, count(item.count)]),
      ...stats.lastSeen.map((item) => [`last seen on ${item.day}`, count(item.count)]),
    ];
    for (const line of table(rows, [1])) output.line(line);
    return exitCodes.done;
  });
}

/** Makes a file that is not there yet, for its owner only. */
async function newFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    throw new AppError('INVALID_INPUT', `${path} can’t be made, or is there already.`, {
      hint: 'Name a new file in a folder that you may write to.',
      cause: error,
    });
  }
}

/** Writes the users that fit into a new file. A file that is there is not overwritten; half of one does not stay. */
export function exportUsers(
  context: CommandContext,
  options: FilterOptions & { format: 'csv' | 'json'; out: string },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const file = await newFile(options.out);
    let users = 0;
    try {
      for await (const piece of core.users().export(filterOf(options), options.format, signal)) {
        await file.writeFile(piece.text);
        users = piece.users;
        output.progress(`${count(users)} users`);
      }
      await file.close();
    } catch (error) {
      await file.close();
      await rm(options.out, { force: true });
      throw error;
    }
    await output.document({ users, file: options.out });
    output.line(`${count(users)} users are in ${options.out}.`);
    return exitCodes.done;
  });
}
