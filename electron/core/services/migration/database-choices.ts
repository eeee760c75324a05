import path from 'node:path';
import {
  databaseChoicesSchema,
  noDatabaseChoices,
  type DatabaseChoices,
} from '#shared/model/database-choices';
import type { MigrationPorts } from '../../ports/migration-ports';
import { readLeftOut } from '../../steps/common/left-out';
import type { ActivityLog } from '../activity/activity-log';
import { jsonFile } from '../workspaces/json-file';
import { readSchemaEntries } from './schema-entries';

const fileOf = (folder: string) =>
  jsonFile(path.join(folder, 'database-choices.json'), databaseChoicesSchema);

/** What an operator leaves out of the database of a workspace. Throws `WORKSPACE_UNREADABLE`. */
export async function readDatabaseChoices(folder: string): Promise<DatabaseChoices> {
  return (await fileOf(folder).read()) ?? noDatabaseChoices;
}

/** Keeps for a workspace what is left out, after it was tried on the source, and records it. Throws `INVALID_INPUT`. */
export async function saveDatabaseChoices(
  folder: string,
  choices: DatabaseChoices,
  ports: Pick<MigrationPorts, 'database'>,
  activity: ActivityLog,
  signal: AbortSignal,
): Promise<void> {
  const before = await readDatabaseChoices(folder);
  if (JSON.stringify(before) === JSON.stringify(choices)) return;
  await ports.database.source.use(signal, (source) => readLeftOut(source, choices));
  if (choices.withoutEntries.length > 0) await readSchemaEntries(ports, choices, signal);
  await fileOf(folder).update(() => choices);
  await activity.record({
    area: 'migration',
    action: 'database.choose',
    target:
      [...choices.leaveOut, ...choices.withoutRows, ...choices.withoutEntries].join(', ').slice(0, 2_000) ||
      'everything is moved',
    outcome: 'done',
    before: { ...before },
    after: { ...choices },
  });
}
