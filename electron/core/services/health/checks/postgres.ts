import { z } from 'zod';
import type { Finding } from '#shared/model/health';
import type { Database, DatabaseSession, DatabaseSide } from '../../../ports/database';
import { formatBytes } from '#shared/model/format-bytes';
import { type CheckDefinition, finding, readableMs } from '../check';
import { writeProbe } from './write-probe';

const number = z.coerce.number();

interface PostgresTarget {
  database: Database;
  side: DatabaseSide;
  service: CheckDefinition['service'];
  host: string;
  /** Whether a row is also written in a scratch schema; only where the operator asks for it. */
  writes?: boolean;
}

/** Transactions that are open for longer hold back the clean-up of dead rows. Seconds. */
const longTransaction = 15 * 60;
const longWait = 30;
const walLimit = 5 * 1024 ** 3;
const connectionShare = 0.85;

/** The checks of one PostgreSQL server: whether it answers, how near its limits it is, and how its tables fare. Reads only, unless `writes`. */
export function postgresChecks({
  database,
  side,
  service,
  host,
  writes = false,
}: PostgresTarget): CheckDefinition[] {
  const query = `${service.id}.query`;
  const common = { service, host };
  const growth = growthMeter();
  return [
    {
      ...common,
      id: query,
      title: 'Connect and read',
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
      run: (signal) => database.use(signal, limits),
    },
    {
      ...common,
      id: `${service.id}.tables`,
      title: 'Size and tables',
      dependsOn: query,
      intervalMs: side === 'target' ? 10 * 60_000 : 30 * 60_000,
      timeoutMs: 30_000,
      run: (signal) => database.use(signal, (session) => tables(session, growth)),
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

const limitsRow = z.object({
  used: number,
  allowed: number,
  oldest: number.nullable(),
  oldest_pid: z.number().nullable(),
  waiting: number,
  longest_wait: number.nullable(),
});

async function limits(session: DatabaseSession) {
  const [row] = await session.query(
    limitsRow,
    `select count(*) filter (where backend_type = 'client backend') as used,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as allowed,
       extract(epoch from max(now() - xact_start) filter (where backend_type = 'client backend')) as oldest,
       (array_agg(pid order by xact_start) filter (where xact_start is not null and backend_type = 'client backend'))[1] as oldest_pid,
       count(*) filter (where wait_event_type = 'Lock') as waiting,
       extract(epoch from max(now() - state_change) filter (where wait_event_type = 'Lock')) as longest_wait
     from pg_catalog.pg_stat_activity`,
  );
  const slots = await session.query(
    z.object({ name: z.string(), active: z.boolean(), retained: number.nullable() }),
    `select slot_name as name, active,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn) as retained
     from pg_catalog.pg_replication_slots`,
  );
  const findings: Finding[] = [];
  const { used, allowed, oldest, oldest_pid, waiting, longest_wait } = limitsRow.parse(row);
  if (used >= allowed * connectionShare) {
    findings.push(
      finding(
        'CONNECTIONS_NEAR_LIMIT',
        'degraded',
        `${used} of ${allowed} connections are in use.`,
        'Lower the pool sizes of backend and workers, or use the session pooler; look for clients that leave connections open.',
      ),
    );
  }
  if ((oldest ?? 0) > longTransaction) {
    findings.push(
      finding(
        'LONG_TRANSACTION',
        'degraded',
        `A transaction (pid ${String(oldest_pid)}) is open for ${Math.round((oldest ?? 0) / 60)} minutes.`,
        `End it in its client, or with select pg_terminate_backend(${String(oldest_pid)}).`,
      ),
    );
  }
  if (waiting > 0 && (longest_wait ?? 0) > longWait) {
    findings.push(
      finding(
        'LOCKS_WAITING',
        'degraded',
        `${waiting} statements wait for locks, the longest for ${Math.round(longest_wait ?? 0)} s.`,
        'Find the holder with pg_blocking_pids(), and end or cancel it.',
      ),
    );
  }
  for (const { name, active, retained } of slots) {
    if (active || (retained ?? 0) < walLimit) continue;
    findings.push(
      finding(
        'SLOT_RETAINS_WAL',
        'degraded',
        `The unused replication slot ${name} holds back ${formatBytes(retained ?? 0)} of WAL.`,
        `Let its consumer go on, or drop it with select pg_drop_replication_slot('${name}') before the disk is full.`,
      ),
    );
  }
  return {
    summary: findings[0]?.message ?? `${used} of ${allowed} connections`,
    reading: `${used} conn.`,
    facts: [
      { label: 'Connections', value: `${used} of ${allowed}` },
      { label: 'Oldest transaction', value: oldest === null ? 'none' : `${Math.round(oldest)} s` },
      { label: 'Statements waiting for locks', value: String(waiting) },
      {
        label: 'Replication slots',
        value:
          slots.length === 0
            ? 'none'
            : slots
                .map(({ name, retained }) => `${name} (${formatBytes(Math.max(0, retained ?? 0))})`)
                .join(', '),
      },
    ],
    findings,
  };
}

async function tables(session: DatabaseSession, growth: (bytes: number) => number | undefined) {
  const [size] = await session.query(
    z.object({ size: number, hits: number, reads: number }),
    `select pg_database_size(current_database()) as size, blks_hit as hits, blks_read as reads
     from pg_catalog.pg_stat_database where datname = current_database()`,
  );
  const bloated = await session.query(
    z.object({ name: z.string(), dead: number, live: number }),
    `select format('%I.%I', schemaname, relname) as name, n_dead_tup as dead, n_live_tup as live
     from pg_catalog.pg_stat_user_tables where n_dead_tup > 50000 and n_dead_tup > n_live_tup order by n_dead_tup desc limit 5`,
  );
  const unused = await session.query(
    z.object({ name: z.string(), bytes: number }),
    `select format('%I.%I', s.schemaname, s.indexrelname) as name, pg_relation_size(s.indexrelid) as bytes
     from pg_catalog.pg_stat_user_indexes s join pg_catalog.pg_index i on i.indexrelid = s.indexrelid
     where s.idx_scan = 0 and not i.indisunique and not i.indisprimary and pg_relation_size(s.indexrelid) > 10 * 1024 * 1024
     order by bytes desc limit 5`,
  );
  const { size: bytes, hits, reads } = size ?? { size: 0, hits: 0, reads: 0 };
  const hitRatio = hits + reads === 0 ? 1 : hits / (hits + reads);
  const perDay = growth(bytes);
  const findings: Finding[] = [];
  // A cold or tiny database reads everything from disk once.
  if (hitRatio < 0.9 && reads > 1_000_000) {
    findings.push(
      finding(
        'CACHE_HIT_LOW',
        'degraded',
        `Only ${(hitRatio * 100).toFixed(1)}% of the blocks that are read are found in memory.`,
        'Look for statements that read whole tables, or choose an instance with more memory.',
      ),
    );
  }
  if (bloated.length > 0) {
    findings.push(
      finding(
        'TABLES_BLOATED',
        'degraded',
        `More dead than live rows: ${bloated.map(({ name }) => name).join(', ')}.`,
        'Check that no old transaction or slot holds autovacuum back, then run vacuum (analyze) on them.',
      ),
    );
  }
  if (perDay !== undefined && perDay > Math.max(bytes * 0.25, 1024 ** 3)) {
    findings.push(
      finding(
        'SIZE_GROWS_FAST',
        'degraded',
        `The database grows by ${formatBytes(perDay)} a day.`,
        'Find what grows with pg_total_relation_size(), and check the disk limit of the project.',
      ),
    );
  }
  return {
    summary: findings[0]?.message ?? formatBytes(bytes),
    reading: formatBytes(bytes),
    facts: [
      { label: 'Size', value: formatBytes(bytes) },
      {
        label: 'Growth',
        value: perDay === undefined ? 'not known yet' : `${formatBytes(Math.max(0, perDay))} a day`,
      },
      { label: 'Cache hits', value: `${(hitRatio * 100).toFixed(1)}%` },
      {
        label: 'Unused indexes over 10 MB',
        value:
          unused.length === 0
            ? 'none'
            : unused.map(({ name, bytes: of }) => `${name} (${formatBytes(of)})`).join(', '),
      },
    ],
    findings,
  };
}

/** Bytes a day, from what was measured since the first call; undefined within the first hour, which says too little. */
function growthMeter(): (bytes: number) => number | undefined {
  let first: { at: number; bytes: number } | undefined;
  return (bytes) => {
    const at = performance.now();
    first ??= { at, bytes };
    const hours = (at - first.at) / 3_600_000;
    return hours < 1 ? undefined : ((bytes - first.bytes) / hours) * 24;
  };
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
    await session.execute(`set local statement_timeout = '10s'`);
    const [row] = await session.query(valueRow, query);
    await session.execute('rollback');
    const value = Object.values(row ?? {})[0];
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}
