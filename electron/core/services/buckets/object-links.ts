import { sourceBucket } from '#shared/model/bucket-naming';
import type { Side } from '#shared/model/buckets';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import { publicAddresses } from '../../adapters/web/link-settings';
import type { Settings } from '../../ports/settings';
import { publicAddress } from '../../steps/links/rules';

/** Where the public finds an object under a base address: every byte but the unreserved ones is encoded, slashes stay. */
export function publicLink(base: string, key: string): string {
  return `${base.replace(/\/+$/, '')}/${encodedPath(key)}`;
}

function encodedPath(key: string): string {
  return key
    .split('/')
    .map((part) =>
      // Half a surrogate pair can't stand in a key, so this never throws.
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
}

/**
 * Where the public finds the objects of a bucket, as far as the settings say it: on the source under its endpoint, on the target
 * under the address that R2_PUBLIC_URLS or R2_PUBLIC_URL gives the bucket.
 */
export async function publicBase(
  settings: Settings,
  reader: BucketReader,
  { side, bucket }: { side: Side; bucket: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (side === 'source') return `${reader.endpoint}/${bucket}`;
  const addresses = publicAddresses(settings);
  const source = sourceBucket(addresses.naming, bucket);
  // A bucket that the migration has nothing to do with can still be the one that `{bucket}` stands for.
  if (source === undefined)
    return addresses.publicUrl?.includes('{bucket}') === true
      ? addresses.publicUrl.replaceAll('{bucket}', bucket)
      : undefined;
  // An address that names no bucket serves one bucket. A token for one bucket can't list them.
  const plain =
    addresses.publicUrls[source] === undefined && addresses.publicUrl?.includes('{bucket}') === false;
  const count = plain
    ? await reader.buckets(signal).then(
        ({ length }) => length,
        () => 1,
      )
    : 1;
  return publicAddress(addresses, source, count) ?? undefined;
}
