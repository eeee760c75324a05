import type { DifferenceKind, TableDifference } from '#shared/contract/comparison';

/** A differing row by its key. */
export interface Keyed {
  readonly kind: DifferenceKind;
  readonly key: readonly (string | null)[];
}

/** Ranges shown at most; where there are more, one range for each kind says where they lie. */
const mostRanges = 50;

const integer = /^-?\d{1,18}$/;

/** Order of keys: numbers by their value, everything else by its characters; NULL comes first. */
export function compareKeys(a: Keyed, b: Keyed): number {
  for (const [index, left] of a.key.entries()) {
    const right = b.key[index] ?? null;
    if (left === right) continue;
    if (left === null) return -1;
    if (right === null) return 1;
    if (integer.test(left) && integer.test(right)) {
      const difference = BigInt(left) - BigInt(right);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
    }
    return left < right ? -1 : 1;
  }
  return 0;
}

function follows(before: Keyed, next: Keyed): boolean {
  const [from] = before.key;
  const [to] = next.key;
  const one = before.key.length === 1 && next.key.length === 1;
  if (!one || before.kind !== next.kind || typeof from !== 'string' || typeof to !== 'string') return false;
  return integer.test(from) && integer.test(to) && BigInt(to) - BigInt(from) === 1n;
}

type Range = TableDifference['ranges'][number];

const rangeOf = ({ kind, key }: Keyed): Range => ({ kind, from: [...key], to: [...key], rows: 1 });

/** Puts neighbours together: keys that are whole numbers and follow one another. `rows` are in the order of {@link compareKeys}. */
export function keyRanges(rows: readonly Keyed[]): Range[] {
  const ranges: Range[] = [];
  let before: Keyed | undefined;
  for (const row of rows) {
    const last = ranges.at(-1);
    if (last !== undefined && before !== undefined && follows(before, row)) {
      last.to = [...row.key];
      last.rows += 1;
    } else ranges.push(rangeOf(row));
    before = row;
  }
  if (ranges.length <= mostRanges) return ranges;
  const byKind = new Map<DifferenceKind, Range>();
  for (const row of rows) {
    const range = byKind.get(row.kind) ?? { ...rangeOf(row), rows: 0 };
    byKind.set(row.kind, { ...range, to: [...row.key], rows: range.rows + 1 });
  }
  return [...byKind.values()];
}
