import { z } from 'zod';
import { evidenceSchema, progressSchema } from '../model/run';
import { stream } from '../rpc/define';

/** A row by which the databases differ: on the source alone, on the target alone, or on both with other values. */
const differenceKindSchema = z.enum(['missing', 'extra', 'changed']);
export type DifferenceKind = z.infer<typeof differenceKindSchema>;

const cellsSchema = z.array(z.string().nullable());

export const rowDifferenceSchema = z.object({
  kind: differenceKindSchema,
  key: cellsSchema,
  /** As text, cut when long; values of columns that look like secrets are masked. Null where the row is not. */
  source: cellsSchema.nullable(),
  target: cellsSchema.nullable(),
  /** Indexes of the columns whose values differ. */
  differs: z.array(z.number()),
});
export type RowDifference = z.infer<typeof rowDifferenceSchema>;

export const tableDifferenceSchema = z.object({
  table: z.string(),
  /** Why the rows could not be compared one by one; the rest is empty then. */
  reason: z.string().optional(),
  columns: z.array(z.string()),
  /** Names of the primary key's columns; without one, rows are told apart by all of their values. */
  key: z.array(z.string()),
  counts: z.object({ missing: z.number(), extra: z.number(), changed: z.number() }),
  /** False when there is more than was looked at; the counts are then those of what was. */
  complete: z.boolean(),
  /** Neighbours that differ in the same way; `rows` of them lie between the keys `from` and `to`. */
  ranges: z.array(
    z.object({ kind: differenceKindSchema, from: cellsSchema, to: cellsSchema, rows: z.number() }),
  ),
  rows: z.array(rowDifferenceSchema),
});
export type TableDifference = z.infer<typeof tableDifferenceSchema>;

export const comparisonSchema = z.object({
  at: z.string(),
  equal: z.boolean(),
  evidence: z.array(evidenceSchema),
  differences: z.array(tableDifferenceSchema),
});
export type Comparison = z.infer<typeof comparisonSchema>;

export const comparisonContract = {
  /**
   * Compares the databases that the settings name, as they are now, whether or not a run moved them; with `tables` only the rows of those.
   * Rows are read in one snapshot of the source. Reads only. `rows`: how many differing rows are shown for each table.
   */
  'databases.compare': stream(
    z.object({ tables: z.array(z.string()).optional(), rows: z.number().int().min(0).max(200) }),
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('progress'), progress: progressSchema }),
      z.object({ type: z.literal('done'), result: comparisonSchema }),
    ]),
  ),
};
