import type { UsersPage, UsersQuery } from '#shared/contract/users';
import { AppError } from '#shared/model/errors';
import { migratedMark, type UserFilter } from '#shared/model/users';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';
import { iso, nilUuid, summaryColumns, summaryRow } from './rows';
import { searchTable, stateTable } from '../../../steps/users/search-table';

/** Values of a statement, numbered as they are named. */
class Values {
  readonly list: unknown[] = [];
  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

/** For LIKE: the text means itself. */
const literal = (text: string): string => text.replace(/[\\%_]/g, (char) => `\\${char}`);
/** How the text may stand inside of a JSON text: as a value has it, or as JSON that somebody typed: `"plan": "pro"`. */
const inJson = (text: string): string[] => [...new Set([JSON.stringify(text).slice(1, -1), text])];

/** The smallest text of digits that comes after every text with this beginning; undefined when there is none. */
export function nextDigits(prefix: string): string | undefined {
  const kept = prefix.replace(/9+$/, '');
  return kept === '' ? undefined : kept.slice(0, -1) + String(Number(kept.at(-1)) + 1);
}

/** The first and the last id with this beginning; undefined for a text that begins no id. */
export function idRange(text: string): [string, string] | undefined {
  const plain = text.toLowerCase();
  if (!/^[0-9a-f-]{1,36}$/.test(plain)) return undefined;
  const hex = plain.replaceAll('-', '');
  if (hex.length === 0 || hex.length > 32 || !dashed(hex).startsWith(plain.replace(/-$/, '')))
    return undefined;
  return [dashed(hex.padEnd(32, '0')), dashed(hex.padEnd(32, 'f'))];
}
function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .filter((part) => part !== '')
    .join('-');
}

function searchCondition(sought: string, field: UserFilter['field'], values: Values): string {
  // The server lowers both: what counts as a lower-case letter is its matter.
  const holds = (column: string, value: string) =>
    `strpos(lower(${column}), lower(${values.add(value)})) > 0`;
  const inMetadata = () =>
    inJson(sought).flatMap((json) => [
      holds('u.raw_user_meta_data::text', json),
      holds('u.raw_app_meta_data::text', json),
    ]);
  switch (field ?? 'any') {
    case 'emailStart':
      // An index with text_pattern_ops is there on every project.
      return `u.id in (select i.user_id from auth.identities i where i.email like lower(${values.add(`${literal(sought)}%`)}))`;
    case 'email':
      return holds('u.email', sought);
    case 'phone': {
      const digits = sought.replace(/[^0-9]/g, '');
      if (digits === '') return 'false';
      const next = nextDigits(digits);
      const upper = next === undefined ? '' : ` and u.phone < ${values.add(next)}`;
      return `u.phone >= ${values.add(digits)}${upper} and starts_with(u.phone, ${values.add(digits)})`;
    }
    case 'id': {
      const range = idRange(sought);
      return range === undefined
        ? 'false'
        : `u.id between ${values.add(range[0])}::uuid and ${values.add(range[1])}::uuid`;
    }
    case 'name':
      return holds(`coalesce(u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'name')`, sought);
    case 'metadata':
      return `(${inMetadata().join(' or ')})`;
    case 'any': {
      const digits = sought.replace(/^\+/, '');
      const phone = /^[0-9]+$/.test(digits) ? [holds('u.phone', digits)] : [];
      const range = sought.length >= 4 ? idRange(sought) : undefined;
      const id =
        range === undefined
          ? []
          : [`u.id between ${values.add(range[0])}::uuid and ${values.add(range[1])}::uuid`];
      return `(${[holds('u.email', sought), ...phone, ...id, ...inMetadata()].join(' or ')})`;
    }
  }
}

/** Texts of the search table of which every match of the condition holds one; undefined where the table does not help. */
function indexedTexts({ text, field }: UserFilter): string[] | undefined {
  const sought = (text ?? '').trim();
  // Three characters make one trigram; less is looked for row by row anyway.
  if (sought.length < 3) return undefined;
  switch (field ?? 'any') {
    case 'any':
      return /^\+[0-9]+$/.test(sought) ? [sought.slice(1)] : inJson(sought);
    case 'email':
      return [sought];
    case 'name':
    case 'metadata':
      return inJson(sought);
    case 'emailStart':
    case 'phone':
    case 'id':
      return undefined;
  }
}

const throughCondition = (texts: readonly string[], values: Values): string =>
  `(${texts.map((text) => `s.text like lower(${values.add(`%${literal(text)}%`)})`).join(' or ')})`;

/** Whether a filter can be answered from the table of states, `w`. */
const asksStates = (filter: UserFilter): boolean =>
  filter.state === 'banned' || filter.signedInFrom !== undefined || filter.signedInTo !== undefined;

/** The conditions of a filter over `u`; `indexed`: the tables that have an index for what is asked of time. */
function conditions(
  filter: UserFilter,
  values: Values,
  indexed: { created: 'u' | 's'; states: 'u' | 'w' } = { created: 'u', states: 'u' },
): string[] {
  const found = [`u.instance_id = '${nilUuid}'`];
  const text = filter.text?.trim() ?? '';
  if (text !== '') found.push(searchCondition(text, filter.field, values));
  switch (filter.state) {
    case 'confirmed':
      found.push(
        'u.confirmed_at is not null and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now())',
      );
      break;
    case 'unconfirmed':
      found.push(
        'u.confirmed_at is null and u.deleted_at is null and not u.is_anonymous and (u.banned_until is null or u.banned_until <= now())',
      );
      break;
    case 'banned':
      // A trigger may have failed unseen: nobody is shown as banned who is not.
      found.push(
        `${indexed.states}.banned_until > now() and u.banned_until > now() and u.deleted_at is null`,
      );
      break;
    case 'deleted':
      found.push('u.deleted_at is not null');
      break;
    case 'anonymous':
      found.push('u.is_anonymous and u.deleted_at is null');
      break;
    case undefined:
  }
  if (filter.provider !== undefined) {
    found.push(
      `exists (select from auth.identities i where i.user_id = u.id and i.provider = ${values.add(filter.provider)})`,
    );
  }
  if (filter.mfa !== undefined) {
    found.push(
      `${filter.mfa ? '' : 'not '}exists (select from auth.mfa_factors f where f.user_id = u.id and f.status = 'verified')`,
    );
  }
  if (filter.migrated !== undefined) {
    found.push(`coalesce(u.raw_app_meta_data ? '${migratedMark}', false) = ${String(filter.migrated)}`);
  }
  const bound = (column: string, operator: string, value: string | undefined) => {
    if (value !== undefined)
      found.push(`${column} ${operator} ${values.add(timestampOf(value))}::timestamptz`);
  };
  bound(`${indexed.created}.created_at`, '>=', filter.createdFrom);
  bound(`${indexed.created}.created_at`, '<', filter.createdTo);
  bound(`${indexed.states}.last_sign_in_at`, '>=', filter.signedInFrom);
  bound(`${indexed.states}.last_sign_in_at`, '<', filter.signedInTo);
  if (filter.neverSignedIn === true) found.push('u.last_sign_in_at is null');
  return found;
}

function timestampOf(text: string): string {
  if (Number.isNaN(Date.parse(text))) {
    throw new AppError('INVALID_INPUT', `${text} is not a date.`, { hint: 'Write it as 2026-11-23.' });
  }
  return text;
}

const cursorSchema = z.object({
  /** The value of the order's column in the last row; null when the rows without one have been reached. */
  v: z.string().nullable(),
  id: z.guid(),
});
type Cursor = z.infer<typeof cursorSchema>;

function readCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw new AppError('INVALID_INPUT', 'The place in the list is not valid.', { hint: 'Reload the list.' });
  }
}
const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** Beginnings of addresses that more users have than this are met soon enough in the order of the list. */
const fewUsers = 2_000;
const userIdRow = z.object({ id: z.string() });

/**
 * The users with an address that begins so, when they are few: asked for first, because in one question with an order the server may look at
 * every user for it. Undefined when they are many, or nothing of the kind is sought.
 */
async function usersByBeginning(
  session: DatabaseSession,
  { text, field }: UserFilter,
): Promise<string[] | undefined> {
  const sought = text?.trim() ?? '';
  if (field !== 'emailStart' || sought === '') return undefined;
  const rows = await session.query(
    userIdRow,
    `select i.user_id::text as id from auth.identities i where i.email like lower($1) limit ${fewUsers + 1}`,
    [`${literal(sought)}%`],
  );
  return rows.length > fewUsers ? undefined : rows.map((row) => row.id);
}

const listRow = z.object({ id: z.string(), v: z.string().nullable() });

/**
 * One page in a total order, from where the page before ended: rows that come or go meanwhile shift nothing. Rows without a value in the
 * order's column come last, in the order of their ids.
 */
export async function listUsers(
  session: DatabaseSession,
  query: UsersQuery,
  indexed: boolean,
): Promise<UsersPage> {
  const sort = query.sort ?? { by: 'created', descending: true };
  const order = {
    created: { column: 'u.created_at', type: 'timestamptz' },
    lastSignIn: { column: 'u.last_sign_in_at', type: 'timestamptz' },
    // As the index of the service has it.
    email: { column: 'lower(u.email::text)', type: 'text' },
  }[sort.by];
  const textOf = (column: string): string => (order.type === 'text' ? column : iso(column));
  const direction = sort.descending ? 'desc' : 'asc';
  const beyond = sort.descending ? '<' : '>';
  const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const through = indexed ? indexedTexts(query.filter) : undefined;
  // These orders have an index in the tables of Cutover's own, which the table of users need not have.
  const ordered = !indexed
    ? undefined
    : sort.by === 'created'
      ? 's'
      : sort.by === 'lastSignIn'
        ? 'w'
        : undefined;
  const states = indexed && (ordered === 'w' || asksStates(query.filter)) ? 'w' : 'u';

  const only = await usersByBeginning(session, query.filter);
  const filter = only === undefined ? query.filter : { ...query.filter, text: undefined };

  const part = async (section: 'values' | 'nulls', after: Cursor | undefined, limit: number) => {
    const values = new Values();
    const where = conditions(filter, values, { created: ordered === 's' ? 's' : 'u', states });
    const column = ordered === undefined ? order.column : order.column.replace(/^u/, ordered);
    const id = `${ordered ?? 'u'}.id`;
    const join = [
      ...(ordered === 's' || through !== undefined ? [`join ${searchTable} s on s.id = u.id`] : []),
      ...(states === 'w' ? [`join ${stateTable} w on w.id = u.id`] : []),
    ].join(' ');
    if (only !== undefined) where.push(`u.id = any (${values.add(only)}::uuid[])`);
    if (through !== undefined) where.push(throughCondition(through, values));
    if (section === 'nulls') {
      where.push(`${column} is null`);
      if (after !== undefined) where.push(`${id} ${beyond} ${values.add(after.id)}::uuid`);
    } else {
      where.push(`${column} is not null`);
      if (after !== undefined) {
        where.push(
          `(${column}, ${id}) ${beyond} (${values.add(after.v)}::${order.type}, ${values.add(after.id)}::uuid)`,
        );
      }
    }
    const by = section === 'nulls' ? `${id} ${direction}` : `${column} ${direction}, ${id} ${direction}`;
    return session.query(
      listRow,
      `select u.id::text as id, ${section === 'nulls' ? 'null' : textOf(column)} as v
       from auth.users u ${join} where ${where.join(' and ')} order by ${by} limit ${limit}`,
      values.list,
    );
  };

  const wanted = query.limit + 1;
  const withValue = cursor?.v === null ? [] : await part('values', cursor, wanted);
  const missing = wanted - withValue.length;
  const without = missing === 0 ? [] : await part('nulls', cursor?.v === null ? cursor : undefined, missing);
  const rows = [...withValue, ...without];
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const users = await summaries(
    session,
    shown.map((row) => row.id),
  );
  return {
    users,
    ...(rows.length > shown.length && last !== undefined
      ? { next: writeCursor({ v: last.v, id: last.id }) }
      : {}),
  };
}

/** Summaries in the order of the ids; users that have gone meanwhile are left out. */
export async function summaries(
  session: DatabaseSession,
  ids: readonly string[],
): Promise<UsersPage['users']> {
  if (ids.length === 0) return [];
  return session.query(
    summaryRow,
    `select ${summaryColumns} from unnest($1::uuid[]) with ordinality as wanted (id, place)
     join auth.users u on u.id = wanted.id order by wanted.place`,
    [ids],
  );
}

const countRow = z.object({ count: z.coerce.number() });

export async function countUsers(
  session: DatabaseSession,
  filter: UserFilter,
  indexed: boolean,
): Promise<number> {
  const values = new Values();
  const states = indexed && asksStates(filter) ? 'w' : 'u';
  const where = conditions(filter, values, { created: 'u', states });
  const through = indexed ? indexedTexts(filter) : undefined;
  const join = [
    ...(through === undefined ? [] : [`join ${searchTable} s on s.id = u.id`]),
    ...(states === 'u' ? [] : [`join ${stateTable} w on w.id = u.id`]),
  ].join(' ');
  if (through !== undefined) where.push(throughCondition(through, values));
  const [row] = await session.query(
    countRow,
    `select count(*) as count from auth.users u ${join} where ${where.join(' and ')}`,
    values.list,
  );
  return row?.count ?? 0;
}
