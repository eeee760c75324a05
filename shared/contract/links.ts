import { z } from 'zod';
import { progressSchema } from '../model/run';
import { call, stream } from '../rpc/define';

/** Why a link of the old storage stays as it is. */
export const leftReasonSchema = z.enum(['no-bucket', 'unknown-bucket', 'no-public-address', 'unsafe-path']);
export type LeftReason = z.infer<typeof leftReasonSchema>;

export const linkColumnViewSchema = z.object({
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  type: z.string(),
  /** Why a rewrite does not touch it; its links are counted all the same. */
  fixed: z.enum(['generated', 'foreign-key', 'type', 'materialized-view']).optional(),
  rows: z.number(),
  /** Links that a rewrite replaces, or would if the column were not fixed. */
  links: z.number(),
  /** Of those, links with a signature or a version, which are dropped. */
  signed: z.number(),
  /** Links that stay, by reason. */
  left: z.partialRecord(leftReasonSchema, z.number()),
  /** Values of query parameters that could be a secret are masked. Without `after`: the link stays. */
  samples: z.array(z.object({ before: z.string(), after: z.string().optional() })),
});
export type LinkColumnView = z.infer<typeof linkColumnViewSchema>;

export const linkFindingsSchema = z.object({
  side: z.enum(['source', 'target']),
  at: z.string(),
  tables: z.number(),
  /** Those with links, by name. */
  columns: z.array(linkColumnViewSchema),
  /** Parts of the schema that name the old storage: functions, views, defaults. A rewrite does not touch them. */
  definitions: z.array(z.object({ kind: z.string(), name: z.string() })),
  /** Under which addresses links are looked for. */
  addresses: z.array(z.string()),
  /** Where each bucket can be reached from now on. */
  buckets: z.array(z.object({ bucket: z.string(), address: z.string().nullable() })),
  /** How a rewrite of this database keeps triggers from firing; absent on the source. */
  triggers: z.enum(['replica', 'disabled']).optional(),
});
export type LinkFindings = z.infer<typeof linkFindingsSchema>;

export const linkRewriteSchema = z.object({
  id: z.string(),
  at: z.string(),
  /** Rows whose old values are on record. */
  rows: z.number(),
  undone: z.number(),
  /** Rows that an undo left as they are, because they had changed since. */
  left: z.number(),
});
export type LinkRewrite = z.infer<typeof linkRewriteSchema>;

export const linkAnswerSchema = z.object({
  bucket: z.string(),
  /** What the public address says: `answers` (200), `missing` (404), `refused` (401, 403), `redirects`, `fails`. */
  outcome: z.enum(['answers', 'missing', 'refused', 'redirects', 'fails']),
  count: z.number(),
  examples: z.array(z.object({ url: z.string(), answer: z.string() })),
});
export type LinkAnswer = z.infer<typeof linkAnswerSchema>;

export const linkCheckSchema = z.object({
  /** Different addresses that were asked. */
  asked: z.number(),
  /** There are more than were asked. */
  more: z.boolean(),
  answers: z.array(linkAnswerSchema),
});
export type LinkCheck = z.infer<typeof linkCheckSchema>;

export const linkUndoSchema = z.object({ restored: z.number(), left: z.number() });

const progress = z.object({ type: z.literal('progress'), progress: progressSchema });
const events = <T extends z.ZodType>(result: T) =>
  z.discriminatedUnion('type', [progress, z.object({ type: z.literal('done'), result })]);

export const linksContract = {
  /** Looks through every text of a database. Reads only. */
  'links.find': stream(
    z.object({ side: z.enum(['source', 'target']), samples: z.number().int().min(0).max(50) }),
    events(linkFindingsSchema),
  ),
  /** The rewrites whose old values the target still has, the newest first. */
  'links.rewrites': call(z.object({}), z.array(linkRewriteSchema)),
  /** Asks the public addresses for the links that a rewrite wrote. */
  'links.check': stream(
    z.object({ rewrite: z.string(), limit: z.number().int().min(1).max(1_000_000) }),
    events(linkCheckSchema),
  ),
  /** Gives rows their old links back; a row that changed since stays as it is. */
  'links.undo': stream(z.object({ rewrite: z.string() }), events(linkUndoSchema)),
  /** Removes the old values for good: no rewrite can be undone any more. */
  'links.forget': call(z.object({}), z.object({})),
};
