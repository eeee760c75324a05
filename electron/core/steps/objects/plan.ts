import { z } from 'zod';
import { warningSchema } from '#shared/model/run';

/** A unit: the keys after `after` up to and including `through`; the first range of a bucket has no `after`, the last no `through`. */
export const rangeSchema = z.object({
  id: z.string(),
  after: z.string().optional(),
  through: z.string().optional(),
  /** For people. */
  firstKey: z.string(),
  objects: z.number().int(),
  bytes: z.number(),
});
export type PlannedRange = z.infer<typeof rangeSchema>;

export const bucketPlanSchema = z.object({
  source: z.string(),
  target: z.string(),
  objects: z.number().int(),
  bytes: z.number(),
  ranges: z.array(rangeSchema),
});
export type PlannedBucket = z.infer<typeof bucketPlanSchema>;

/** Which buckets go where, cut into ranges of keys. The same for an unchanged source. */
export const objectsPlanSchema = z.object({
  endpoints: z.object({ source: z.string(), target: z.string() }),
  buckets: z.array(bucketPlanSchema),
  warnings: z.array(warningSchema),
});
export type ObjectsPlan = z.infer<typeof objectsPlanSchema>;

export const rangeOutputSchema = z.object({
  /** Objects that the target now has. */
  objects: z.number().int(),
  bytes: z.number(),
  /** Of those, found equal on the target from an earlier attempt. */
  kept: z.number().int(),
  /** Keys that were listed and then deleted on the source before they could be read. */
  vanished: z.array(z.string()),
});
export type RangeOutput = z.infer<typeof rangeOutputSchema>;

export const objectsOutputSchema = z.object({ objects: z.number().int(), bytes: z.number() });
export type ObjectsOutput = z.infer<typeof objectsOutputSchema>;
