import { z } from 'zod';
import type { HealthConfig } from '#shared/model/health';
import type { Database, DatabaseSide } from '../../../ports/database';
import { type CheckDefinition, readableMs } from '../check';
import { activity } from './postgres-activity';
import { tables, tableMeters } from './postgres-tables';
import { writeProbe } from './write-probe';

const number = z.coerce.number();

interface PostgresTarget {
  database: Database;
  side: DatabaseSide;
  service: CheckDefinition['service'];
  host: string;
  /** Whether a row is also written in a scratch schema; only where the operator asks for it. */
  writes?: boolean;
  config: Pick<HealthConfig, 'slowMs' | 'limits'>;
}

/** The checks of one PostgreSQL server: whether it answers, how near its limits it is, and how its tables fare. Reads only, unless `writes`. */
export function postgresChecks({
  database,
  side,
  service,
  host,
  writes = false,
  config: { slowMs, limits },
}: PostgresTarget): CheckDefinition[] {
  const query = `${service.id}.query`;
  const common = { service, host };
  const meters = tableMeters();
  return [
    {
      ...common,
      id: query,
      title: 'Connect and read',
      slowMs,
      intervalMs: 30_000,
      timeoutMs: 12_000,
      run: (signal) => {
        const started = performance.now();
        return database.use(signal, async (session) => {
          const connectMs = performance.now() - started;
          const asked = performance.now();
          const [row] = await session.query(
            z.object({ version: z.string(), up: number }),
            `select current_setting('server_version') as version,
               extract(epoch from now() - pg_postmaster_start_time()) as up`,
          );
          return {
            latencyMs: performance.now() - asked,
            summary: 'Answers',
            facts: [
              { label: 'Connecting', value: readableMs(connectMs) },
              { label: 'Version', value: row?.version ?? '' },
              { label: 'Up since', value: new Date(Date.now() - (row?.up ?? 0) * 1000).toISOString() },
            ],
            findings: [],
          };
        });
      },
    },
    {
      ...common,
      id: `${service.id}.limits`,
      title: 'Connections, locks, WAL',
      dependsOn: query,
      intervalMs: 60_000,
      timeoutMs: 15_000,
      run: (signal) => database.use(signal, (session) => activity(session, limits)),
    },
    {
      ...common,
      id: `${service.id}.tables`,
      title: 'Size and tables',
      dependsOn: query,
      intervalMs: side === 'target' ? 10 * 60_000 : 30 * 60_000,
      timeoutMs: 30_000,
      run: (signal) => database.use(signal, (session) => tables(session, meters, limits)),
    },
    ...(writes
      ? [
          {
            ...common,
            id: `${service.id}.write`,
            title: 'Write a row',
            dependsOn: query,
            intervalMs: 5 * 60_000,
            timeoutMs: 20_000,
            run: (signal: AbortSignal) =>
              database.use(signal, (session) => writeProbe(session, new Date().toISOString())),
          },
        ]
      : []),
  ];
}

const valueRow = z.record(z.string(), z.unknown());

/** Runs a statement of the operator in a read-only transaction and reads the first value of its first row. */
export async function readOneValue(
  database: Database,
  query: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return database.use(signal, async (session) => {
    await session.execute('begin transaction read only');
    // The operator wrote it as it runs elsewhere: with the role's own path.
    await session.execute(`set local statement_timeout = '10s'; set local search_path to default`);
    const [row] = await session.query(valueRow, query);
    await session.execute('rollback');
    const value = Object.values(row ?? {})[0];
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}
