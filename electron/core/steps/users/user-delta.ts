import { AppError } from '#shared/model/errors';
import { migratedMark } from '#shared/model/users';
import type { UserDelta } from '#shared/model/users-report';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { qualified, quoteName } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import { apiIdOf, readAuthUsers, takenByOthers } from './api-users';
import { readAuthTables, readAuthTriggers } from './auth-tables';
import { batchesOf, exceptionsBy, findTaken } from './batches';
import { addCarried, carryChanges, countChanges, nothingCarried } from './carry-users';
import { createAllByApi } from './import-by-api';
import { insertUsers } from './insert-users';
import { mappingInForce } from './resolve-mapping';
import { surveyUsers, type SourceUser } from './source-users';
import { refreshSearchTable } from './search-table';
import { hasUserMap, mapTable } from './user-map';

const clashesShown = 20;

const keyRow = z.object({ source: z.string(), key: z.string() });
const countRow = z.object({ n: z.coerce.number() });

/** Of these users, those that no import has written yet. */
async function readNew(target: DatabaseSession, users: readonly SourceUser[]): Promise<SourceUser[]> {
  const known = await target.query(
    keyRow,
    `select m.source, m.old_id as key from jsonb_to_recordset($1::jsonb) as u (source text, key text)
     join ${mapTable} m on m.source = u.source and m.old_id = u.key`,
    [JSON.stringify(users.map(({ source, key }) => ({ source, key })))],
  );
  const keys = new Set(known.map((one) => `${one.source}:${one.key}`));
  return users.filter((user) => !keys.has(`${user.source}:${user.key}`));
}

/**
 * Carries over what changed at the application since its users were imported: who signed up, passwords, deactivations,
 * confirmations, addresses. What was changed at the Auth service as well stays as it is there. Without `apply` it only
 * counts. Doing it again changes nothing; each batch is one transaction. Throws `NOT_FOUND` when nobody was imported.
 */
export async function carryUsers(
  ports: Pick<MigrationPorts, 'database' | 'auth' | 'usersMapping'>,
  apply: boolean,
  signal: AbortSignal,
): Promise<UserDelta> {
  if (!ports.database.target.configured) return carryByApi(ports, apply, signal);
  return ports.database.source.use(signal, (source) =>
    ports.database.target.use(signal, async (target) => {
      const tables = await readAuthTables(target);
      const mapping = await mappingInForce(source, ports.usersMapping);
      if (mapping === undefined || !(await hasUserMap(target))) {
        throw nobodyImported();
      }
      const silent = mapping.choices.triggers === 'skip' && (await readAuthTriggers(target)).length > 0;
      const exceptions = exceptionsBy((await surveyUsers(source, mapping)).exceptions);
      let carried = nothingCarried;
      let added = 0;
      const clashes: string[] = [];
      for await (const users of batchesOf(source, mapping, exceptions)) {
        carried = addCarried(
          carried,
          apply ? await carryChanges(target, users, { silent }) : await countChanges(target, users),
        );
        const fresh = await readNew(target, users);
        if (fresh.length === 0) continue;
        const taken = new Set((await findTaken(target, fresh)).map((one) => `${one.source}:${one.key}`));
        clashes.push(...taken);
        const coming = fresh.filter((user) => !taken.has(`${user.source}:${user.key}`));
        added +=
          apply && coming.length > 0 ? await insertUsers(target, tables, coming, { silent }) : coming.length;
      }
      if (apply && silent) await refreshSearchTable(target);
      let missing = 0;
      for (const one of mapping.sources) missing += await countMissing(source, target, one);
      return {
        applied: apply,
        added,
        ...carried,
        missing,
        clashes: clashes.slice(0, clashesShown),
        clashCount: clashes.length,
        addedOnly: false,
      };
    }),
  );
}

/** The admin API takes no hash for a user who is there and tells none: only who signed up since can be carried. */
async function carryByApi(
  { database, auth, usersMapping }: Pick<MigrationPorts, 'database' | 'auth' | 'usersMapping'>,
  apply: boolean,
  signal: AbortSignal,
): Promise<UserDelta> {
  return database.source.use(signal, async (source) => {
    const mapping = await mappingInForce(source, usersMapping);
    if (mapping === undefined) throw nobodyImported();
    const there = await readAuthUsers(auth, signal);
    const labels = new Set<unknown>(mapping.sources.map(tableLabel));
    if (![...there.values()].some((user) => labels.has(user.appMetadata[migratedMark])))
      throw nobodyImported();
    const isTaken = takenByOthers(there);
    const exceptions = exceptionsBy((await surveyUsers(source, mapping)).exceptions);
    const clashes: string[] = [];
    let added = 0;
    for await (const users of batchesOf(source, mapping, exceptions)) {
      const fresh = users.filter((user) => !there.has(apiIdOf(user)) || isTaken(user));
      const coming = fresh.filter((user) => !isTaken(user));
      clashes.push(...fresh.filter(isTaken).map((user) => `${user.source}:${user.key}`));
      if (apply) await createAllByApi(auth, coming, signal);
      added += coming.length;
    }
    return {
      applied: apply,
      added,
      ...nothingCarried,
      missing: 0,
      clashes: clashes.slice(0, clashesShown),
      clashCount: clashes.length,
      addedOnly: true,
    };
  });
}

const nobodyImported = (): AppError =>
  new AppError('NOT_FOUND', 'No users were imported into this project yet.', {
    hint: 'Run the migration of the users first.',
  });

/** Imported users whose row is gone from the application. */
async function countMissing(
  source: DatabaseSession,
  target: DatabaseSession,
  table: { schema: string; name: string; id: string },
): Promise<number> {
  let missing = 0;
  let after = '';
  for (;;) {
    const page: { key: string }[] = await target.query(
      z.object({ key: z.string() }),
      `select old_id as key from ${mapTable} where source = $1 and old_id > $2 order by old_id limit 20000`,
      [tableLabel(table), after],
    );
    const last = page.at(-1);
    if (last === undefined) return missing;
    const [found] = await source.query(
      countRow,
      `select count(*) as n from unnest($1::text[]) k (key) where not exists (
         select from ${qualified(table)} t where t.${quoteName(table.id)}::text = k.key)`,
      [page.map((row) => row.key)],
    );
    missing += found?.n ?? 0;
    after = last.key;
  }
}
