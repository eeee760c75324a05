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
 * Types whose hash sees every difference between two values. The others go through text: numeric (1.0 equals 1.00),
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

/** The expression that stands for a column in a row's hash. */
export function hashExpression(
  column: Pick<ColumnFacts, 'name' | 'type' | 'builtIn' | 'deterministic'>,
): string {
  const name = quoteName(column.name);
  const direct = column.builtIn && column.deterministic && hashedDirectly.has(column.type);
  return direct ? name : `${name}::text collate "C"`;
}

/** These travel as OIDs in binary form and as names in text form. */
const isObjectReference = (type: string): boolean =>
  /^reg(class|proc|procedure|oper|operator|type|role|namespace|config|dictionary|collation)$/.test(type);

/**
 * Binary unless a column's binary form holds OIDs, which differ between servers: composites, arrays of user types, names of
 * objects, and types without a binary form.
 */
export function copyFormat(columns: readonly ColumnFacts[]): 'binary' | 'text' {
  const needsText = (column: ColumnFacts): boolean =>
    !column.hasBinary ||
    column.kind === 'c' ||
    isObjectReference(column.type) ||
    (column.element !== null &&
      (!column.element.builtIn || column.element.kind === 'c' || isObjectReference(column.element.type)));
  return columns.some((column) => !column.generated && needsText(column)) ? 'text' : 'binary';
}
