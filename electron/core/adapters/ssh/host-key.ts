import { createHash } from 'node:crypto';

/** The fingerprint of a public host key as OpenSSH prints it: `SHA256:` and base64 without padding. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Host key algorithms by kind of key. A host has one key of each kind and shows one per connection, so a fingerprint that was taken
 * from another kind is found only by asking for that kind.
 */
export const hostKeyFamilies = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
] as const;
