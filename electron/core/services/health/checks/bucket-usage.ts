import { probeBuckets, probeUsage } from '../../../adapters/s3/health-probe';
import type { Settings } from '../../../ports/settings';
import { counted } from '#shared/model/counted';
import { formatBytes } from '#shared/model/format-bytes';
import type { Fact } from '#shared/model/health';
import { type CheckDefinition, finding } from '../check';

/** Cloudflare's list price of storage, and what is free. https://developers.cloudflare.com/r2/pricing/ */
const price = { dollarsPerGigabyte: 0.015, freeGigabytes: 10, asOf: 'November 2026' };
const gigabyte = 1e9;
/** A thousand requests: of those that list, R2 lets a million a month pass free of charge. */
const mostObjects = 1_000_000;

/**
 * What R2 holds, by bucket, and what that costs. Listing is charged by the thousand objects, so it is done once a day, and not whenever
 * everything is checked. `limitGigabytes`: more is degraded; 0 is no limit.
 */
export function bucketUsage(
  settings: Settings,
  place: Pick<CheckDefinition, 'service'> & { host: string; dependsOn: string },
  limitGigabytes: number,
): CheckDefinition {
  return {
    ...place,
    id: 'r2.usage',
    title: 'Usage',
    costly: true,
    intervalMs: 86_400_000,
    timeoutMs: 10 * 60_000,
    run: async (signal) => {
      const buckets = await probeBuckets(settings, 'target', signal);
      if (buckets === undefined) {
        return {
          summary: 'The key may not list buckets',
          facts: [{ label: 'Usage', value: 'not known' }],
          findings: [],
        };
      }
      const usages = await probeUsage(settings, buckets, mostObjects, signal);
      const bytes = usages.reduce((sum, usage) => sum + usage.bytes, 0);
      const objects = usages.reduce((sum, usage) => sum + usage.objects, 0);
      const whole = usages.length === buckets.length && usages.every((usage) => usage.whole);
      const least = whole ? '' : 'at least ';
      const total = `${least}${formatBytes(bytes)} in ${counted(objects, 'object')}`;
      const over = limitGigabytes > 0 && bytes > limitGigabytes * gigabyte;
      return {
        summary: over ? `${total}, over the limit` : total,
        reading: formatBytes(bytes),
        facts: [
          { label: 'All buckets', value: total },
          { label: 'Storage costs', value: costOf(bytes, least) },
          { label: 'Limit', value: limitGigabytes === 0 ? 'none' : formatBytes(limitGigabytes * gigabyte) },
          ...usages.slice(0, 50).map(({ bucket, ...usage }): Fact => ({
            label: bucket,
            value: `${usage.whole ? '' : 'at least '}${formatBytes(usage.bytes)} in ${counted(usage.objects, 'object')}`,
          })),
        ],
        findings: over
          ? [
              finding(
                'BUCKETS_OVER_LIMIT',
                'degraded',
                `R2 holds ${total}; the limit is ${formatBytes(limitGigabytes * gigabyte)}.`,
                'See which bucket grew, and remove what nobody needs or let a lifecycle rule do it; otherwise raise the limit in the health settings.',
              ),
            ]
          : [],
      };
    },
  };
}

function costOf(bytes: number, least: string): string {
  const dollars = Math.max(0, bytes / gigabyte - price.freeGigabytes) * price.dollarsPerGigabyte;
  return `${least}$${dollars.toFixed(2)} a month ($${price.dollarsPerGigabyte} a GB beyond ${price.freeGigabytes} GB, list price of ${price.asOf})`;
}
