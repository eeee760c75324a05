import { stringify } from 'csv-stringify/sync';
import type { UserFilter, UserSummary } from '#shared/model/users';
import type { UserDirectory } from '../../ports/users';

const pageSize = 1000;

const columns = {
  id: (user: UserSummary) => user.id,
  email: (user: UserSummary) => user.email,
  phone: (user: UserSummary) => user.phone,
  name: (user: UserSummary) => user.name,
  created_at: (user: UserSummary) => user.createdAt,
  last_sign_in_at: (user: UserSummary) => user.lastSignInAt,
  email_confirmed_at: (user: UserSummary) => user.emailConfirmedAt,
  phone_confirmed_at: (user: UserSummary) => user.phoneConfirmedAt,
  banned_until: (user: UserSummary) => user.bannedUntil,
  deleted_at: (user: UserSummary) => user.deletedAt,
  providers: (user: UserSummary) => user.providers.join(' '),
  mfa: (user: UserSummary) => String(user.mfa),
  migrated: (user: UserSummary) => String(user.migrated),
};

/** Lines of CSV; what a spreadsheet would take for a formula is guarded by an apostrophe. */
export function toCsv(users: readonly UserSummary[]): string {
  return stringify(
    users.map((user) => Object.values(columns).map((valueOf) => valueOf(user) ?? '')),
    { escape_formulas: true, record_delimiter: 'windows' },
  );
}

/** Every user that fits, the oldest first, in pieces of a text: those who sign up meanwhile come last. */
export async function* exportUsers(
  directory: UserDirectory,
  filter: UserFilter,
  format: 'csv' | 'json',
  signal: AbortSignal,
): AsyncGenerator<{ text: string; users: number }> {
  let users = 0;
  let cursor: string | undefined;
  yield { text: format === 'csv' ? `${Object.keys(columns).join(',')}\r\n` : '[', users };
  do {
    const page = await directory.list(
      {
        filter,
        sort: { by: 'created', descending: false },
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      },
      signal,
    );
    const first = users === 0;
    users += page.users.length;
    if (page.users.length > 0) {
      const rows = page.users.map((user) => JSON.stringify(user)).join(',\n');
      yield { text: format === 'csv' ? toCsv(page.users) : `${first ? '\n' : ',\n'}${rows}`, users };
    }
    cursor = page.next;
  } while (cursor !== undefined);
  if (format === 'json') yield { text: '\n]\n', users };
}
