import { targetBucket, type BucketNaming } from '#shared/model/bucket-naming';
import { AppError } from '#shared/model/errors';

const r2Name = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const longest = 63;
const shortest = 3;

/** A bucket of the source with its name on the target. */
export interface BucketPair {
  source: string;
  target: string;
}

/**
 * The buckets with their names on the target. Throws `OBJECTS_BUCKET_NAME_REFUSED` when R2 does not take one of them, or when two
 * buckets would get the same.
 */
export function pairBuckets(naming: BucketNaming, sources: readonly string[]): BucketPair[] {
  const pairs = sources.map((source) => ({ source, target: targetBucket(naming, source) }));
  for (const pair of pairs) {
    const refused = refusedName(pair, pairs);
    if (refused !== undefined) throw refused;
  }
  return pairs;
}

/** Why a bucket can't have its name on R2 beside the others; undefined when it can. */
export function refusedName(
  { source, target }: BucketPair,
  others: readonly BucketPair[],
): AppError | undefined {
  const details = { bucket: target, setting: 'R2_BUCKET_NAMES' };
  if (!r2Name.test(target)) {
    return new AppError('OBJECTS_BUCKET_NAME_REFUSED', `R2 does not take the bucket name ${target}.`, {
      hint: `Names have 3 to 63 characters of a-z, 0-9 and hyphen. Give it another one on R2 with R2_BUCKET_NAMES, such as ${source}=${suggestedName(target)}, or leave the bucket out with SOURCE_S3_BUCKETS.`,
      details,
    });
  }
  const other = others.find((pair) => pair.target === target && pair.source !== source);
  if (other === undefined) return undefined;
  return new AppError(
    'OBJECTS_BUCKET_NAME_REFUSED',
    `The buckets ${source} and ${other.source} would both be called ${target} on R2.`,
    {
      hint: 'Each bucket of the source needs a bucket of its own. Give one of them another name in R2_BUCKET_NAMES.',
      details,
    },
  );
}

/** A name near the refused one that R2 takes. */
export function suggestedName(refused: string): string {
  const plain = refused
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longest)
    .replace(/^-|-$/g, '');
  return plain.length < shortest ? `bucket-${plain}`.replace(/-$/, '') : plain;
}
