import { counted } from '#shared/model/counted';
import { formatBytes } from '#shared/model/format-bytes';
import type { Evidence } from '#shared/model/run';
import { z } from 'zod';
import { defineStep } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import { noDatabaseChoices } from '#shared/model/database-choices';
import { readLeftOut } from '../common/left-out';
import type { SchemaPorts } from '../common/plan-entries';
import { reconnecting } from '../common/reconnect';
import { runWorkers } from '../common/run-workers';
import {
  fingerprintSchema,
  fingerprintTable,
  readTables,
  sumFingerprints,
  tableLabel,
  tableSchema,
  type Fingerprint,
  type Table,
} from '../common/tables';
import { TableCopy } from './copy-tables';
import { PartQueue } from './part-queue';
import {
  compareLargeObjects,
  findLargeObjects,
  largeObjectsDoneSchema,
  largeObjectsUnit,
  requireNoLargeObjects,
} from './large-objects';
import { leftBehindSchema, leftBehindWarnings, readLeftBehind } from './left-behind';
import { partDoneSchema, partsOf } from './parts';
import { findObstacle, requireEmpty } from './preconditions';

/** Tables compared at a time. */
const comparisons = 4;

const emptyUnit = 'tables are empty';

const planSchema = z.object({
  tables: z.array(tableSchema),
  largeObjects: z.boolean(),
  leftBehind: leftBehindSchema,
});
const outputSchema = z.object({
  /** By table: the source's rows in the snapshot that the copy was made of. */
  tables: z.record(z.string(), fingerprintSchema),
  bytes: z.number(),
  /** The source's large objects in the same snapshot, when it has any. */
  largeObjects: largeObjectsDoneSchema.optional(),
});

/** Copies the rows of every table from one snapshot of the source. */
export const databaseDataStep = defineStep<
  SchemaPorts,
  z.infer<typeof planSchema>,
  z.infer<typeof outputSchema>
>({
  id: 'database.data',
  version: 3,
  title: 'Copy the rows',
  lane: 'database',
  needs: ['database.schema'],
  effect: 'create',
  planSchema,
  outputSchema,

  async plan({ ports, signal }) {
    return ports.database.source.use(signal, async (source) => {
      const { relations, withoutRows } = await readLeftOut(
        source,
        ports.databaseChoices ?? noDatabaseChoices,
      );
      const tables = (await readTables(source)).filter(
        ({ schema, name }) => !relations.has(`${schema}.${name}`) && !withoutRows.has(`${schema}.${name}`),
      );
      return {
        tables,
        largeObjects: (await findLargeObjects(source)).there,
        leftBehind: { ...(await readLeftBehind(source)), chosen: [...withoutRows] },
      };
    });
  },

  describe({ tables, largeObjects, leftBehind }) {
    const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
    const text = tables.filter((table) => table.format === 'text').map(tableLabel);
    return {
      summary: `Copy the rows of ${counted(tables.length, 'table')}, at most ${formatBytes(bytes)}, as one snapshot of the source.`,
      details: [
        'Several at a time, in binary form; as many as the target has room for.',
        ...(largeObjects ? ['Large objects with their numbers, bytes and rights.'] : []),
        ...(text.length === 0 ? [] : [`In text form, because of their types: ${text.join(', ')}`]),
      ],
      warnings: leftBehindWarnings(leftBehind),
      units: [
        { id: emptyUnit, label: 'Tables are empty on the target' },
        ...tables.flatMap(partsOf).map(({ id, bytes }) => ({ id, label: id, bytes })),
        ...(largeObjects ? [{ id: largeObjectsUnit, label: 'Large objects' }] : []),
      ],
    };
  },

  // The schema step finds the tables' places empty; here it is the source that may not be ready.
  async check({ tables }, { ports, signal }) {
    const error = await ports.database.source.use(signal, (source) => findObstacle(source, tables));
    return error === undefined ? { state: 'pending' } : { state: 'conflict', error };
  },

  async run(plan, context) {
    const { tables } = plan;
    const { database } = context.ports;
    // Apart from the copies: a table may be truncated on a second attempt only because it was empty before the first.
    await context.unit(emptyUnit, z.object({}), async () => {
      await reconnecting(context, () =>
        database.target.use(context.signal, async (target) => {
          await requireEmpty(target, tables);
          if (plan.largeObjects) await requireNoLargeObjects(target);
        }),
      );
      return {};
    });
    await new TableCopy(tables, plan.largeObjects, context).run();
    for (const warning of leftBehindWarnings(plan.leftBehind)) await context.warn(warning);
    const copied = tables.map((table) => ({
      label: tableLabel(table),
      parts: partsOf(table).flatMap((part) => context.finished(part.id, partDoneSchema) ?? []),
    }));
    return {
      tables: Object.fromEntries(copied.map(({ label, parts }) => [label, sumFingerprints(parts)])),
      bytes: copied.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.bytes, 0),
      largeObjects: context.finished(largeObjectsUnit, largeObjectsDoneSchema),
    };
  },

  async verify({ tables }, output, context) {
    const { database } = context.ports;
    const found = new Map<string, Fingerprint[]>();
    const sessions = new Map<number, DatabaseSession>();
    const queue = new PartQueue(tables);
    let done = 0;
    try {
      await runWorkers(queue, comparisons, async (part, worker) => {
        const session = sessions.get(worker) ?? (await database.target.open(context.signal));
        sessions.set(worker, session);
        const fingerprint = await fingerprintTable(session, part.table, part.range);
        const label = tableLabel(part.table);
        const parts = found.get(label) ?? [];
        parts.push(fingerprint);
        found.set(label, parts);
        queue.ended(part);
        if (parts.length === Math.max(1, part.table.parts.count)) done += 1;
        context.progress({ done, total: tables.length, unit: 'tables' });
      });
    } finally {
      await Promise.all([...sessions.values()].map((session) => session.close()));
    }
    const rows = tables.map((table) => {
      const label = tableLabel(table);
      return compareFingerprints(table, output.tables[label], sumFingerprints(found.get(label) ?? []));
    });
    const { largeObjects } = output;
    if (largeObjects === undefined) return rows;
    return [
      ...rows,
      await database.target.use(context.signal, (target) => compareLargeObjects(target, largeObjects)),
    ];
  },
});

function compareFingerprints(table: Table, source: Fingerprint | undefined, target: Fingerprint): Evidence {
  const show = ({ rows, hash }: Fingerprint): string => `${rows} rows, ${hash}`;
  const equal = source?.rows === target.rows && source.hash === target.hash;
  return {
    subject: tableLabel(table),
    method: 'row count and sum of row hashes: the source in the copy’s snapshot, the target now',
    source: source === undefined ? 'not copied' : show(source),
    target: show(target),
    equal,
  };
}
