/**
 * A program of the bench: the rows alone, without journal and proof, between two databases that have the same tables: what the way of copying
 * itself costs. Prints the seconds from the first connection to the last row.
 */
import { openDatabasePorts } from '#core/adapters/postgres/open';
import { mostCopies } from '#core/steps/database-data/copy-tables';
import { PartQueue } from '#core/steps/database-data/part-queue';
import { runWorkers } from '#core/steps/common/run-workers';
import { copyStatements, readTables } from '#core/steps/common/tables';
import { settingsOf } from '../../tests/integration/database-fixture';

const { BENCH_SOURCE = '', BENCH_TARGET = '' } = process.env;
const started = performance.now();
const ports = openDatabasePorts(
  settingsOf({ SOURCE_DATABASE_URL: BENCH_SOURCE, SUPABASE_DB_URL: BENCH_TARGET }),
);
const { signal } = new AbortController();
const tables = await ports.source.use(signal, readTables);
const pairs = await Promise.all(
  Array.from({ length: mostCopies }, async () => ({
    source: await ports.source.open(signal),
    target: await ports.target.open(signal),
  })),
);
const queue = new PartQueue(tables);
await runWorkers(queue, pairs.length, async (part, worker) => {
  const pair = pairs[worker];
  if (pair === undefined) throw new Error('There is no such worker.');
  await ports.copy({
    ...pair,
    ...copyStatements(part.table, part.range),
    signal,
    onBytes: () => undefined,
  });
  queue.ended(part);
});
await ports.close();
console.log(`of which the copying: ${((performance.now() - started) / 1000).toFixed(1)} s`);
