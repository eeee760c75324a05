import path from 'node:path';
import { usersMappingSchema, type UsersMapping } from '#shared/model/users-mapping';
import { z } from 'zod';
import type { MigrationPorts } from '../../ports/migration-ports';
import { resolveMapping } from '../../steps/users/resolve-mapping';
import type { ActivityLog } from '../activity/activity-log';
import { jsonFile } from '../workspaces/json-file';

const fileSchema = z.object({ mapping: usersMappingSchema.nullable() });

const fileOf = (folder: string) => jsonFile(path.join(folder, 'users-mapping.json'), fileSchema);

/** The mapping of the users that an operator keeps in a workspace; undefined without one. Throws `WORKSPACE_UNREADABLE`. */
export async function readUsersMapping(folder: string): Promise<UsersMapping | undefined> {
  return (await fileOf(folder).read())?.mapping ?? undefined;
}

/**
 * Keeps a mapping for a workspace after it was tried on the source; null goes back to what is found by itself. Throws
 * `USERS_MAPPING_INVALID`.
 */
export async function saveUsersMapping(
  folder: string,
  mapping: UsersMapping | null,
  ports: Pick<MigrationPorts, 'database'>,
  activity: ActivityLog,
  signal: AbortSignal,
): Promise<void> {
  if (mapping !== null) {
    await ports.database.source.use(signal, (source) => resolveMapping(source, mapping));
  }
  const before = await readUsersMapping(folder);
  if (JSON.stringify(before ?? null) === JSON.stringify(mapping)) return;
  await fileOf(folder).update(() => ({ mapping }));
  await activity.record({
    area: 'migration',
    action: 'users.map',
    target:
      mapping?.sources.map((source) => `${source.schema}.${source.name}`).join(', ') ?? 'found by itself',
    outcome: 'done',
    before: { mapping: before ?? null },
    after: { mapping },
  });
}
