import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { batchWithApiIds, cameByApi } from './adopt-api-users';
import { countAuthUsers, nilUuid } from './auth-tables';
import { batchSql } from './insert-users';
import type { ResolvedMapping } from './source-sql';
import { applyExceptions, readUsers, type SourceUser, type UserException } from './source-users';
import { hasUserMap, mapTable } from './user-map';

/** Users that travel in one transaction. */
export const batchSize = 5_000;

/** Exceptions by user. */
export function exceptionsBy(exceptions: readonly UserException[]): Map<string, UserException> {
  return new Map(exceptions.map((one) => [`${one.source}:${one.key}`, one]));
}

/** Every user that comes, batch by batch. */
export async function* batchesOf(
  source: DatabaseSession,
  mapping: ResolvedMapping,
  exceptions: ReadonlyMap<string, UserException>,
): AsyncGenerator<SourceUser[]> {
  for (const one of mapping.sources) {
    let after: string | null = null;
    for (;;) {
      const page: SourceUser[] = await readUsers(source, one, mapping.choices, after, batchSize);
      const last = page.at(-1);
      if (last === undefined) break;
      yield applyExceptions(page, exceptions);
      after = last.key;
    }
  }
}

const takenRow = z.object({ source: z.string(), key: z.string() });

/** Of these users, those whose id, address or number somebody else has at the Auth service. Users of an earlier import are nobody else, also of one by the admin API. */
export async function findTaken(
  target: DatabaseSession,
  users: readonly SourceUser[],
): Promise<{ source: string; key: string }[]> {
  const mapped = (await hasUserMap(target))
    ? `left join ${mapTable} m on m.source = u.source and m.old_id = u.key`
    : `cross join (select null::uuid as user_id) m`;
  return target.query(
    takenRow,
    `select u.source, u.key from ${batchSql} ${mapped}
     where m.user_id is null and not exists (select from auth.users a where ${cameByApi}) and (exists (select from auth.users a where a.id = u.id)
       or exists (select from auth.users a where a.instance_id = '${nilUuid}' and lower(a.email) = u.email)
       or exists (select from auth.users a where a.phone = u.phone))`,
    [batchWithApiIds(users)],
  );
}

/** Users to import whose id, address or number somebody else has at the Auth service. */
export async function readTaken(
  source: DatabaseSession,
  target: DatabaseSession,
  mapping: ResolvedMapping,
  exceptions: readonly UserException[],
): Promise<UserException[]> {
  if ((await countAuthUsers(target)) === 0) return [];
  const taken: UserException[] = [];
  for await (const users of batchesOf(source, mapping, exceptionsBy(exceptions))) {
    for (const user of await findTaken(target, users)) taken.push({ ...user, reason: 'taken' });
  }
  return taken;
}
