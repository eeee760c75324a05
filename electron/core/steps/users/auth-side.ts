import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { readAuthUsers, takenByOthers } from './api-users';
import { readAuthTables, readAuthTriggers } from './auth-tables';
import { batchesOf, exceptionsBy, readTaken } from './batches';
import type { ResolvedMapping } from './source-sql';
import type { UserException } from './source-users';

type Ports = Pick<MigrationPorts, 'database' | 'auth'>;

/** Triggers of the application on `auth.users`; none where there is no database to tell them. */
export async function readTriggers({ database }: Ports, signal: AbortSignal): Promise<string[]> {
  if (!database.target.configured) return [];
  return database.target.use(signal, async (target) => {
    await readAuthTables(target);
    return (await readAuthTriggers(target)).map(({ name, runs }) => `${name} (${runs})`);
  });
}

/** Users to import whose id, address or number somebody else has at the Auth service: by its tables, else by its admin API. */
export async function readTakenUsers(
  { database, auth }: Ports,
  source: DatabaseSession,
  mapping: ResolvedMapping,
  exceptions: readonly UserException[],
  signal: AbortSignal,
): Promise<UserException[]> {
  if (database.target.configured) {
    return database.target.use(signal, async (target) => {
      await readAuthTables(target);
      return readTaken(source, target, mapping, exceptions);
    });
  }
  const there = await readAuthUsers(auth, signal);
  if (there.size === 0) return [];
  const isTaken = takenByOthers(there);
  const taken: UserException[] = [];
  for await (const users of batchesOf(source, mapping, exceptionsBy(exceptions))) {
    for (const user of users)
      if (isTaken(user)) taken.push({ source: user.source, key: user.key, reason: 'taken' });
  }
  return taken;
}
