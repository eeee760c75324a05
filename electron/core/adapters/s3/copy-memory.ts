import { hash } from 'node:crypto';
import type { ObjectAttributes, ObjectEntry } from '../../ports/objects';

/** Objects that are remembered at most, at about 70 bytes each. */
const mostRemembered = 1_000_000;

/** Remembers which version of which objects was copied, and with which attributes. */
export interface CopyMemory {
  add(bucket: string, entry: ObjectEntry, attributes: ObjectAttributes): void;
  /** Tells whether an object copied in that version had given attributes; undefined for one that was not copied. */
  find(bucket: string, entry: ObjectEntry): ((attributes: ObjectAttributes) => boolean) | undefined;
}

export function createCopyMemory(): CopyMemory {
  const copied = new Map<number, number>();
  return {
    add: (bucket, entry, attributes) => {
      if (copied.size < mostRemembered) copied.set(versionOf(bucket, entry), fingerprint(attributes));
    },
    find: (bucket, entry) => {
      const known = copied.get(versionOf(bucket, entry));
      return known === undefined ? undefined : (attributes) => fingerprint(attributes) === known;
    },
  };
}

function versionOf(bucket: string, { key, size, etag, modifiedAt }: ObjectEntry): number {
  return hashed([bucket, key, size, etag, modifiedAt]);
}

function fingerprint({ headers, metadata }: ObjectAttributes): number {
  const sorted = (values: Readonly<Record<string, string>>): string[][] =>
    Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return hashed([sorted(headers), sorted(metadata)]);
}

/** 48 bits of a hash, which a number holds exactly. */
function hashed(value: unknown): number {
  return Number.parseInt(hash('sha256', JSON.stringify(value)).slice(0, 12), 16);
}
