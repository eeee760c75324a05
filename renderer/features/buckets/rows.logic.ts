import type { ComparedRow, ListedObject, Side } from '#shared/model/buckets';
import { compareKeys } from '#shared/model/key-order';
import { stateOf, type ObjectState } from '#shared/model/object-state';
import type { Tone } from '../../ui/tag';

/** What each side has under a key, where both were listed: of folders, whether they are there. */
export interface Sides<What> {
  source?: What | undefined;
  target?: What | undefined;
}

/** A line of the list: a folder, which is a prefix that ends with a slash, or an object. */
export type Row =
  | { kind: 'folder'; key: string; sides?: Sides<true> }
  | { kind: 'object'; key: string; object: ListedObject; sides?: Sides<ListedObject> };

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

/** A line of both sides. Its object is the source's where that has one. */
export function comparedRow(row: ComparedRow): Row[] {
  if (row.kind === 'folder') return [row];
  const object = row.sides.source ?? row.sides.target;
  return object === undefined ? [] : [{ ...row, object }];
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

/** What a list shows: one side, or both next to each other. */
export type View = Side | 'both';

/** How a state is told on each side. */
export const stateTexts: Record<View, Record<ObjectState, { label: string; tone: Tone }>> = {
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
  both: {
    identical: { label: 'Identical', tone: 'ok' },
    'same-size': { label: 'Same size', tone: 'idle' },
    differs: { label: 'Differs', tone: 'warn' },
    missing: { label: 'Missing on R2', tone: 'bad' },
  },
};

const onlyOnTarget = { label: 'Only on R2', tone: 'idle' } as const;

/** What a row’s tag says; undefined while it is not known, and for a folder that both sides have. */
export function rowTag(
  view: View,
  row: Row,
  state: ObjectState | undefined,
): { label: string; tone: Tone } | undefined {
  if (row.sides === undefined) return state === undefined ? undefined : stateTexts[view][state];
  if (row.sides.source === undefined) return onlyOnTarget;
  if (row.sides.target === undefined) return stateTexts.both.missing;
  return row.kind === 'folder' ? undefined : stateTexts.both[stateOf(row.object, row.sides.target)];
}

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
