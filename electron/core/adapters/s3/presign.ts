import { createHash, createHmac } from 'node:crypto';
import { signingKey, signingTime, unsignedPayload } from './sign';
import type { StoreConfig } from './store-client';
import { encodeKey, encodeQuery } from './uri-encode';

/** The longest life of a signed address: seven days, as Signature Version 4 has it. Seconds. */
export const longestPresignSeconds = 7 * 24 * 3600;

/** An address with which anyone can GET an object until it expires. It is made here; the store is not asked. */
export function presignGet(
  config: StoreConfig,
  place: { bucket: string; key: string },
  seconds: number,
  now: Date,
): string {
  const time = signingTime(now);
  const day = time.slice(0, 8);
  const scope = `${day}/${config.region}/s3/aws4_request`;
  const { host, origin } = new URL(config.endpoint);
  const path = `/${place.bucket}/${encodeKey(place.key)}`;
  const query = encodeQuery({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${config.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': 'host',
  });
  const canonical = `GET\n${path}\n${query}\nhost:${host}\n\nhost\n${unsignedPayload}`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const signature = createHmac('sha256', signingKey(config, day))
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`)
    .digest('hex');
  return `${origin}${path}?${query}&X-Amz-Signature=${signature}`;
}
