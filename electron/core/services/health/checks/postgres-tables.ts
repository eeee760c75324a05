import { z } from 'zod';
import type { Finding, HealthLimits } from '#shared/model/health';
import { formatBytes } from '#shared/model/format-bytes';
import type { DatabaseSession } from '../../../ports/database';
import { type CheckOutcome, finding } from '../check';

const number = z.coerce.number();
const megabyte = 1e6;

/** What is only known from one look to the next. */
export interface TableMeters {
  growth: (bytes: number) => Growth;
  cache: (hits: number, reads: number) => CacheUse | undefined;
}

export function tableMeters(): TableMeters {
  return { growth: growthMeter(), cache: cacheMeter() };
}

/** The size of the database and how it grows, what of it is found in memory, dead rows, and indexes that nobody uses. */
export async function tables(
  session: DatabaseSession,
  meters: TableMeters,
  limits: Pick<HealthLimits, 'cacheHitPercent' | 'growthMegabytes'>,
): Promise<CheckOutcome> {
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
  const growth = meters.growth(bytes);
  const cache = meters.cache(hits, reads);
  const findings = [
    ...judgeCache(cache, limits.cacheHitPercent),
    ...judgeGrowth(bytes, growth, limits.growthMegabytes * megabyte),
  ];
  if (bloated.length > 0) {
    findings.push(
      finding(
        'TABLES_BLOATED',
        'degraded',
        `More dead than live rows: ${bloated.map(({ name, dead }) => `${name} (${dead} dead)`).join(', ')}.`,
        'Check that no old transaction or slot holds autovacuum back, then run vacuum (analyze) on them.',
      ),
    );
  }
  const overall = hits + reads === 0 ? 1 : hits / (hits + reads);
  return {
    summary: findings[0]?.message ?? formatBytes(bytes),
    reading: formatBytes(bytes),
    facts: [
      { label: 'Size', value: formatBytes(bytes) },
      {
        label: 'Growth',
        value:
          growth.hours === 0
            ? 'not known yet'
            : `${formatBytes(Math.max(0, growth.bytes))} in ${growth.hours < 1 ? 'less than an hour' : `${Math.round(growth.hours)} h`}`,
      },
      {
        label: 'Cache hits',
        value: `${cache === undefined ? '' : `${percent(cache.share)} since the last look, `}${percent(overall)} in all`,
      },
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

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

interface CacheUse {
  /** Of the blocks that were found in memory, from 0 to 1. */
  share: number;
  reads: number;
  readsPerSecond: number;
}

/** What was asked for since the last look; undefined the first time and after the statistics were reset. */
function cacheMeter(): TableMeters['cache'] {
  let before: { at: number; hits: number; reads: number } | undefined;
  return (hits, reads) => {
    const [last, at] = [before, performance.now()];
    before = { at, hits, reads };
    if (last === undefined || hits < last.hits || reads < last.reads) return undefined;
    const [found, missed] = [hits - last.hits, reads - last.reads];
    return {
      share: found + missed === 0 ? 1 : found / (found + missed),
      reads: missed,
      readsPerSecond: (missed * 1000) / Math.max(1, at - last.at),
    };
  };
}

/** A quiet database that reads a little from disk is no trouble. */
const fewReads = 1000;
const slowReads = 100;

function judgeCache(cache: CacheUse | undefined, limitPercent: number): Finding[] {
  if (cache === undefined || cache.reads < fewReads || cache.readsPerSecond < slowReads) return [];
  if (cache.share * 100 >= limitPercent) return [];
  return [
    finding(
      'CACHE_HIT_LOW',
      'degraded',
      `Only ${percent(cache.share)} of the blocks that were read since the last look were found in memory.`,
      'Look for statements that read whole tables, or choose an instance with more memory.',
    ),
  ];
}

interface Growth {
  bytes: number;
  /** The time in which it grew so, a day at most; 0 at the first look. */
  hours: number;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Sizes are kept this far apart, so that a day of them is little. */
const keptEveryMs = 5 * 60_000;

/** By how much it grew within the last day, as far as it was looked at. */
function growthMeter(): TableMeters['growth'] {
  let sizes: { at: number; bytes: number }[] = [];
  return (bytes) => {
    const at = performance.now();
    const [first = { at, bytes }] = sizes.filter((size) => at - size.at <= dayMs);
    const last = sizes.at(-1);
    if (last === undefined || at - last.at >= keptEveryMs)
      sizes = [...sizes.filter((size) => at - size.at <= dayMs), { at, bytes }];
    return { bytes: bytes - first.bytes, hours: (at - first.at) / hourMs };
  };
}

function judgeGrowth(bytes: number, growth: Growth, limit: number): Finding[] {
  // Less than an hour says too little of a whole day, unless what it brought is too much for a day already.
  const daily = growth.hours < 1 ? growth.bytes : (growth.bytes / growth.hours) * 24;
  if (daily <= Math.max(limit, (bytes - growth.bytes) * 0.25)) return [];
  return [
    finding(
      'SIZE_GROWS_FAST',
      'degraded',
      growth.hours < 1
        ? `The database has grown by ${formatBytes(growth.bytes)} in less than an hour.`
        : `The database grows by ${formatBytes(daily)} a day.`,
      'Find what grows with pg_total_relation_size(), and check the disk limit of the project.',
    ),
  ];
}
