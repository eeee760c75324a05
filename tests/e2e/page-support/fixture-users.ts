import type {
  ResetsState,
  usersContract,
  UsersOverview,
  UserReference,
  UserStats,
} from '#shared/contract/users';
import { AppError, toErrorShape } from '#shared/model/errors';
import {
  type SavedView,
  type UserAction,
  type UserDetail,
  type UserFilter,
  userLabel,
  userStateOf,
} from '#shared/model/users';
import type { Handlers } from '#shared/rpc/define';

/** The users of a project; acts change them as the service would. */
export interface FixtureUsers {
  overview: UsersOverview;
  /** The newest first. */
  users: UserDetail[];
  /** What a user can't be deleted for, by id. */
  references: Record<string, UserReference[]>;
  stats: UserStats;
  resets: ResetsState;
  views: SavedView[];
}

const newest = Date.parse('2026-11-22T12:00:00Z');
const names = ['maria.santos', 'j.okafor', 'wei.chen', 'anna_b', 'o’hara', 'li+shop', 'noor'];

/** A user for fixtures: the `n`th newest, confirmed by mail. */
export function user(n: number, changes: Partial<UserDetail> = {}): UserDetail {
  const createdAt = new Date(newest - n * 3_600_000).toISOString();
  return {
    id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    email: `${names[n % names.length] ?? 'user'}${n}@example.com`,
    createdAt,
    emailConfirmedAt: createdAt,
    lastSignInAt: '2026-11-22T11:00:00Z',
    providers: ['email'],
    mfa: false,
    migrated: false,
    anonymous: false,
    userMetadata: {},
    appMetadata: {},
    identities: [],
    factors: [],
    passkeys: [],
    sessions: [],
    ...changes,
  };
}

/** Somebody who has everything that a user can have. */
export const richUser: UserDetail = user(0, {
  email: 'maria.santos@example.com',
  phone: '351912345678',
  name: 'Maria Santos',
  providers: ['email', 'google'],
  mfa: true,
  migrated: true,
  hasPassword: true,
  role: 'authenticated',
  userMetadata: { full_name: 'Maria Santos', plan: 'pro' },
  appMetadata: { migrated_from: 'public.users' },
  identities: [
    {
      provider: 'email',
      providerId: '00000000-0000-4000-8000-000000000000',
      email: 'maria.santos@example.com',
    },
    { provider: 'google', providerId: '1145', email: 'maria@gmail.example' },
  ],
  factors: [{ id: 'factor-1', name: 'Phone', type: 'totp', status: 'verified' }],
  passkeys: [{ id: 'passkey-1', name: 'Laptop' }],
  sessions: [{ id: 'session-1', createdAt: '2026-11-22T11:00:00Z', userAgent: 'Firefox', ip: '192.0.2.4' }],
});

/** A view that an operator keeps. */
export const keptView: SavedView = {
  name: 'Banned this year',
  text: '',
  filter: { state: 'banned' },
  sort: { by: 'created', descending: true },
  columns: ['email', 'state'],
};

/** Mails for new passwords, under way and slowed down by the service. */
export const halfSentResets: ResetsState = {
  waiting: 130,
  mailed: 84,
  chosen: 12,
  banned: 3,
  unreachable: 2,
  run: {
    running: true,
    perHour: 60,
    sent: 84,
    refused: 1,
    refusals: [
      { email: 'o’hara@example.com', reason: 'The Auth service refuses: Email address is invalid.' },
    ],
    waiting: 'The Auth service asks for fewer requests. It goes on in 60 seconds.',
  },
};

const days = Array.from({ length: 30 }, (_, index) => ({
  day: new Date(newest - (29 - index) * 86_400_000).toISOString().slice(0, 10),
  count: (index * 7) % 11,
}));

/** A project with a few hundred users, reached through its database. */
export function someUsers(changes: Partial<FixtureUsers> = {}): FixtureUsers {
  return {
    overview: {
      path: 'sql',
      limits: [],
      canSend: true,
      canLink: true,
      searchIndex: {
        state: 'absent',
        createSql: 'create table cutover.user_search (id uuid primary key);',
        dropSql: 'drop table cutover.user_search;',
      },
    },
    users: [
      richUser,
      user(1, { bannedUntil: '2099-01-01T00:00:00Z' }),
      user(2, { emailConfirmedAt: undefined, lastSignInAt: undefined }),
      ...Array.from({ length: 297 }, (_, index) => user(index + 3)),
    ],
    references: {},
    stats: {
      total: 300,
      activeDay: 12,
      activeWeek: 80,
      activeMonth: 210,
      confirmed: 290,
      banned: 1,
      neverSignedIn: 1,
      signUps: days,
      lastSeen: days,
      providers: [
        { provider: 'email', count: 280 },
        { provider: 'google', count: 20 },
      ],
    },
    views: [],
    resets: { waiting: 214, mailed: 12, chosen: 5, banned: 3, unreachable: 2 },
    ...changes,
  };
}

function changed(user: UserDetail, action: UserAction): UserDetail {
  const now = '2026-11-22T14:00:00Z';
  switch (action.kind) {
    case 'edit':
      return {
        ...user,
        ...(action.email === undefined ? {} : { email: action.email }),
        ...(action.phone === undefined ? {} : { phone: action.phone.replace('+', '') }),
        userMetadata: { ...user.userMetadata, ...action.userMetadata },
      };
    case 'confirm':
      return { ...user, emailConfirmedAt: now };
    case 'ban':
      return { ...user, bannedUntil: new Date(Date.now() + action.hours * 3_600_000).toISOString() };
    case 'unban': {
      const { bannedUntil: _, ...rest } = user;
      return rest;
    }
    case 'signOut':
      return { ...user, sessions: [] };
    case 'delete':
      return { ...user, deletedAt: now };
    case 'removeFactor':
      return { ...user, factors: user.factors.filter((factor) => factor.id !== action.factorId) };
    case 'removePasskey':
      return { ...user, passkeys: user.passkeys.filter((passkey) => passkey.id !== action.passkeyId) };
    case 'password':
      return user;
  }
}

/** The operations on users over what a test set up. */
export function usersFixture(
  state: () => FixtureUsers | AppError,
  note: (name: string, input: unknown) => void,
): Handlers<typeof usersContract> {
  const now = (): FixtureUsers => {
    const value = state();
    if (value instanceof AppError) throw value;
    return value;
  };
  const find = (id: string): UserDetail => {
    const found = now().users.find((item) => item.id === id);
    if (found === undefined) throw new AppError('NOT_FOUND', `There is no user ${id}.`);
    return found;
  };
  const fitting = ({ text, state: wanted }: UserFilter): UserDetail[] =>
    now().users.filter(
      (item) =>
        (text === undefined || item.email?.includes(text.toLowerCase()) === true) &&
        (wanted === undefined || userStateOf(item, new Date(newest)) === wanted),
    );
  const act = (id: string, action: UserAction) => {
    const before = find(id);
    const label = userLabel(before);
    const blocking = (now().references[id] ?? []).filter((reference) => reference.effect === 'blocks');
    if (action.kind === 'delete' && !action.soft && blocking.length > 0) {
      const which = blocking.map(
        (item) => `${item.table} (${item.columns.join(', ')}): ${item.rows ?? 0} rows`,
      );
      throw new AppError(
        'USER_DELETE_BLOCKED',
        `The user was not deleted. It is held by ${which.join('; ')}.`,
      );
    }
    const users = now().users;
    const gone = action.kind === 'delete' && !action.soft;
    now().users = gone
      ? users.filter((item) => item.id !== id)
      : users.map((item) => (item.id === id ? changed(item, action) : item));
    return { id, label, status: 'done' as const };
  };
  const done = (name: string, email: string) => ({
    id: email,
    label: email,
    status: 'done' as const,
    note: name,
  });
  return {
    'users.overview': async () => Promise.resolve(now().overview),
    'users.list': async ({ filter, cursor, limit }) => {
      const from = Number(cursor ?? 0);
      const fits = fitting(filter);
      const next = from + limit;
      return Promise.resolve({
        users: fits.slice(from, next),
        ...(next < fits.length ? { next: String(next) } : {}),
      });
    },
    'users.count': async ({ filter }) => Promise.resolve({ count: fitting(filter).length }),
    'users.get': async ({ id }) => Promise.resolve(find(id)),
    'users.audit': async () =>
      Promise.resolve({ entries: [{ id: 'audit-1', at: '2026-11-22T11:00:00Z', action: 'login' }] }),
    'users.create': async (input) => {
      note('users.create', input);
      const { users } = now();
      const made = user(1_000 + users.length, { email: input.email });
      now().users = [made, ...users];
      return Promise.resolve({ id: made.id, label: userLabel(made), status: 'done' });
    },
    'users.act': async ({ id, action }) => {
      note('users.act', { id, action });
      return Promise.resolve(act(id, action));
    },
    'users.references': async ({ id }) => Promise.resolve(now().references[id] ?? []),
    'users.link': async (input) => {
      note('users.link', input);
      return Promise.resolve({ url: 'https://project.example/auth/v1/verify?token=one-time' });
    },
    'users.send': async (input) => {
      note('users.send', input);
      return Promise.resolve(done('The service took the order.', input.email));
    },
    'users.bulk': async function* ({ ids, action }) {
      note('users.bulk', { ids, action });
      const count = { done: 0, unchanged: 0, failed: 0, unknown: 0, total: ids.length };
      let seq = 0;
      for (const id of ids) {
        try {
          act(id, action);
          count.done += 1;
        } catch (error) {
          count.failed += 1;
          const outcome = {
            id,
            label: userLabel(find(id)),
            status: 'failed' as const,
            error: toErrorShape(error),
          };
          yield { seq: seq++, event: { type: 'problem' as const, outcome } };
        }
        yield { seq: seq++, event: { type: 'progress' as const, ...count } };
      }
      yield await Promise.resolve({ seq, event: { type: 'end' as const, ...count } });
    },
    'users.export': async function* ({ filter, format }) {
      note('users.export', { filter, format });
      const emails = fitting(filter).map((item) => item.email);
      yield await Promise.resolve({
        seq: 0,
        event: { text: ['email', ...emails].join('\r\n'), users: emails.length },
      });
    },
    'users.import': async function* ({ text, dryRun }) {
      note('users.import', { lines: text.split('\n').length, dryRun });
      const bad = text
        .split('\n')
        .flatMap((line, index) => (index > 0 && !line.includes('@') ? [index + 1] : []));
      const lines = text.split('\n').length - 1;
      yield {
        seq: 0,
        event: { type: 'columns' as const, used: ['email'], ignored: ['shoe_size'], notes: [] },
      };
      for (const line of bad)
        yield { seq: line, event: { type: 'bad' as const, line, reason: 'This is not an address.' } };
      const count = { lines, imported: lines - bad.length, existing: 0, bad: bad.length, unknown: 0 };
      yield await Promise.resolve({ seq: lines + 2, event: { type: 'end' as const, ...count } });
    },
    'users.resets': async () => Promise.resolve(now().resets),
    'users.startResets': async ({ perHour }) => {
      note('users.startResets', { perHour });
      const { waiting, ...rest } = now().resets;
      const run = { running: true, perHour, sent: 1, refused: 0, refusals: [] };
      now().resets = { ...rest, waiting: waiting - 1, mailed: rest.mailed + 1, run };
      return Promise.resolve(now().resets);
    },
    'users.stopResets': async () => {
      note('users.stopResets', {});
      const { run, ...rest } = now().resets;
      now().resets = { ...rest, ...(run === undefined ? {} : { run: { ...run, running: false } }) };
      return Promise.resolve(now().resets);
    },
    'users.views': async () => Promise.resolve(now().views),
    'users.saveView': async (view) => {
      now().views = [...now().views.filter((one) => one.name !== view.name), view];
      return Promise.resolve(now().views);
    },
    'users.deleteView': async ({ name }) => {
      now().views = now().views.filter((one) => one.name !== name);
      return Promise.resolve(now().views);
    },
    'users.stats': async () => Promise.resolve(now().stats),
    'users.searchIndex': async ({ act: what }) => {
      note('users.searchIndex', { act: what });
      const index = now().overview.searchIndex;
      if (index === undefined) throw new AppError('USERS_PATH_LIMIT', 'There is no database connection.');
      const changedIndex = { ...index, state: what === 'create' ? ('ready' as const) : ('absent' as const) };
      now().overview = { ...now().overview, searchIndex: changedIndex };
      return Promise.resolve(changedIndex);
    },
  };
}
