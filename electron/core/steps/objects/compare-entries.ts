import type { ObjectEntry } from '../../ports/objects';

/**
 * What two entries of the same key tell of their contents, and by what: `size` and `checksum` prove it; `time` says that
 * nothing was written to the source since the copy, where the ETags of the two stores can't be compared.
 */
export interface Likeness {
  same: boolean;
  by: 'size' | 'checksum' | 'time';
}

const plain = /^[0-9a-f]{32}$/;
const proven = /^[0-9a-f]{32}(-\d+)?$/;

/** Whether an ETag says something of the content: an MD5, or the MD5 of part MD5s. */
export function provesContent(etag: string): boolean {
  return proven.test(etag);
}

/** Compares what two listings say of one key. */
export function compareEntries(source: ObjectEntry, target: ObjectEntry): Likeness {
  if (source.size !== target.size) return { same: false, by: 'size' };
  if (source.etag === target.etag && provesContent(source.etag)) return { same: true, by: 'checksum' };
  if (plain.test(source.etag) && plain.test(target.etag)) return { same: false, by: 'checksum' };
  return { same: Date.parse(source.modifiedAt) <= Date.parse(target.modifiedAt), by: 'time' };
}
