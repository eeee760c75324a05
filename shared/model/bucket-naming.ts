import { z } from 'zod';
import type { Side } from './buckets';
import type { SettingName } from './settings';

/** How the source's buckets are called on the target. */
export const bucketNamingSchema = z.object({
  /** Put before each name; may be empty. */
  prefix: z.string(),
  /** Names on the target by name on the source: taken as they are, without the prefix. */
  names: z.record(z.string(), z.string()),
});
export type BucketNaming = z.infer<typeof bucketNamingSchema>;

/** The naming that two settings make: the prefix, and names as `old=new,…`. */
export function readBucketNaming(setting: (name: SettingName) => string | undefined): BucketNaming {
  return {
    prefix: setting('R2_BUCKET_PREFIX') ?? '',
    names: Object.fromEntries(
      (setting('R2_BUCKET_NAMES') ?? '')
        .split(',')
        .filter((entry) => entry !== '')
        .map((entry) => {
          const [source = '', target = ''] = entry.split('=', 2);
          return [source, target];
        }),
    ),
  };
}

/** The name on the target of a bucket of the source. */
export function targetBucket({ prefix, names }: BucketNaming, source: string): string {
  return (Object.hasOwn(names, source) ? names[source] : undefined) ?? `${prefix}${source}`;
}

/** The name on the source of a bucket of the target; undefined when the names say that there is none. */
export function sourceBucket({ prefix, names }: BucketNaming, target: string): string | undefined {
  const named = Object.entries(names).find(([, name]) => name === target);
  if (named !== undefined) return named[0];
  const source = target.startsWith(prefix) ? target.slice(prefix.length) : '';
  return source === '' || Object.hasOwn(names, source) ? undefined : source;
}

/** The bucket of the other side that belongs to one of this side; undefined when the names say that there is none. */
export function counterpartBucket(naming: BucketNaming, side: Side, bucket: string): string | undefined {
  return side === 'source' ? targetBucket(naming, bucket) : sourceBucket(naming, bucket);
}
