import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const castagnoli = Uint32Array.from({ length: 256 }, (_unused, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C of a chunk, continued from the value of what came before. */
export function crc32c(chunk: Uint8Array, before = 0): number {
  let value = ~before;
  for (const byte of chunk) value = (castagnoli[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

export const checksumAlgorithms = ['crc32', 'crc32c', 'sha1', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** A running hash. */
export interface Hasher {
  update(chunk: Buffer): void;
  digest(): Buffer;
}

/** A running hash of any algorithm that the server knows. */
export function hasherOf(algorithm: ChecksumAlgorithm | 'md5'): Hasher {
  if (algorithm === 'crc32' || algorithm === 'crc32c') {
    const step = algorithm === 'crc32' ? crc32 : crc32c;
    let value = 0;
    return {
      update: (chunk) => {
        value = step(chunk, value);
      },
      digest: () => {
        const digest = Buffer.alloc(4);
        digest.writeUInt32BE(value);
        return digest;
      },
    };
  }
  const hash = createHash(algorithm);
  return {
    update: (chunk) => {
      hash.update(chunk);
    },
    digest: () => hash.digest(),
  };
}
