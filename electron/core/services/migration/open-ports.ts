import { createHash } from 'node:crypto';
import type { Lane } from '#shared/model/run';
import { databaseFingerprint } from '../../adapters/postgres/fingerprint';
import { openDatabasePorts } from '../../adapters/postgres/open';
import { objectFingerprints } from '../../adapters/s3/fingerprint';
import { openObjectPorts } from '../../adapters/s3/open';
import { openAuthPort } from '../../adapters/supabase/open';
import type { MigrationPorts } from '../../ports/migration-ports';
import type { Settings } from '../../ports/settings';

/** The ports of a migration; nothing is connected until a step asks. Throws `SETTING_MISSING` and `SETTING_INVALID` when a step first needs the setting. */
export function openMigrationPorts(settings: Settings): MigrationPorts {
  const database = openDatabasePorts(settings);
  const auth = openAuthPort(settings);
  const objects = openObjectPorts(settings);
  return {
    database,
    auth,
    objects,
    close: async () => {
      await Promise.all([database.close(), auth.close(), objects.close()]);
    },
  };
}

/**
 * Who source and target are, hashed: a run is resumed only between the services that it began with. The lanes decide what is asked, so a
 * run of objects alone needs no database.
 */
export async function fingerprintsOf(
  ports: MigrationPorts,
  only: readonly Lane[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const facts: Record<string, string> = {};
  if (only.includes('database') || only.includes('users')) {
    const [source, target] = await Promise.all([
      databaseFingerprint(ports.database.source, signal),
      databaseFingerprint(ports.database.target, signal),
    ]);
    Object.assign(facts, { sourceDatabase: source, targetDatabase: target });
  }
  if (only.includes('objects')) Object.assign(facts, await objectFingerprints(ports.objects, signal));
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [
      name,
      createHash('sha256').update(fact).digest('hex').slice(0, 32),
    ]),
  );
}
