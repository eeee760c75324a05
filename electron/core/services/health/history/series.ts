import type { HealthSeries } from '#shared/contract/health';
import { bucketsOf, emptyBucket, mergeInto, percentile, uptime, type Bucket } from './bucket';

const steps = [10, 30, 60, 300, 900, 3600, 4 * 3600, 86_400].map((seconds) => seconds * 1000);

/** The shortest usual step that is not shorter than asked for. */
export function niceStep(ms: number): number {
  return steps.find((step) => step >= ms) ?? 7 * 86_400_000;
}

/** The points of a series and its figures as a whole. */
export function seriesOf(
  asked: Pick<HealthSeries, 'check' | 'from' | 'to' | 'stepMs'>,
  buckets: readonly Bucket[],
): HealthSeries {
  const gathered = bucketsOf(asked.stepMs);
  const total = emptyBucket(0);
  for (const bucket of buckets) {
    gathered.bucket(bucket);
    mergeInto(total, bucket);
  }
  const { healthy, degraded, down } = total.covered;
  return {
    ...asked,
    points: gathered
      .all()
      .map((bucket) => ({ at: new Date(bucket.start).toISOString(), ...figures(bucket) })),
    total: { ...figures(total), knownMs: healthy + degraded + down },
  };
}

function figures(bucket: Bucket) {
  const entries = {
    p50: percentile(bucket, 0.5),
    p95: percentile(bucket, 0.95),
    p99: percentile(bucket, 0.99),
    max: bucket.latencies.size === 0 ? undefined : bucket.maxMs,
    up: uptime(bucket),
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
