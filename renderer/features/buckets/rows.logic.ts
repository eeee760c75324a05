import type { ListedObject, Side } from '#shared/model/buckets';
import { compareKeys } from '#shared/model/key-order';
import type { Tone } from '../../ui/tag';

/** A line of the list: a folder, which is a prefix that ends with a slash, or an object. */
export type Row = { kind: 'folder'; key: string } | { kind: 'object'; key: string; object: ListedObject };

/** The folders and objects of a page in one order, that of the store. */
export function mergeRows(prefixes: readonly string[], objects: readonly ListedObject[]): Row[] {
  const rows: Row[] = [
    ...prefixes.map((key): Row => ({ kind: 'folder', key })),
    ...objects.map((object): Row => ({ kind: 'object', key: object.key, object })),
  ];
  return prefixes.length === 0 || objects.length === 0
    ? rows
    : rows.sort((a, b) => compareKeys(a.key, b.key));
}

/** What can't be seen, or would show another text than the one that is there. */
// eslint-disable-next-line no-control-regex
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A key as it is shown: control and direction characters as their code, so that no name looks like another. */
export function shownName(text: string): string {
  return text.replace(unseen, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The part of a key behind the folder that is looked at; a folder's own marker is `./`. */
export function nameBelow(prefix: string, key: string): string {
  return key === prefix ? './' : shownName(key.slice(prefix.length));
}

/** The folder above, empty for the top. */
export function parentOf(prefix: string): string {
  return prefix.slice(0, prefix.replace(/\/$/, '').lastIndexOf('/') + 1);
}

/** The folders on the way to a prefix, each with its whole prefix. */
export function pathOf(prefix: string): { name: string; prefix: string }[] {
  const parts: { name: string; prefix: string }[] = [];
  for (let at = prefix.indexOf('/'); at !== -1; at = prefix.indexOf('/', at + 1)) {
    const start = parts.at(-1)?.prefix.length ?? 0;
    parts.push({ name: shownName(prefix.slice(start, at)), prefix: prefix.slice(0, at + 1) });
  }
  return parts;
}

/** How an object stands to the one of the same key on the other side. `same-size`: the ETags say nothing about each other. */
export type ObjectState = 'identical' | 'same-size' | 'differs' | 'missing';

/**
 * Compares what two listings say. The ETag of an object in parts depends on the parts, so with equal sizes it proves equality but no
 * difference.
 */
export function stateOf(object: ListedObject, other: ListedObject | undefined): ObjectState {
  if (other === undefined) return 'missing';
  if (object.size !== other.size) return 'differs';
  if (object.etag === other.etag) return 'identical';
  return object.etag.includes('-') || other.etag.includes('-') ? 'same-size' : 'differs';
}

/** How a state is told on each side. */
export const stateTexts: Record<Side, Record<ObjectState, { label: string; tone: Tone }>> = {
  source: {
    identical: { label: 'Identical', tone: 'ok' },
    'same-size': { label: 'Same size', tone: 'idle' },
    differs: { label: 'Differs', tone: 'warn' },
    missing: { label: 'Missing', tone: 'bad' },
  },
  target: {
    identical: { label: 'Identical', tone: 'ok' },
    'same-size': { label: 'Same size', tone: 'idle' },
    differs: { label: 'Differs', tone: 'warn' },
    missing: { label: 'Only here', tone: 'idle' },
  },
};

export type SortColumn = 'name' | 'size' | 'modified';
export interface SortOrder {
  by: SortColumn;
  descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Folders first, then objects by the column; equal ones in the order of their keys. */
export function sortRows(rows: readonly Row[], { by, descending }: SortOrder): Row[] {
  const turn = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    if (a.kind !== b.kind) return a.kind === 'folder' ? -1 : 1;
    if (a.kind === 'object' && b.kind === 'object') {
      const difference =
        by === 'size'
          ? a.object.size - b.object.size
          : by === 'modified'
            ? Date.parse(a.object.modifiedAt) - Date.parse(b.object.modifiedAt)
            : 0;
      if (difference !== 0) return difference * turn;
    }
    const named = collator.compare(a.key, b.key) || compareKeys(a.key, b.key);
    return by === 'name' ? named * turn : named;
  });
}
