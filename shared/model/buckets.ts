import { z } from 'zod';
import { errorShapeSchema } from './errors';

/** Where a bucket is: the old storage, which is only read, or the new one. */
export const sideSchema = z.enum(['source', 'target']);
export type Side = z.infer<typeof sideSchema>;

/** The widest form that a service takes; it stands in an address, so nothing else may. */
export const bucketNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, 'It is not the name of a bucket.');

export const objectEntrySchema = z.object({
  key: z.string(),
  /** Bytes. */
  size: z.number(),
  /** Without quotes. */
  etag: z.string(),
  /** ISO 8601. */
  modifiedAt: z.string(),
});
/** An object as a listing shows it. */
export type ListedObject = z.infer<typeof objectEntrySchema>;

/**
 * Which keys a comparison of both sides shows. `all` goes folder by folder; the others look at every key below. `unequal`: missing, differing
 * or on the target only.
 */
export const comparisonFilterSchema = z.enum(['all', 'unequal', 'missing', 'differs', 'target-only']);
export type ComparisonFilter = z.infer<typeof comparisonFilterSchema>;

const onSide = <Schema extends z.ZodType>(schema: Schema) =>
  z.object({ source: schema.optional(), target: schema.optional() });
/** A folder or an object with what each side has of it: one of them at least. */
export const comparedRowSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), key: z.string(), sides: onSide(z.literal(true)) }),
  z.object({ kind: z.literal('object'), key: z.string(), sides: onSide(objectEntrySchema) }),
]);
export type ComparedRow = z.infer<typeof comparedRowSchema>;

/** The headers that an object keeps, in the order in which forms show them. */
export const keptHeaders = [
  'content-type',
  'cache-control',
  'content-encoding',
  'content-disposition',
  'content-language',
  'expires',
] as const;

const headerText = z.string().regex(/^[^\r\n\0]*$/, 'A header is a single line.');
export const objectAttributesSchema = z.object({
  headers: z.partialRecord(z.enum(keptHeaders), headerText),
  /** User metadata by lower-case name. */
  metadata: z.record(
    z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, 'A metadata name is a header name in lower case.'),
    headerText,
  ),
});
export type ObjectAttributesText = z.infer<typeof objectAttributesSchema>;

/**
 * What a preview shows. It is decided by the first bytes, never by what the object says of itself, and text is text:
 * nothing of it is run.
 */
export const objectPreviewSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('text'),
    form: z.enum(['plain', 'json', 'csv']),
    text: z.string(),
    /** The object goes on after this text. */
    truncated: z.boolean(),
    /** The content encoding that was undone. */
    unpacked: z.string().optional(),
  }),
  z.object({
    kind: z.enum(['image', 'audio', 'video', 'pdf']),
    /** What the bytes are. */
    mediaType: z.string(),
    /** Where the bytes come from, beside the contract. */
    transferId: z.string(),
  }),
  z.object({ kind: z.literal('none'), reason: z.string() }),
]);
export type ObjectPreview = z.infer<typeof objectPreviewSchema>;

export interface UsageNode {
  /** The whole prefix, with its slash. */
  prefix: string;
  objects: number;
  bytes: number;
  /** The largest first; absent below the depth asked for. */
  children?: UsageNode[] | undefined;
  /** What further children hold that are not listed. */
  rest?: { prefixes: number; objects: number; bytes: number } | undefined;
}
export const usageNodeSchema: z.ZodType<UsageNode, UsageNode> = z.object({
  prefix: z.string(),
  objects: z.number(),
  bytes: z.number(),
  get children() {
    return z.array(usageNodeSchema).optional();
  },
  rest: z.object({ prefixes: z.number(), objects: z.number(), bytes: z.number() }).optional(),
});

export const bucketJobSchema = z.object({
  id: z.string(),
  kind: z.enum(['delete', 'copy', 'move', 'save']),
  /** As a sentence names it: `12 objects of media`. */
  title: z.string(),
  bucket: z.string(),
  state: z.enum(['running', 'done', 'partial', 'failed', 'stopped']),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  /** Objects that were dealt with. */
  done: z.number(),
  /** Objects that were left as they were because the target has one of that name. */
  skipped: z.number(),
  /** Objects in all, once they are counted. */
  total: z.number().optional(),
  bytes: z.number(),
  failed: z.number(),
  /** The first of them. */
  failures: z.array(z.object({ key: z.string(), message: z.string() })),
  /** What ended it, when it could not go on. */
  error: errorShapeSchema.optional(),
});
/** A long act on buckets: it goes on in the core whatever the page does. */
export type BucketJob = z.infer<typeof bucketJobSchema>;
