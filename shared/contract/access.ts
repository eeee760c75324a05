import { z } from 'zod';
import { call } from '../rpc/define';

export const corsRuleSchema = z.object({
  origins: z.array(z.string()),
  methods: z.array(z.string()),
  headers: z.array(z.string()),
  expose: z.array(z.string()),
  /** Seconds. */
  maxAge: z.number().optional(),
});

/** Where pages of the application come from, and what they do with files. */
const wishSchema = z.object({
  /** `https://app.example.com`; pages of these may read files, and write them with `uploads`. */
  origins: z.array(z.url({ protocol: /^https?$/ }).transform((text) => new URL(text).origin)).max(20),
  /** Pages send files to signed addresses. */
  uploads: z.boolean(),
});
export type CorsWish = z.output<typeof wishSchema>;

export const bucketAccessSchema = z.object({
  bucket: z.string(),
  /** Its name on R2. */
  target: z.string(),
  /** Whether it is there yet. */
  exists: z.boolean(),
  /** Whether anybody may read it on the source. */
  public: z.boolean(),
  /** Where the public is to reach it, by the settings. */
  address: z.string().nullable(),
  /** What to do on R2 so that it can be reached as before. */
  todo: z.array(z.string()),
  source: z.array(corsRuleSchema),
  current: z.array(corsRuleSchema),
  proposed: z.array(corsRuleSchema),
});
export type BucketAccess = z.infer<typeof bucketAccessSchema>;

export const preflightSchema = z.object({
  target: z.string(),
  url: z.string(),
  origin: z.string(),
  method: z.string(),
  allowed: z.boolean(),
  /** Status and headers that decided it, or why there was no answer. */
  answer: z.string(),
});
export type Preflight = z.infer<typeof preflightSchema>;

export const accessContract = {
  /** Which buckets were public, and the CORS rules of both sides with what they should be. Reads only. */
  'access.show': call(wishSchema, z.array(bucketAccessSchema)),
  /** Replaces the CORS rules of these buckets of the target with the proposed ones. */
  'access.apply': call(
    wishSchema.extend({ targets: z.array(z.string()).min(1) }),
    z.object({ applied: z.array(z.string()) }),
  ),
  /** Asks the addresses as a browser does before it lets a page read or write. */
  'access.test': call(wishSchema, z.array(preflightSchema)),
};
