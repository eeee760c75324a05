import type { DecidedSchema, SchemaEntryView } from '#shared/contract/schema-entries';
import type { DatabaseChoices } from '#shared/model/database-choices';
import type { MigrationPorts } from '../../ports/migration-ports';
import { createExtensionSql } from '../../steps/common/extensions';
import { mayBeLeftOut } from '../../steps/common/leave-out-entries';
import { describeReader } from '../../steps/common/omission-warnings';
import { planEntries } from '../../steps/common/plan-entries';

/** The source's schema, entry by entry, as the choices have it applied. Reads both sides. Throws `INVALID_INPUT` for choices that can't be. */
export async function readSchemaEntries(
  ports: Pick<MigrationPorts, 'database'>,
  choices: DatabaseChoices,
  signal: AbortSignal,
): Promise<DecidedSchema> {
  const plan = await planEntries({ database: ports.database, databaseChoices: choices }, signal);
  const chosen = new Set(choices.withoutEntries);
  const extensions = new Map(plan.extensions.map((extension) => [extension.name, extension]));
  const entries = plan.decided.map(({ entry, applied, omitted }): SchemaEntryView => {
    const common = {
      id: entry.id,
      type: entry.type,
      name: entry.schema === undefined ? entry.name : `${entry.schema}.${entry.name}`,
      chosen: chosen.has(entry.id),
      optional: mayBeLeftOut(entry),
    };
    if (entry.type === 'EXTENSION') {
      const extension = extensions.get(entry.name);
      return extension === undefined
        ? { ...common, sql: entry.sql, decision: 'left-out', reasons: ['the target does not offer it'] }
        : {
            ...common,
            sql: extension.create
              ? `${createExtensionSql(extension)};`
              : `-- The target has it in ${extension.to}.`,
            decision: 'applied',
            reasons: [],
          };
    }
    return {
      ...common,
      sql: applied.length === 0 ? entry.sql : applied.map(({ sql }) => sql).join('\n'),
      decision: applied.length === 0 ? 'left-out' : 'applied',
      reasons: omitted.map(({ reason }) => reason),
    };
  });
  return { choices, entries, ...(plan.readBy === undefined ? {} : { readBy: describeReader(plan.readBy) }) };
}
