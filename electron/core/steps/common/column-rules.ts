import { z } from 'zod';
import { quoteName } from './sql-text';

/** What the rules need to know of a column; domains are looked through. */
export const columnFactsSchema = z.object({
  name: z.string(),
  generated: z.boolean(),
  /** Name of the type under all domains. */
  type: z.string(),
  /** `b` base, `c` composite, `e` enum, `r` range, `m` multirange. */
  kind: z.string(),
  /** The type comes with PostgreSQL, so it has the same OID on every server. */
  builtIn: z.boolean(),
  hasBinary: z.boolean(),
  deterministic: z.boolean(),
  element: z.object({ type: z.string(), kind: z.string(), builtIn: z.boolean() }).nullable(),
});
export type ColumnFacts = z.infer<typeof columnFactsSchema>;

/**
 * Types whose hash sees every difference between two values. numeric (1.0 equals 1.00) goes through its binary form, the others through text:
 * interval (a month equals 30 days), float (0 equals -0), enums (their hash is of an OID), whatever has no hash.
 */
const hashedDirectly: ReadonlySet<string> = new Set([
  'bool',
  'bytea',
  'char',
  'date',
  'inet',
  'int2',
  'int4',
  'int8',
  'macaddr',
  'name',
  'oid',
  'text',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'varchar',
]);

/** Of those, the types whose bytes depend on the encoding of the database. */
const encoded: ReadonlySet<string> = new Set(['char', 'name', 'text', 'varchar']);

/** Types whose cast to text is not what they are sent as: one drops blanks at the end, the other keeps the declared encoding. */
const outputFunctions: Readonly<Record<string, string>> = { bpchar: 'bpcharout', xml: 'xml_out' };

/**
 * The expression that stands for a column in a row's hash. `utf8`: the source is encoded in UTF-8; otherwise texts are hashed
 * as their bytes in UTF-8, which both sides agree on.
 */
export function hashExpression(
  column: Pick<ColumnFacts, 'name' | 'type' | 'builtIn' | 'deterministic'>,
  utf8: boolean,
): string {
  const name = quoteName(column.name);
  const direct = column.builtIn && column.deterministic && hashedDirectly.has(column.type);
  if (direct && (utf8 || !encoded.has(column.type))) return name;
  // The digits as they are stored, with the number of decimals: the same on every server, and made faster than a text.
  if (column.builtIn && column.type === 'numeric') return `pg_catalog.numeric_send(${name})`;
  const output = column.builtIn ? outputFunctions[column.type] : undefined;
  const text = output === undefined ? `${name}::text` : `pg_catalog.textin(pg_catalog.${output}(${name}))`;
  return utf8 ? `${text} collate "C"` : `pg_catalog.convert_to(${text}, 'UTF8')`;
}

/** These travel as OIDs in binary form and as names in text form. */
const isObjectReference = (type: string): boolean =>
  /^reg(class|proc|procedure|oper|operator|type|role|namespace|config|dictionary|collation)$/.test(type);

/** PostgreSQL sends an empty query in a binary form that it does not take back. */
const isOneWay = (type: string): boolean => type === 'tsquery';

/**
 * Binary unless a column's binary form holds OIDs, which differ between servers: composites, arrays of user types, names of
 * objects, and types without a binary form that leads back to the same value.
 */
export function copyFormat(columns: readonly ColumnFacts[]): 'binary' | 'text' {
  const needsText = (column: ColumnFacts): boolean =>
    !column.hasBinary ||
    column.kind === 'c' ||
    isObjectReference(column.type) ||
    isOneWay(column.type) ||
    (column.element !== null &&
      (!column.element.builtIn ||
        column.element.kind === 'c' ||
        isObjectReference(column.element.type) ||
        isOneWay(column.element.type)));
  return columns.some((column) => !column.generated && needsText(column)) ? 'text' : 'binary';
}
