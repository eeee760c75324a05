import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';

/** The table of Cutover's own that makes searching quick. `auth.users` itself may have no index but the service's. */
export const searchTable = 'cutover.user_search';
/**
 * Beside it what changes with every sign-in: in one table with the texts, each sign-in would have to write the index of the texts anew. It
 * makes the order of the last sign-in quick, and finding the banned.
 */
export const stateTable = 'cutover.user_states';
/** The triggers that keep them up to date, which are none of the application's. */
export const searchTriggers = ['cutover_user_search', 'cutover_user_states'] as const;

/** SQL: what every search looks at, lower-cased, one part a line; `n` is the row of `auth.users`. */
export const searchText = (n: string): string =>
  `lower(concat_ws(E'\\n', ${n}.email, ${n}.phone, ${n}.id::text, ${n}.raw_user_meta_data::text, ${n}.raw_app_meta_data::text))`;

const thereRow = z.object({ there: z.boolean() });

/** Brings both tables level, where they are there, after users were written while triggers did not fire. */
export async function refreshSearchTable(target: DatabaseSession): Promise<void> {
  const there = async (table: string): Promise<boolean> => {
    const [row] = await target.query(thereRow, `select to_regclass('${table}') is not null as there`);
    return row?.there === true;
  };
  if (await there(stateTable)) {
    await target.execute(
      `insert into ${stateTable} as s (id, last_sign_in_at, banned_until) select u.id, u.last_sign_in_at, u.banned_until from auth.users u
       on conflict (id) do update set last_sign_in_at = excluded.last_sign_in_at, banned_until = excluded.banned_until
       where (s.last_sign_in_at, s.banned_until) is distinct from (excluded.last_sign_in_at, excluded.banned_until)`,
    );
  }
  if (!(await there(searchTable))) return;
  await target.execute(
    `insert into ${searchTable} as s (id, created_at, text) select u.id, u.created_at, ${searchText('u')} from auth.users u
     on conflict (id) do update set created_at = excluded.created_at, text = excluded.text where s.text is distinct from excluded.text`,
  );
}
