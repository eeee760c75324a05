import { z } from 'zod';

export const bucketReportSchema = z.object({
  name: z.string(),
  /** What it is to be called on R2. */
  target: z.string(),
  objects: z.number(),
  bytes: z.number(),
  /** Those that hold something, the smallest first. */
  classes: z.array(z.object({ label: z.string(), objects: z.number(), bytes: z.number() })),
  largest: z.array(z.object({ key: z.string(), bytes: z.number() })),
  /** Whether its policy lets anybody read its objects. */
  public: z.boolean(),
});
/** A bucket of the source. */
export type BucketReport = z.infer<typeof bucketReportSchema>;

export const inspectProgressSchema = z.object({
  /** Buckets that are counted, of so many. */
  buckets: z.object({ done: z.number(), total: z.number() }),
  objects: z.number(),
  bytes: z.number(),
});
/** How far counting the source's objects has come; nobody knows before how many there are. */
export type InspectProgress = z.infer<typeof inspectProgressSchema>;

export const objectsEstimateSchema = z.object({
  seconds: z.number(),
  /** What the time assumes of the line and the store. */
  assumes: z.string(),
  /** Operations of R2's class A and B. */
  writes: z.number(),
  reads: z.number(),
  operationsUsd: z.number(),
  storageUsdPerMonth: z.number(),
  /** The day of the price list. */
  pricesAsOf: z.string(),
});
/** What a copy takes and costs, before free allowances. */
export type ObjectsEstimate = z.infer<typeof objectsEstimateSchema>;
