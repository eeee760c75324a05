import { AppError } from '#shared/model/errors';

const r2Name = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** The name that a bucket gets on the target. */
export function targetName(prefix: string, bucket: string): string {
  return `${prefix}${bucket}`;
}

/** Why R2 does not take a name; undefined when it does. */
export function refusedName(name: string): AppError | undefined {
  if (r2Name.test(name)) return undefined;
  return new AppError('OBJECTS_BUCKET_NAME_REFUSED', `R2 does not take the bucket name ${name}.`, {
    hint: 'Names have 3 to 63 characters of a-z, 0-9 and hyphen. Choose another R2_BUCKET_PREFIX, leave the bucket out with SOURCE_S3_BUCKETS, or rename it on the source.',
    details: { bucket: name, setting: 'R2_BUCKET_PREFIX' },
  });
}
