import type { UsersPage, UsersQuery } from '#shared/contract/users';
import { AppError, toAppError } from '#shared/model/errors';
import type { UserFilter } from '#shared/model/users';
import { z } from 'zod';
import type { AdminApi, ApiUser } from '../../../adapters/supabase/admin-api';
import { pathLimit } from '../refusals';
import { matches, summaryOf } from './mapping';

/** Users a request asks for when most of them may not fit. */
const scanPage = 500;
/** How many users one call looks through before it answers with what it has. */
const scanLimit = 5_000;
/** The largest page that is asked for. */
const widestPage = 5_000;

const cursorSchema = z.object({
  page: z.number().int().min(1),
  size: z.number().int().min(1),
  total: z.number().optional(),
  /** When the last user that was looked at was made, and which of that moment were looked at. */
  at: z.string(),
  seen: z.array(z.string()),
});
type Cursor = z.infer<typeof cursorSchema>;

function readCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw new AppError('INVALID_INPUT', 'The place in the list is not valid.', { hint: 'Reload the list.' });
  }
}

/** Text that the service itself looks for, in address and full name; it takes `%` and `_` for wildcards, so the answer is looked through again. */
function serverFilter({ text, field }: UserFilter): string | undefined {
  const sought = text?.trim().toLowerCase() ?? '';
  if (sought === '') return undefined;
  const searched = ['any', 'email', 'emailStart'].includes(field ?? 'any');
  return searched ? sought.replaceAll('\\', '_') : undefined;
}

/** Whether the service's own count is the count of what fits. */
export function countsExactly(filter: UserFilter): boolean {
  const { text, field, ...rest } = filter;
  if (Object.values(rest).some((value) => value !== undefined)) return false;
  const sought = text?.trim() ?? '';
  return sought === '' || (['any', 'email'].includes(field ?? 'any') && !/[%_\\]/.test(sought));
}

const isUuid = (text: string): boolean => z.guid().safeParse(text).success;

/**
 * One page by way of the admin API, which knows pages by number only: when users came or went since the page before, the place is looked
 * up again, so that nobody is shown twice or left out.
 */
export async function listByApi(api: AdminApi, query: UsersQuery, signal: AbortSignal): Promise<UsersPage> {
  const sort = query.sort ?? { by: 'created', descending: true };
  if (sort.by !== 'created') {
    throw pathLimit(
      'The admin API sorts by the time of creation only.',
      'Add the database connection (SUPABASE_DB_URL) to sort by anything else.',
    );
  }
  const { filter } = query;
  const sought = filter.text?.trim() ?? '';
  if (isUuid(sought) && ['any', 'id'].includes(filter.field ?? 'any')) {
    return { users: await exactly(api, sought, { ...filter, text: undefined }, signal) };
  }

  const local = !countsExactly(filter);
  const start = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const size = start?.size ?? (local ? scanPage : query.limit);
  const read = (page: number, perPage = size) =>
    api.listUsers({ page, perPage, filter: serverFilter(filter), descending: sort.descending }, signal);
  const after = (user: ApiUser, at: string): number =>
    (Date.parse(user.created_at ?? '') - Date.parse(at)) * (sort.descending ? -1 : 1);
  /**
   * Everybody who was made in one moment, when that moment lies on the border before `page`: the service leaves their order open, so each of
   * the two pages may show the same ones. A page that holds the border inside shows them all.
   */
  const madeAt = async (at: string, page: number): Promise<ApiUser[]> => {
    let found: ApiUser[] = [];
    for (let times = 2; times * size <= widestPage; times += 1) {
      if ((page - 1) % times === 0) continue;
      const number = Math.floor((page - 1) / times) + 1;
      const { users } = await read(number, times * size);
      found = users.filter((user) => user.created_at === at);
      const begins = number === 1 || users[0]?.created_at !== at;
      const ends = users.length < times * size || users.at(-1)?.created_at !== at;
      if (begins && ends) break;
    }
    return found;
  };

  const now = new Date();
  const found: UsersPage['users'] = [];
  let place = start;
  let looked = 0;
  for (;;) {
    const page: number = place?.page ?? 1;
    const answer = await read(page);
    const { total } = answer;
    let { users } = answer;
    const atEnd = users.length < size;
    if (place !== undefined) {
      const { at, seen } = place;
      if (total !== place.total) {
        // Whoever moved to an earlier page since is found by walking back to where the list was left.
        for (let back = page - 1; back >= 1; back -= 1) {
          const [first] = users;
          if (first !== undefined && after(first, at) <= 0) break;
          const earlier = await read(back);
          users = [...earlier.users, ...users];
        }
      }
      if (users.some((user) => user.created_at === at)) users = [...(await madeAt(at, page)), ...users];
      users = users.filter(
        (user) => after(user, at) > 0 || (after(user, at) === 0 && !seen.includes(user.id)),
      );
    }
    users = [...new Map(users.map((user) => [user.id, user])).values()];
    looked += users.length;
    found.push(...users.filter((user) => matches(user, filter, now)).map(summaryOf));
    const last = users.at(-1);
    if (atEnd) return { users: found, ...(local ? { looked } : {}) };
    const at = last?.created_at ?? place?.at ?? '';
    const before: string[] = place?.at === at ? place.seen : [];
    place = {
      page: page + 1,
      size,
      ...(total === undefined ? {} : { total }),
      at,
      seen: [...before, ...users.filter((user) => user.created_at === at).map((user) => user.id)],
    };
    if (found.length >= query.limit || looked >= scanLimit) {
      return {
        users: found,
        next: Buffer.from(JSON.stringify(place)).toString('base64url'),
        ...(local ? { looked } : {}),
      };
    }
  }
}

async function exactly(
  api: AdminApi,
  id: string,
  filter: UserFilter,
  signal: AbortSignal,
): Promise<UsersPage['users']> {
  try {
    const user = await api.getUser(id, signal);
    return matches(user, filter, new Date()) ? [summaryOf(user)] : [];
  } catch (error) {
    if (toAppError(error).code === 'NOT_FOUND') return [];
    throw error;
  }
}
