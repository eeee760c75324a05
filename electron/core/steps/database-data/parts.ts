import { z } from 'zod';
import { fingerprintSchema, tableLabel, type PageRange, type Table } from '../common/tables';

/** What is copied in one transaction of the target: a table or a part of one. */
export interface Part {
  /** Id of its unit, and what an operator reads. */
  readonly id: string;
  readonly table: Table;
  /** Absent for a table that is copied whole. */
  readonly range?: PageRange;
  /** Its share of the table's bytes. */
  readonly bytes: number;
}

/** The output of a part's unit. */
export const partDoneSchema = fingerprintSchema.extend({
  bytes: z.number(),
  /** The target's transaction that wrote the rows, as they carry it: it tells our rows from those of an attempt that broke off. */
  transaction: z.string(),
});
export type PartDone = z.infer<typeof partDoneSchema>;

/** The parts of a table, in the order of its pages. */
export function partsOf(table: Table): Part[] {
  const label = tableLabel(table);
  const { count, pages } = table.parts;
  if (count <= 1) return [{ id: label, table, bytes: table.bytes }];
  return Array.from({ length: count }, (_, index) => ({
    id: `${label}, part ${index + 1} of ${count}`,
    table,
    range: { from: index * pages, to: index === count - 1 ? undefined : (index + 1) * pages },
    bytes: Math.ceil(table.bytes / count),
  }));
}
