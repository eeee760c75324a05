import { createHash } from 'node:crypto';

const mib = 1024 * 1024;
/** R2 and S3 take no more parts, and no smaller ones but the last. */
export const maxParts = 10_000;
export const minPartSize = 5 * mib;
/** Part sizes that clients use by themselves: the AWS SDKs, boto3, MinIO's client, rclone, the AWS console. */
const usualPartSizes = [5, 8, 16, 64, 10, 15, 17, 25, 32, 50, 100, 128, 256, 512].map((size) => size * mib);

/** What an ETag proves of the content. */
export type EtagKind = { kind: 'md5'; md5: string } | { kind: 'parts'; count: number } | { kind: 'opaque' };

/** Reads an ETag without quotes. An encrypted object's may look like an MD5 without being one: the caller knows from the headers. */
export function readEtag(etag: string): EtagKind {
  const match = /^([0-9a-f]{32})(?:-(\d{1,5}))?$/.exec(etag);
  if (match === null) return { kind: 'opaque' };
  return match[2] === undefined ? { kind: 'md5', md5: etag } : { kind: 'parts', count: Number(match[2]) };
}

/** The ETag that S3 gives an object of these parts. */
export function multipartEtag(md5s: readonly Buffer[]): string {
  return `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${md5s.length}`;
}

/**
 * The part size with which an upload gets the same multipart ETag as the source, when its parts are equal: the size of
 * its first part if that is known, else a usual one that leads to the same number of parts. Undefined when none does.
 */
export function equalPartSize(
  size: number,
  count: number,
  firstPart: number | undefined,
): number | undefined {
  const fits = (part: number): boolean =>
    part > 0 && Math.max(1, Math.ceil(size / part)) === count && (count === 1 || part >= minPartSize);
  if (firstPart !== undefined) return fits(firstPart) ? firstPart : undefined;
  if (count === 1) return Math.max(1, size);
  return usualPartSizes.find(fits);
}

/** A part size of our own: 16 MiB, more when that would make too many parts. */
export function ownPartSize(size: number): number {
  return Math.max(16 * mib, Math.ceil(size / maxParts / mib) * mib);
}

/** Whether an object is encrypted with a key of a key service or of the client: its ETag then only looks like an MD5. */
export function isKeyed(headers: Readonly<Record<string, string>>): boolean {
  return (
    (headers['x-amz-server-side-encryption'] ?? '').startsWith('aws:kms') ||
    headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined
  );
}
