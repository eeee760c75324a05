import type { InspectProgress } from '#shared/contract/inspect-objects';
import type { InspectReport } from '#shared/contract/migration';
import type { Lane } from '#shared/model/run';
import type { MigrationPorts } from '../../ports/migration-ports';
import { inspectDatabase } from '../../steps/database-schema/inspect-database';
import { inspectObjects } from '../../steps/objects/inspect-objects';
import { inspectUsers } from '../../steps/users/inspect-users';

/** What is on the source, and what will not survive the move as it is. Reads only; lanes side by side. */
export async function inspect(
  only: readonly Lane[],
  ports: MigrationPorts,
  signal: AbortSignal,
  onProgress: (progress: InspectProgress) => void,
): Promise<InspectReport> {
  const [database, users, objects] = await Promise.all([
    only.includes('database') ? inspectDatabase(ports, signal) : undefined,
    only.includes('users') ? inspectUsers(ports, signal) : undefined,
    only.includes('objects')
      ? inspectObjects(ports.objects, ports.bucketSettings, signal, onProgress)
      : undefined,
  ]);
  return {
    at: new Date().toISOString(),
    ...(database === undefined ? {} : { database: database.database }),
    ...(users?.users === undefined ? {} : { users: users.users }),
    ...(objects === undefined ? {} : { objects: objects.objects }),
    findings: [database, users, objects].flatMap((part) => part?.findings ?? []),
  };
}
