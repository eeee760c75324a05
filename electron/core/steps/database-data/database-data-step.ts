import { formatBytes } from '#shared/model/format-bytes';
import type { Evidence } from '#shared/model/run';
import { z } from 'zod';
import { defineStep, type RunContext } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { runWorkers } from '../common/run-workers';
import { qualified } from '../common/sql-text';
import {
  copyStatements,
  fingerprintSchema,
  fingerprintTable,
  readTables,
  tableLabel,
  tableSchema,
  type Fingerprint,
  type Table,
} from '../common/tables';
import { findObstacle, requireEmpty } from './preconditions';
import { leftBehindSchema, leftBehindWarnings, readLeftBehind } from './left-behind';
import { openSnapshot, type Snapshot } from './snapshot';

/** Tables copied at a time; each takes a connection on both sides. */
const connections = 4;

const emptyUnit = 'tables are empty';

const planSchema = z.object({ tables: z.array(tableSchema), leftBehind: leftBehindSchema });
const unitSchema = fingerprintSchema.extend({ bytes: z.number() });
const outputSchema = z.object({
  /** By table: the source's rows in the snapshot that the copy was made of. */
  tables: z.record(z.string(), fingerprintSchema),
  bytes: z.number(),
});

type Run = RunContext<Pick<MigrationPorts, 'database'>>;

/** Adds the tables' progress up to that of the step. */
class StepProgress {
  readonly #rows = new Map<string, { done: number; total: number }>();
  readonly #context: Run;

  constructor(context: Run) {
    this.#context = context;
  }

  report(unit: string, done: number, total: number): void {
    this.#rows.set(unit, { done, total });
    this.#context.progress({ done, total, unit: 'rows' }, unit);
    const all = [...this.#rows.values()];
    const sum = (part: 'done' | 'total'): number => all.reduce((rows, table) => rows + table[part], 0);
    this.#context.progress({ done: sum('done'), total: sum('total'), unit: 'rows' });
  }
}

interface Pair {
  readonly source: DatabaseSession;
  readonly target: DatabaseSession;
}

/**
 * Copies one table in one transaction of the target. The source is counted and hashed first, in the snapshot that is then
 * copied, so the rows that are to come are known.
 */
async function copyTable(
  table: Table,
  pair: Pair,
  begunBefore: boolean,
  context: Run,
  progress: StepProgress,
): Promise<z.infer<typeof unitSchema>> {
  const { source, target } = pair;
  const unit = tableLabel(table);
  const fingerprint = await fingerprintTable(source, table);
  progress.report(unit, 0, fingerprint.rows);
  await target.execute('begin');
  // Functions of generated columns and checks may name things without a schema, as the application does.
  await target.execute('set local search_path = public, extensions');
  if (begunBefore) await target.execute(`truncate only ${qualified(table)}`);
  const { bytes } = await context.ports.database.copy({
    source,
    target,
    ...copyStatements(table),
    signal: context.signal,
    onBytes: (carried) => {
      // Rows are not counted on their way; their number follows from the bytes, and is exact at the end.
      const share = Math.min(0.99, carried / Math.max(table.bytes, carried));
      progress.report(unit, Math.floor(fingerprint.rows * share), fingerprint.rows);
    },
  });
  await target.execute('commit');
  progress.report(unit, fingerprint.rows, fingerprint.rows);
  return { ...fingerprint, bytes };
}

/**
 * Takes back what an earlier attempt copied from a snapshot that says something else than the present one. Afterwards every
 * table that counts as copied is as the present snapshot has it.
 */
async function resetChanged(tables: readonly Table[], snapshot: Snapshot, context: Run): Promise<void> {
  const copied = tables.filter((table) => context.finished(tableLabel(table), unitSchema) !== undefined);
  if (copied.length === 0) return;
  const sessions = new Map<number, DatabaseSession>();
  try {
    await runWorkers(copied, connections, async (table, worker) => {
      const session = sessions.get(worker) ?? (await snapshot.join(context.signal));
      sessions.set(worker, session);
      const now = await fingerprintTable(session, table);
      const then = context.finished(tableLabel(table), unitSchema);
      if (then !== undefined && (then.rows !== now.rows || then.hash !== now.hash)) {
        await context.reset(tableLabel(table), 'its rows have changed on the source since they were copied');
      }
    });
  } finally {
    await Promise.all([...sessions.values()].map((session) => session.close()));
  }
}

async function copyTables(tables: readonly Table[], snapshot: Snapshot, context: Run): Promise<void> {
  const { database } = context.ports;
  const progress = new StepProgress(context);
  const pairs = new Map<number, Pair>();
  const open = async (worker: number): Promise<Pair> => {
    const known = pairs.get(worker);
    if (known !== undefined) return known;
    const source = await snapshot.join(context.signal);
    const pair = { source, target: await database.target.open(context.signal) };
    pairs.set(worker, pair);
    return pair;
  };
  const largestFirst = [...tables].sort(
    (a, b) => b.bytes - a.bytes || tableLabel(a).localeCompare(tableLabel(b)),
  );
  try {
    await runWorkers(largestFirst, connections, async (table, worker) => {
      const done = await context.unit(tableLabel(table), unitSchema, async ({ begunBefore }) =>
        copyTable(table, await open(worker), begunBefore, context, progress),
      );
      progress.report(tableLabel(table), done.rows, done.rows);
    });
  } finally {
    await Promise.all([...pairs.values()].flatMap(({ source, target }) => [source.close(), target.close()]));
  }
}

/** Copies the rows of every table from one snapshot of the source. */
export const databaseDataStep = defineStep<
  Pick<MigrationPorts, 'database'>,
  z.infer<typeof planSchema>,
  z.infer<typeof outputSchema>
>({
  id: 'database.data',
  version: 1,
  title: 'Copy the rows',
  lane: 'database',
  needs: ['database.schema'],
  effect: 'create',
  planSchema,
  outputSchema,

  async plan({ ports, signal }) {
    return ports.database.source.use(signal, async (source) => ({
      tables: await readTables(source),
      leftBehind: await readLeftBehind(source),
    }));
  },

  describe({ tables, leftBehind }) {
    const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
    const text = tables.filter((table) => table.format === 'text').map(tableLabel);
    return {
      summary: `Copy the rows of ${tables.length} tables, at most ${formatBytes(bytes)}, as one snapshot of the source.`,
      details: [
        `${Math.min(connections, tables.length)} tables at a time, in binary form.`,
        ...(text.length === 0 ? [] : [`In text form, because of their types: ${text.join(', ')}`]),
      ],
      warnings: leftBehindWarnings(leftBehind),
      units: [
        { id: emptyUnit, label: 'Tables are empty on the target' },
        ...tables.map((table) => ({ id: tableLabel(table), label: tableLabel(table), bytes: table.bytes })),
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
    await context.unit(emptyUnit, z.object({}), async ({ signal }) => {
      await database.target.use(signal, (target) => requireEmpty(target, plan.tables));
      return {};
    });
    const snapshot = await openSnapshot(database.source, tables, context.signal);
    try {
      await resetChanged(tables, snapshot, context);
      await copyTables(tables, snapshot, context);
    } finally {
      await snapshot.close();
    }
    for (const warning of leftBehindWarnings(plan.leftBehind)) await context.warn(warning);
    const done = new Map<string, z.infer<typeof unitSchema>>();
    for (const table of tables) {
      const unit = context.finished(tableLabel(table), unitSchema);
      if (unit !== undefined) done.set(tableLabel(table), unit);
    }
    return {
      tables: Object.fromEntries([...done].map(([name, { rows, hash }]) => [name, { rows, hash }])),
      bytes: [...done.values()].reduce((sum, unit) => sum + unit.bytes, 0),
    };
  },

  async verify({ tables }, output, context) {
    const { database } = context.ports;
    const evidence = new Map<string, Evidence>();
    const sessions = new Map<number, DatabaseSession>();
    let done = 0;
    try {
      await runWorkers(tables, connections, async (table, worker) => {
        const session = sessions.get(worker) ?? (await database.target.open(context.signal));
        sessions.set(worker, session);
        evidence.set(
          tableLabel(table),
          compareFingerprints(
            table,
            output.tables[tableLabel(table)],
            await fingerprintTable(session, table),
          ),
        );
        done += 1;
        context.progress({ done, total: tables.length, unit: 'tables' });
      });
    } finally {
      await Promise.all([...sessions.values()].map((session) => session.close()));
    }
    return tables.flatMap((table) => evidence.get(tableLabel(table)) ?? []);
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
