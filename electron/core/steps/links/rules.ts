import { z } from 'zod';
import { targetBucket } from '#shared/model/bucket-naming';
import { AppError } from '#shared/model/errors';
import type { LinkSettings, PublicAddresses } from '../../ports/links';

export const addressSchema = z.object({
  /** Lower case, without port; an IPv6 address in brackets. */
  host: z.string(),
  /** Ports under which links name it; the empty one stands for none. */
  ports: z.array(z.string()),
  /** Path before the bucket, without a slash at its end: empty or `/storage`. */
  path: z.string(),
  /** The one bucket that the address serves; absent where the first part of the path names the bucket. */
  bucket: z.string().optional(),
});
/** A place where the old storage could be reached. */
export type LinkAddress = z.infer<typeof addressSchema>;

export const linkRulesSchema = z.object({
  addresses: z.array(addressSchema),
  /** Public address by bucket of the source, without a slash at its end; null where none is known. */
  buckets: z.record(z.string(), z.string().nullable()),
});
/** Which links belong to the old storage, and where each bucket's files can be reached from now on. */
export type LinkRules = z.infer<typeof linkRulesSchema>;

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

function addressOf(text: string, bucket?: string): LinkAddress {
  const url = new URL(text);
  const own = url.port === '' ? (defaultPorts[url.protocol] ?? '') : url.port;
  // On loopback another port, or none, is another service.
  const usual = isLoopback(url.hostname) && url.port !== '' ? [own] : [...new Set(['', '80', '443', own])];
  return {
    host: url.hostname,
    ports: usual,
    path: url.pathname.replace(/\/+$/, ''),
    ...(bucket === undefined ? {} : { bucket }),
  };
}

/** The public address that the settings give a bucket, which is one of `count`; null when they give none. */
export function publicAddress(settings: PublicAddresses, bucket: string, count: number): string | null {
  const own = settings.publicUrls[bucket];
  if (own !== undefined) return own;
  const { publicUrl } = settings;
  if (publicUrl === undefined) return null;
  if (publicUrl.includes('{bucket}'))
    return publicUrl.replaceAll('{bucket}', targetBucket(settings.naming, bucket));
  // An address without the bucket's name serves one bucket.
  return count === 1 ? publicUrl : null;
}

/**
 * The rules for the buckets of the source. Throws `SETTING_MISSING` when no bucket has a public address, and `SETTING_INVALID` when a
 * public address is one of the old storage, so that rewriting would never end.
 */
export function linkRules(settings: LinkSettings, buckets: readonly string[]): LinkRules {
  const rules: LinkRules = {
    addresses: [
      addressOf(settings.sourceEndpoint),
      ...settings.otherAddresses.map(({ url, bucket }) => addressOf(url, bucket)),
    ],
    buckets: Object.fromEntries(
      buckets.map((bucket) => [bucket, publicAddress(settings, bucket, buckets.length)]),
    ),
  };
  const targets = Object.values(rules.buckets).flatMap((base) => base ?? []);
  if (targets.length === 0) {
    throw new AppError('SETTING_MISSING', 'No bucket has a public address on R2.', {
      hint: 'Set R2_PUBLIC_URL, with {bucket} where the bucket’s name belongs, or R2_PUBLIC_URLS with an address for each bucket.',
      details: { setting: 'R2_PUBLIC_URL' },
    });
  }
  const again = targets.find((base) => matchingAddresses(rules, new URL(base)).length > 0);
  if (again !== undefined) {
    throw new AppError('SETTING_INVALID', `The public address ${again} is one of the old storage.`, {
      hint: 'R2_PUBLIC_URL and R2_PUBLIC_URLS name the new addresses, SOURCE_S3_ENDPOINT and SOURCE_S3_PUBLIC_URLS the old ones.',
      details: { setting: 'R2_PUBLIC_URL' },
    });
  }
  return rules;
}

/** What a host and port of a link stand for: addresses, each with the bucket that the host names, if it does. */
export function matchingAddresses(
  rules: LinkRules,
  { hostname, port }: { hostname: string; port: string },
): { address: LinkAddress; bucket: string | undefined }[] {
  const host = hostname.toLowerCase();
  return rules.addresses.flatMap((address) => {
    if (!address.ports.includes(port)) return [];
    if (host === address.host) return [{ address, bucket: address.bucket }];
    const dot = host.length - address.host.length - 1;
    const before = host.slice(0, Math.max(0, dot));
    if (
      address.bucket === undefined &&
      host.endsWith(`.${address.host}`) &&
      Object.hasOwn(rules.buckets, before)
    )
      return [{ address, bucket: before }];
    return [];
  });
}

/** The host names that every link of the old storage holds in one form or another. */
export function linkHosts(rules: LinkRules): string[] {
  return [...new Set(rules.addresses.map((address) => address.host))];
}
