import { openDatabasePorts } from '#core/adapters/postgres/open';
import { runWorkers } from '#core/steps/common/run-workers';
import { copyStatements, readTables } from '#core/steps/common/tables';
import { PartQueue } from '#core/steps/database-data/part-queue';
import { settingsOf } from '../../tests/integration/database-fixture';

/**
 * The rows alone, without journal and proof, between two databases that have the same tables: what the way of copying itself costs. Gives the
 * seconds from the first connection to the last row: a process that compiles TypeScript first takes a second or two before that.
 */
export async function copyRowsOnly(sourceUrl: string, targetUrl: string, workers: number): Promise<number> {
  const started = performance.now();
  const ports = openDatabasePorts(settingsOf({ SOURCE_DATABASE_URL: sourceUrl, SUPABASE_DB_URL: targetUrl }));
  const { signal } = new AbortController();
  const tables = await ports.source.use(signal, readTables);
  const pairs = await Promise.all(
    Array.from({ length: workers }, async () => ({
      source: await ports.source.open(signal),
      target: await ports.target.open(signal),
    })),
  );
  const queue = new PartQueue(tables);
  await runWorkers(queue, workers, async (part, worker) => {
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
  return (performance.now() - started) / 1000;
}
