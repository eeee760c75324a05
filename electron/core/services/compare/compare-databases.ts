import type { Comparison, TableDifference } from '#shared/contract/comparison';
import { AppError } from '#shared/model/errors';
import type { Evidence, Progress } from '#shared/model/run';
import { z } from 'zod';
import type { DatabasePorts, DatabaseSession } from '../../ports/database';
import { isApplicationSchema } from '../../steps/common/reserved-schemas';
import { runWorkers } from '../../steps/common/run-workers';
import { fingerprintTable, readTables, tableLabel, type Table } from '../../steps/common/tables';
import { roomOnTarget } from '../../steps/common/target-room';
import {
  compareLargeObjects,
  findLargeObjects,
  fingerprintLargeObjects,
} from '../../steps/database-data/large-objects';
import { findObstacle } from '../../steps/database-data/preconditions';
import { SnapshotKeeper } from '../../steps/database-data/snapshot';
import { compareObjects } from '../../steps/database-finish/compare-objects';
import {
  compareSequences,
  readSequences,
  readValues as readSequenceValues,
} from '../../steps/database-finish/sequences';
import { compareColumns } from '../../steps/database-schema/compare-columns';
import { findRowDifferences } from './row-differences';

/** Tables compared at a time, where the target has room for them. */
const mostComparisons = 4;

const nameRow = z.object({ name: z.string() });

/** What is compared, and how the caller hears of it. */
export interface CompareOptions {
  /** Labels of the tables whose rows are compared; without it, all of them and everything else. */
  readonly tables?: readonly string[] | undefined;
  /** Differing rows shown for each table. */
  readonly rows: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

function choose(tables: readonly Table[], wanted: readonly string[] | undefined): Table[] {
  if (wanted === undefined) return [...tables];
  return wanted.map((label) => {
    const found = tables.find((table) => tableLabel(table) === label);
    if (found !== undefined) return found;
    throw new AppError('NOT_FOUND', `The source has no table ${label}.`, {
      hint: 'Name it with its schema: public.orders. A partitioned table is compared by its partitions.',
    });
  });
}

/** Why the rows of a table have nothing to be compared with; undefined when they do. */
function obstacle(table: Table, other: Table | undefined): string | undefined {
  if (other === undefined) return 'the target has no such table';
  const missing = table.columns.filter((column) => !other.columns.includes(column));
  const extra = other.columns.filter((column) => !table.columns.includes(column));
  const parts = [
    ...(missing.length === 0 ? [] : [`the target lacks the columns ${missing.join(', ')}`]),
    ...(extra.length === 0 ? [] : [`the source lacks the columns ${extra.join(', ')}`]),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

const unlike = (table: Table, reason: string): TableDifference => ({
  table: tableLabel(table),
  reason,
  columns: [],
  key: [],
  counts: { missing: 0, extra: 0, changed: 0 },
  complete: true,
  ranges: [],
  rows: [],
});

interface Compared {
  readonly evidence: Evidence;
  readonly difference?: TableDifference;
}

async function compareTable(
  source: DatabaseSession,
  target: DatabaseSession,
  table: Table,
  other: Table | undefined,
  rows: number,
): Promise<Compared> {
  const subject = tableLabel(table);
  const method = 'row count and sum of row hashes, each side in one snapshot';
  const reason = obstacle(table, other);
  if (reason !== undefined) {
    const there = await fingerprintTable(source, table);
    return {
      evidence: { subject, method, source: `${there.rows} rows`, target: reason, equal: false },
      difference: unlike(table, reason),
    };
  }
  const [there, here] = await Promise.all([fingerprintTable(source, table), fingerprintTable(target, table)]);
  const equal = there.rows === here.rows && there.hash === here.hash;
  const evidence: Evidence = {
    subject,
    method,
    source: `${there.rows} rows, ${there.hash}`,
    target: `${here.rows} rows, ${here.hash}`,
    equal,
  };
  return equal
    ? { evidence }
    : { evidence, difference: await findRowDifferences(source, target, table, rows) };
}

async function compareRows(
  databases: DatabasePorts,
  tables: readonly Table[],
  others: ReadonlyMap<string, Table>,
  { signal, rows, onProgress }: CompareOptions,
): Promise<Compared[]> {
  const workers = await roomOnTarget(databases, mostComparisons, signal);
  const keeper = new SnapshotKeeper(databases.source, tables, signal);
  const sessions: DatabaseSession[] = [];
  const pairs = new Map<number, { source: DatabaseSession; target: DatabaseSession }>();
  const pairOf = async (worker: number) => {
    const known = pairs.get(worker);
    if (known !== undefined) return known;
    const { session: source } = await keeper.join();
    sessions.push(source);
    const target = await databases.target.open(signal);
    sessions.push(target);
    await target.execute('begin isolation level repeatable read read only');
    const pair = { source, target };
    pairs.set(worker, pair);
    return pair;
  };
  const compared = new Map<string, Compared>();
  try {
    const largestFirst = [...tables].sort((a, b) => b.bytes - a.bytes);
    await runWorkers(largestFirst, workers, async (table, worker) => {
      const pair = await pairOf(worker);
      const label = tableLabel(table);
      compared.set(label, await compareTable(pair.source, pair.target, table, others.get(label), rows));
      onProgress({ done: compared.size, total: tables.length, unit: 'tables' });
    });
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
    await keeper.close();
  }
  return tables.flatMap((table) => compared.get(tableLabel(table)) ?? []);
}

async function compareDefinitions(
  source: DatabaseSession,
  target: DatabaseSession,
  there: readonly Table[],
  here: readonly Table[],
): Promise<Evidence[]> {
  const schemas = (
    await source.query(
      nameRow,
      `select n.nspname as name from pg_catalog.pg_namespace n where ${isApplicationSchema('n.nspname')}`,
    )
  ).map(({ name }) => name);
  const known = new Set(there.map(tableLabel));
  const extra = here.map(tableLabel).filter((label) => !known.has(label));
  return [
    await compareColumns(source, target, schemas),
    ...(extra.length === 0
      ? []
      : [
          {
            subject: 'further tables',
            method: 'tables of the target that the source has not',
            source: 'none',
            target: extra.join(', '),
            equal: false,
          },
        ]),
    ...(await compareObjects(source, target, schemas, [])),
    await compareSequences(target, await readSequenceValues(source, await readSequences(source))),
    ...((await findLargeObjects(source)).there
      ? [await compareLargeObjects(target, await fingerprintLargeObjects(source))]
      : []),
  ];
}

/**
 * Compares two databases as they are now: definitions, sequences and every row; rows that differ are shown. Throws
 * `DATABASE_VERSION_UNSUPPORTED` and `DATABASE_PERMISSION_DENIED` when the rows can't be read whole.
 */
export async function compareDatabases(
  databases: DatabasePorts,
  options: CompareOptions,
): Promise<Comparison> {
  const { signal } = options;
  const { tables, others, definitions } = await databases.source.use(signal, (source) =>
    databases.target.use(signal, async (target) => {
      const there = await readTables(source);
      const here = await readTables(target);
      const chosen = choose(there, options.tables);
      const error = await findObstacle(source, chosen);
      if (error !== undefined) throw error;
      return {
        tables: chosen,
        others: new Map(here.map((table) => [tableLabel(table), table])),
        definitions:
          options.tables === undefined ? await compareDefinitions(source, target, there, here) : [],
      };
    }),
  );
  const compared = await compareRows(databases, tables, others, options);
  const evidence = [...definitions, ...compared.map((item) => item.evidence)];
  return {
    at: new Date().toISOString(),
    equal: evidence.every((item) => item.equal),
    evidence,
    differences: compared.flatMap(({ difference }) => difference ?? []),
  };
}
