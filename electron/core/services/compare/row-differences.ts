import type { DifferenceKind, RowDifference, TableDifference } from '#shared/contract/comparison';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName } from '../../steps/common/sql-text';
import { rowHash, tableLabel, type Table } from '../../steps/common/tables';
import { compareKeys, keyRanges, type Keyed } from './key-ranges';

/** Into so many buckets, by the hash of the key, the rows are divided before they are looked at one by one. */
const buckets = 1024;
/** Rows of differing buckets that are looked at one by one. */
const mostRows = 500_000;
/** Differing rows whose keys are read, for the ranges. */
const mostKeys = 5_000;
/** Characters of a value that are shown. */
const shownCharacters = 400;

const columnRow = z.object({ name: z.string(), place: z.number().nullable() });
const bucketRow = z.object({ bucket: z.number(), rows: z.coerce.number(), hash: z.string() });
const hashRow = z.object({ key: z.string(), hash: z.string() });
const keyRow = z.object({ key: z.string(), cells: z.array(z.string().nullable()) });
const cellsRow = keyRow.extend({ hashes: z.array(z.string()) });

interface Shape {
  readonly table: Table;
  readonly columns: readonly string[];
  /** Indexes of the key's columns; all columns where there is no primary key. */
  readonly key: readonly number[];
  readonly hasKey: boolean;
  /** Expressions. */
  readonly keyHash: string;
  readonly hash: string;
}

async function shapeOf(source: DatabaseSession, table: Table): Promise<Shape> {
  const columns = await source.query(
    columnRow,
    `select a.attname as name, case when pg_catalog.array_position(i.indkey::int2[], a.attnum) < i.indnkeyatts then pg_catalog.array_position(i.indkey::int2[], a.attnum) end as place
     from pg_catalog.pg_attribute a left join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indisprimary
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [qualified(table)],
  );
  const key = columns
    .map(({ place }, index) => ({ place, index }))
    .filter(({ place }) => place !== null)
    .sort((a, b) => (a.place ?? 0) - (b.place ?? 0))
    .map(({ index }) => index);
  const hash = rowHash(table, table.hash);
  return {
    table,
    columns: columns.map(({ name }) => name),
    key: key.length > 0 ? key : columns.map((_, index) => index),
    hasKey: key.length > 0,
    keyHash:
      key.length > 0
        ? rowHash(
            table,
            key.map((index) => table.hash[index] ?? 'null'),
          )
        : hash,
    hash,
  };
}

const rowsFrom = ({ table }: Shape): string => `from only ${qualified(table)}`;

function readBuckets(session: DatabaseSession, shape: Shape): Promise<z.infer<typeof bucketRow>[]> {
  return session.query(
    bucketRow,
    `select (${shape.keyHash} & ${buckets - 1})::int as bucket, count(*) as rows, sum(${shape.hash})::text as hash
     ${rowsFrom(shape)} group by 1`,
  );
}

/** The buckets that differ, and how many rows each has on the side that has more of them. */
async function differingBuckets(
  source: DatabaseSession,
  target: DatabaseSession,
  shape: Shape,
): Promise<{ bucket: number; rows: number }[]> {
  const [there, here] = await Promise.all([readBuckets(source, shape), readBuckets(target, shape)]);
  const ofSource = new Map(there.map((row) => [row.bucket, row]));
  const ofTarget = new Map(here.map((row) => [row.bucket, row]));
  return [...new Set([...ofSource.keys(), ...ofTarget.keys()])]
    .map((bucket) => ({ bucket, one: ofSource.get(bucket), other: ofTarget.get(bucket) }))
    .filter(({ one, other }) => one?.rows !== other?.rows || one?.hash !== other?.hash)
    .map(({ bucket, one, other }) => ({ bucket, rows: Math.max(one?.rows ?? 0, other?.rows ?? 0) }))
    .sort((a, b) => a.bucket - b.bucket);
}

/** Rows by the hash of their key; rows without a key may be there several times. */
async function readHashes(
  session: DatabaseSession,
  shape: Shape,
  chosen: readonly number[],
): Promise<Map<string, { hash: string; times: number }>> {
  const rows = await session.query(
    hashRow,
    `select (${shape.keyHash})::text as key, (${shape.hash})::text as hash ${rowsFrom(shape)}
     where (${shape.keyHash} & ${buckets - 1})::int = any ($1)`,
    [chosen],
  );
  const found = new Map<string, { hash: string; times: number }>();
  for (const { key, hash } of rows) {
    const known = found.get(key);
    if (known === undefined) found.set(key, { hash, times: 1 });
    else known.times += 1;
  }
  return found;
}

interface Differing {
  readonly kind: DifferenceKind;
  /** The hash of its key. */
  readonly key: string;
  readonly times: number;
}

function diff(
  source: ReadonlyMap<string, { hash: string; times: number }>,
  target: ReadonlyMap<string, { hash: string; times: number }>,
): Differing[] {
  return [...new Set([...source.keys(), ...target.keys()])].flatMap((key): Differing[] => {
    const one = source.get(key);
    const other = target.get(key);
    const more = (one?.times ?? 0) - (other?.times ?? 0);
    if (more > 0) return [{ kind: 'missing', key, times: more }];
    if (more < 0) return [{ kind: 'extra', key, times: -more }];
    return one?.hash === other?.hash ? [] : [{ kind: 'changed', key, times: 1 }];
  });
}

const texts = (columns: readonly string[]): string =>
  `array[${columns.map((name) => `left(${quoteName(name)}::text, ${shownCharacters})`).join(', ')}]::text[]`;

async function readKeys(
  session: DatabaseSession,
  shape: Shape,
  keys: readonly string[],
): Promise<Map<string, (string | null)[]>> {
  if (keys.length === 0) return new Map();
  const columns = shape.key.map((index) => shape.columns[index] ?? '');
  const rows = await session.query(
    keyRow,
    `select distinct (${shape.keyHash})::text as key, ${texts(columns)} as cells ${rowsFrom(shape)} where ${shape.keyHash} = any ($1::bigint[])`,
    [keys],
  );
  return new Map(rows.map(({ key, cells }) => [key, cells]));
}

async function readCells(
  session: DatabaseSession,
  shape: Shape,
  keys: readonly string[],
): Promise<Map<string, z.infer<typeof cellsRow>>> {
  if (keys.length === 0) return new Map();
  const hashes = shape.table.hash.map((expression) => `(${rowHash(shape.table, [expression])})::text`);
  const rows = await session.query(
    cellsRow,
    `select (${shape.keyHash})::text as key, ${texts(shape.columns)} as cells, array[${hashes.join(', ')}]::text[] as hashes
     ${rowsFrom(shape)} where ${shape.keyHash} = any ($1::bigint[])`,
    [keys],
  );
  return new Map(rows.map((row) => [row.key, row]));
}

const secretName = /pass(?:word|wd|phrase)|secret|token|hash|salt|api_?key|private_?key|credential/i;

/** Hides what a column holds whose name says that it is nobody's business. */
function masked(columns: readonly string[], cells: readonly (string | null)[]): (string | null)[] {
  return cells.map((cell, index) =>
    cell !== null && secretName.test(columns[index] ?? '') ? '(hidden)' : cell,
  );
}

/**
 * Finds the rows by which a table differs between two sessions. Both must see a state that does not change meanwhile. The table must have the
 * same columns on both sides. `limit`: differing rows that are shown.
 */
export async function findRowDifferences(
  source: DatabaseSession,
  target: DatabaseSession,
  table: Table,
  limit: number,
): Promise<TableDifference> {
  const shape = await shapeOf(source, table);
  const chosen: number[] = [];
  let looked = 0;
  const differing = await differingBuckets(source, target, shape);
  for (const { bucket, rows } of differing) {
    if (chosen.length > 0 && looked + rows > mostRows) break;
    chosen.push(bucket);
    looked += rows;
  }
  const [there, here] = await Promise.all([
    readHashes(source, shape, chosen),
    readHashes(target, shape, chosen),
  ]);
  const found = diff(there, here);
  const sampled = found.slice(0, mostKeys);
  const ofSource = sampled.filter(({ kind }) => kind !== 'extra').map(({ key }) => key);
  const ofTarget = sampled.filter(({ kind }) => kind === 'extra').map(({ key }) => key);
  const keys = new Map([
    ...(await readKeys(source, shape, ofSource)),
    ...(await readKeys(target, shape, ofTarget)),
  ]);
  const keyed = sampled
    .map((row): Keyed & { hash: string } => ({ kind: row.kind, key: keys.get(row.key) ?? [], hash: row.key }))
    .sort(compareKeys);
  const shown = keyed.slice(0, limit);
  const wanted = shown.map(({ hash }) => hash);
  const [left, right] = await Promise.all([
    readCells(source, shape, wanted),
    readCells(target, shape, wanted),
  ]);
  const keyNames = shape.key.map((index) => shape.columns[index] ?? '');
  const rows = shown.map(({ kind, key, hash }): RowDifference => {
    const one = left.get(hash);
    const other = right.get(hash);
    return {
      kind,
      key: masked(keyNames, key),
      source: one === undefined ? null : masked(shape.columns, one.cells),
      target: other === undefined ? null : masked(shape.columns, other.cells),
      differs:
        one === undefined || other === undefined
          ? []
          : shape.columns.flatMap((_, index) => (one.hashes[index] === other.hashes[index] ? [] : [index])),
    };
  });
  const count = (kind: DifferenceKind): number =>
    found.filter((row) => row.kind === kind).reduce((sum, row) => sum + row.times, 0);
  return {
    table: tableLabel(table),
    columns: [...shape.columns],
    key: shape.hasKey ? keyNames : [],
    counts: { missing: count('missing'), extra: count('extra'), changed: count('changed') },
    complete: chosen.length === differing.length,
    ranges: shape.hasKey
      ? keyRanges(keyed).map((range) => ({
          ...range,
          from: masked(keyNames, range.from),
          to: masked(keyNames, range.to),
        }))
      : [],
    rows,
  };
}
