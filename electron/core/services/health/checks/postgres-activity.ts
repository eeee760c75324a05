import { z } from 'zod';
import { counted } from '#shared/model/counted';
import type { Finding, HealthLimits } from '#shared/model/health';
import { formatBytes } from '#shared/model/format-bytes';
import type { DatabaseSession } from '../../../ports/database';
import { type CheckOutcome, finding } from '../check';

const number = z.coerce.number();
const connectionShare = 0.85;
const megabyte = 1e6;

const activityRow = z.object({
  used: number,
  allowed: number,
  oldest: number.nullable(),
  oldest_pid: z.number().nullable(),
  oldest_name: z.string().nullable(),
  waiting: number,
  longest_wait: number.nullable(),
  holders: z.array(z.number()).nullable(),
  sees_all: z.boolean(),
});

const slotRow = z.object({ name: z.string(), active: z.boolean(), retained: number.nullable() });

/** What the sessions do and what holds WAL back: connections, transactions, locks and replication slots. */
export async function activity(
  session: DatabaseSession,
  limits: Pick<HealthLimits, 'transactionMinutes' | 'lockWaitSeconds' | 'slotWalMegabytes'>,
): Promise<CheckOutcome> {
  const [row] = await session.query(
    activityRow,
    `select count(*) filter (where backend_type = 'client backend') as used,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as allowed,
       extract(epoch from max(now() - xact_start) filter (where backend_type = 'client backend')) as oldest,
       (array_agg(pid order by xact_start) filter (where xact_start is not null and backend_type = 'client backend'))[1] as oldest_pid,
       (array_agg(application_name order by xact_start) filter (where xact_start is not null and backend_type = 'client backend'))[1] as oldest_name,
       count(*) filter (where wait_event_type = 'Lock') as waiting,
       extract(epoch from max(now() - state_change) filter (where wait_event_type = 'Lock')) as longest_wait,
       (select array_agg(distinct holder) from pg_catalog.pg_stat_activity blocked, unnest(pg_blocking_pids(blocked.pid)) holder
         where blocked.wait_event_type = 'Lock') as holders,
       pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees_all
     from pg_catalog.pg_stat_activity`,
  );
  const slots = await session.query(
    slotRow,
    `select slot_name as name, active,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn) as retained
     from pg_catalog.pg_replication_slots`,
  );
  const now = activityRow.parse(row);
  const findings = [
    ...judgeActivity(now, limits),
    ...slots.flatMap((slot) => judgeSlot(slot, limits.slotWalMegabytes)),
  ];
  return {
    summary: findings[0]?.message ?? `${now.used} of ${now.allowed} connections`,
    reading: `${now.used} conn.`,
    facts: [
      { label: 'Connections', value: `${now.used} of ${now.allowed}` },
      {
        label: 'Oldest transaction',
        value: now.oldest === null ? 'none' : `${Math.round(now.oldest)} s`,
      },
      { label: 'Statements waiting for locks', value: String(now.waiting) },
      {
        label: 'Replication slots',
        value:
          slots.length === 0
            ? 'none'
            : slots
                .map(({ name, retained }) => `${name} (${formatBytes(Math.max(0, retained ?? 0))})`)
                .join(', '),
      },
      ...(now.sees_all
        ? []
        : [
            {
              label: 'Sessions of other roles',
              value: 'hidden from this role, so not counted: grant it pg_read_all_stats',
            },
          ]),
    ],
    findings,
  };
}

function judgeActivity(
  {
    used,
    allowed,
    oldest,
    oldest_pid,
    oldest_name,
    waiting,
    longest_wait,
    holders,
  }: z.infer<typeof activityRow>,
  limits: Pick<HealthLimits, 'transactionMinutes' | 'lockWaitSeconds'>,
): Finding[] {
  const findings: Finding[] = [];
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
  if (waiting > 0 && (longest_wait ?? 0) > limits.lockWaitSeconds) {
    const pids = (holders ?? []).join(', ');
    findings.push(
      finding(
        'LOCKS_WAITING',
        'degraded',
        `${counted(waiting, 'statement waits', 'statements wait')} for locks, the longest for ${Math.round(longest_wait ?? 0)} s${pids === '' ? '' : `; pid ${pids} holds them`}.`,
        pids === ''
          ? 'Find the holder with pg_blocking_pids(), and end or cancel it.'
          : `See in pg_stat_activity what pid ${pids} does; end it in its client, or with select pg_terminate_backend(pid).`,
      ),
    );
  }
  if ((oldest ?? 0) > limits.transactionMinutes * 60) {
    findings.push(
      finding(
        'LONG_TRANSACTION',
        'degraded',
        `A transaction${oldest_name === null || oldest_name === '' ? '' : ` of ${oldest_name}`} (pid ${String(oldest_pid)}) is open for ${Math.round((oldest ?? 0) / 60)} minutes.`,
        `It holds back the clean-up of dead rows. End it in its client, or with select pg_terminate_backend(${String(oldest_pid)}).`,
      ),
    );
  }
  return findings;
}

function judgeSlot({ name, active, retained }: z.infer<typeof slotRow>, limitMegabytes: number): Finding[] {
  if (active || (retained ?? 0) < limitMegabytes * megabyte) return [];
  return [
    finding(
      'SLOT_RETAINS_WAL',
      'degraded',
      `The unused replication slot ${name} holds back ${formatBytes(retained ?? 0)} of WAL.`,
      `Let its consumer go on, or drop it with select pg_drop_replication_slot('${name}') before the disk is full.`,
    ),
  ];
}
