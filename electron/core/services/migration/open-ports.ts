import { createHash } from 'node:crypto';
import { AppError } from '#shared/model/errors';
import type { Lane } from '#shared/model/run';
import type { SettingName } from '#shared/model/settings';
import type { DatabaseChoices } from '#shared/model/database-choices';
import type { UsersMapping } from '#shared/model/users-mapping';
import { databaseFingerprint } from '../../adapters/postgres/fingerprint';
import { openDatabasePorts } from '../../adapters/postgres/open';
import { openBucketSettings } from '../../adapters/s3/bucket-settings';
import { objectFingerprints } from '../../adapters/s3/fingerprint';
import { openObjectPorts } from '../../adapters/s3/open';
import type { SshSecrets } from '../../adapters/ssh/open-host';
import { openAuthPort } from '../../adapters/supabase/open';
import { readProjectLimits } from '../../adapters/supabase/project-limits';
import { openLinkPorts } from '../../adapters/web/open';
import type { MigrationPorts } from '../../ports/migration-ports';
import type { Settings } from '../../ports/settings';
import { sourceContainers } from './source-containers';

/** The ports of a migration; nothing is connected until a step asks. Throws `SETTING_MISSING` and `SETTING_INVALID` when a step first needs the setting. */
export function openMigrationPorts(
  settings: Settings,
  usersMapping?: UsersMapping,
  databaseChoices?: DatabaseChoices,
  sshSecrets: SshSecrets = { keyPassphrase: undefined, agent: undefined },
): MigrationPorts {
  const containers = sourceContainers(settings, sshSecrets);
  const database = openDatabasePorts(settings, undefined, containers);
  const auth = openAuthPort(settings);
  const objects = openObjectPorts(settings);
  const bucketSettings = openBucketSettings(settings);
  const links = openLinkPorts(settings);
  return {
    database,
    auth,
    objects,
    usersMapping,
    databaseChoices,
    bucketSettings,
    links,
    projectLimits: (signal) => readProjectLimits(settings, signal),
    close: async () => {
      containers?.close();
      await Promise.all([
        database.close(),
        auth.close(),
        objects.close(),
        bucketSettings.close(),
        links.close(),
      ]);
    },
  };
}

function sameEnds(source: SettingName, target: SettingName, what: string): AppError {
  return new AppError('SETTING_INVALID', `${source} and ${target} lead to the same ${what}.`, {
    hint: 'Cutover never writes to the source. Correct the one that is wrong; nothing was written.',
    details: { setting: target },
  });
}

/**
 * Who source and target are, hashed: a run is resumed only between the services that it began with. The lanes decide what is asked, so a
 * run of objects alone needs no database. Throws `SETTING_INVALID` when both are the same: a run never writes to its source.
 */
export async function fingerprintsOf(
  ports: MigrationPorts,
  only: readonly Lane[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const facts: Record<string, string> = {};
  if (only.includes('database') || only.includes('users') || only.includes('links')) {
    const source = await databaseFingerprint(ports.database.source, signal);
    if (ports.database.target.configured) {
      const target = await databaseFingerprint(ports.database.target, signal);
      if (source === target) throw sameEnds('SOURCE_DATABASE_URL', 'SUPABASE_DB_URL', 'database');
      Object.assign(facts, { sourceDatabase: source, targetDatabase: target });
    } else {
      Object.assign(facts, { sourceDatabase: source, targetProject: ports.auth.project() });
    }
  }
  if (only.includes('objects') || only.includes('links')) {
    if (ports.objects.source.endpoint === ports.objects.target.endpoint) {
      throw sameEnds('SOURCE_S3_ENDPOINT', 'R2_ENDPOINT', 'object store');
    }
    Object.assign(facts, await objectFingerprints(ports.objects, signal));
  }
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [
      name,
      createHash('sha256').update(fact).digest('hex').slice(0, 32),
    ]),
  );
}
