import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';

/** The table of Cutover's own that makes searching quick. `auth.users` itself may have no index but the service's. */
export const searchTable = 'cutover.user_search';
/** The trigger that keeps it up to date, which is none of the application's. */
export const searchTrigger = 'cutover_user_search';

/** SQL: what every search looks at, lower-cased, one part a line; `n` is the row of `auth.users`. */
export const searchText = (n: string): string =>
  `lower(concat_ws(E'\\n', ${n}.email, ${n}.phone, ${n}.id::text, ${n}.raw_user_meta_data::text, ${n}.raw_app_meta_data::text))`;

const thereRow = z.object({ there: z.boolean() });

/** Brings the search table level, where there is one, after users were written while triggers did not fire. */
export async function refreshSearchTable(target: DatabaseSession): Promise<void> {
  const [row] = await target.query(thereRow, `select to_regclass('${searchTable}') is not null as there`);
  if (row?.there !== true) return;
  await target.execute(
    `insert into ${searchTable} as s (id, created_at, text) select u.id, u.created_at, ${searchText('u')} from auth.users u
     on conflict (id) do update set created_at = excluded.created_at, text = excluded.text where s.text is distinct from excluded.text`,
  );
}
