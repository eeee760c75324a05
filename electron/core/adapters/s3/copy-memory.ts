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
  return hashed(`${bucket}\0${size}\0${etag}\0${modifiedAt}\0${key}`);
}

function fingerprint({ headers, metadata }: ObjectAttributes): number {
  return hashed(`${listed(headers)}\n${listed(metadata)}`);
}

/** Names and values hold no line break and no zero byte: they came as headers. */
function listed(values: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name of Object.keys(values).sort()) text += `${name}\0${values[name] ?? ''}\0`;
  return text;
}

/** 48 bits of a hash, which a number holds exactly. */
function hashed(text: string): number {
  return hash('sha256', text, 'buffer').readUIntBE(0, 6);
}
