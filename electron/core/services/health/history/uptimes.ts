import type { ServiceUptime } from '#shared/contract/health';
import { type Bucket, emptyBucket, mergeInto, uptime } from './bucket';
import type { History } from './history';

const dayMs = 86_400_000;
const days = { day: 1, week: 7, month: 30, quarter: 90 } as const;

/** How much of the time each service answered: what its worst check says, over several spans that end now. */
export async function uptimes(
  history: Pick<History, 'hours'>,
  services: readonly { id: string; title: string; checks: readonly string[] }[],
  now: number,
): Promise<ServiceUptime[]> {
  const hours = await history.hours(now - days.quarter * dayMs, now);
  return services.map(({ id, title, checks }) => {
    const own = checks.map((check) => hours.get(check) ?? []);
    const shares = Object.entries(days).flatMap(([name, count]) => {
      const least = worst(own, now - count * dayMs);
      return least === undefined ? [] : [[name, least] as const];
    });
    return { service: id, title, ...Object.fromEntries(shares) };
  });
}

function worst(checks: readonly (readonly Bucket[])[], from: number): number | undefined {
  const known = checks.flatMap((buckets) => {
    const total = emptyBucket(from);
    for (const bucket of buckets) if (bucket.start >= from) mergeInto(total, bucket);
    return uptime(total) ?? [];
  });
  return known.length === 0 ? undefined : Math.min(...known);
}
