import { z } from 'zod';
import { bucketNamingSchema } from '../model/bucket-naming';
import {
  bucketJobSchema,
  bucketNameSchema,
  comparedRowSchema,
  comparisonFilterSchema,
  objectAttributesSchema,
  objectEntrySchema,
  objectPreviewSchema,
  sideSchema,
  usageNodeSchema,
} from '../model/buckets';
import { call, stream } from '../rpc/define';

const place = z.object({ side: sideSchema, bucket: bucketNameSchema });
const objectPlace = place.extend({ key: z.string().min(1), versionId: z.string().optional() });

/** What an act is for: single objects, and everything under prefixes. Together at most 6 MB of keys. */
const selection = z.object({ keys: z.array(z.string()), prefixes: z.array(z.string()) });

const jobId = z.object({ jobId: z.string() });

export const bucketsContract = {
  'buckets.list': call(
    z.object({ side: sideSchema }),
    z.object({
      buckets: z.array(z.object({ name: z.string(), createdAt: z.string().optional() })),
      endpoint: z.string(),
      naming: bucketNamingSchema,
    }),
  ),
  /** One page of a folder, in the store's own order: UTF-8 bytes of the keys. */
  'buckets.objects': call(
    place.extend({
      prefix: z.string(),
      /** `/` for folders, empty for every key under the prefix. */
      delimiter: z.enum(['/', '']),
      token: z.string().optional(),
      limit: z.number().int().min(1).max(1000),
    }),
    z.object({
      prefixes: z.array(z.string()),
      objects: z.array(objectEntrySchema),
      next: z.string().optional(),
    }),
  ),
  /** What the other side has of a page's keys, for the state of each. */
  'buckets.counterparts': call(
    place.extend({
      prefix: z.string(),
      delimiter: z.enum(['/', '']),
      /** The last key or prefix of the page before. */
      after: z.string().optional(),
      /** The last key of this page; absent for the end of the folder. */
      through: z.string().optional(),
    }),
    z.object({
      /** The other side's bucket. */
      bucket: z.string(),
      /** Absent: the other side has no such bucket. */
      objects: z.array(objectEntrySchema).optional(),
      /** Keys up to this one are known; absent: all that were asked for. */
      knownThrough: z.string().optional(),
    }),
  ),
  /** Both sides of a bucket at once, in the order of the keys. A page can be shorter than its limit, or empty, and have a next one. */
  'buckets.compare': call(
    z.object({
      /** By its name on the source. */
      bucket: bucketNameSchema,
      prefix: z.string(),
      show: comparisonFilterSchema,
      /** The `next` of the page before. */
      after: z.string().optional(),
      limit: z.number().int().min(1).max(1000),
    }),
    z.object({
      rows: z.array(comparedRowSchema),
      next: z.string().optional(),
      /** Keys and folders that were looked at for this page. */
      looked: z.number(),
    }),
  ),
  'buckets.stat': call(
    objectPlace,
    objectEntrySchema.extend({
      attributes: objectAttributesSchema,
      /** Where the public finds it, when its bucket is public; absent where no setting tells. */
      publicUrl: z.string().optional(),
    }),
  ),
  'buckets.preview': call(objectPlace, objectPreviewSchema),
  /** Absent: this side keeps no versions. */
  'buckets.versions': call(
    objectPlace,
    z.object({
      versions: z
        .array(
          objectEntrySchema
            .omit({ key: true })
            .extend({ versionId: z.string(), latest: z.boolean(), deleted: z.boolean() }),
        )
        .optional(),
    }),
  ),
  /** Goes through the keys under a prefix and tells those that hold a text, in any letter case. */
  'buckets.find': stream(
    place.extend({ prefix: z.string(), text: z.string().min(1) }),
    z.object({ scanned: z.number(), found: z.array(objectEntrySchema), done: z.boolean() }),
  ),
  /** Adds up what lies under a prefix. */
  'buckets.usage': stream(
    place.extend({
      prefix: z.string(),
      /** Levels of folders in the tree, 0 for the sum alone. */
      depth: z.number().int().min(0).max(4),
      /** Stops after so many objects, with `complete` false. */
      limit: z.number().int().min(1).optional(),
    }),
    z.object({
      objects: z.number(),
      bytes: z.number(),
      done: z.boolean(),
      /** False when it stopped at the limit. */
      complete: z.boolean(),
      /** With the last event only. */
      tree: usageNodeSchema.optional(),
    }),
  ),
  'buckets.presign': call(
    objectPlace.extend({
      /** Seconds, at most seven days. */
      expiresIn: z.number().int().min(1).max(604_800),
    }),
    z.object({ url: z.string(), expiresAt: z.string() }),
  ),
  /** An address beside the contract for one object, or for a ZIP archive of several. */
  'buckets.download': call(
    selection.extend({
      side: sideSchema,
      bucket: bucketNameSchema,
      /** Paths in the archive begin after it. */
      base: z.string(),
      /** Of a single object. */
      versionId: z.string().optional(),
    }),
    z.object({ transferId: z.string(), fileName: z.string() }),
  ),
  /** Asks the operator for a folder and saves the objects below it, on hosts that can. Without a job when none was chosen. */
  'buckets.save': call(
    selection.extend({ side: sideSchema, bucket: bucketNameSchema, base: z.string() }),
    z.object({ jobId: z.string().optional() }),
  ),
  // From here on: acts. Those that write are for the target; the source has no such operation.
  'buckets.createBucket': call(z.object({ bucket: bucketNameSchema }), z.object({})),
  /** An empty object whose key ends with a slash, which is how consoles keep an empty folder. */
  'buckets.createFolder': call(
    z.object({ bucket: bucketNameSchema, prefix: z.string().min(1) }),
    z.object({}),
  ),
  'buckets.editAttributes': call(
    z.object({
      bucket: bucketNameSchema,
      key: z.string().min(1),
      /** The object as it was read; another one is not touched. */
      etag: z.string(),
      attributes: objectAttributesSchema,
    }),
    z.object({}),
  ),
  'buckets.delete': call(selection.extend({ bucket: bucketNameSchema }), jobId),
  'buckets.deleteVersion': call(
    z.object({ bucket: bucketNameSchema, key: z.string().min(1), versionId: z.string() }),
    z.object({}),
  ),
  /** Copies to the target; with `move` the originals are deleted once they were copied, which the source does not allow. */
  'buckets.copy': call(
    selection.extend({
      from: place,
      /** Keys keep what comes after this. */
      base: z.string(),
      to: z.object({ bucket: bucketNameSchema, prefix: z.string() }),
      /** Of a single object: its whole new key. */
      rename: z.string().min(1).optional(),
      move: z.boolean(),
      ifExists: z.enum(['skip', 'replace']),
    }),
    jobId,
  ),
  /** Parts go beside the contract to `<uploadId>.<part number from 1>`, in any order. */
  'buckets.uploadBegin': call(
    z.object({
      bucket: bucketNameSchema,
      key: z.string().min(1),
      size: z.number().int().min(0),
      attributes: objectAttributesSchema,
      /** `refuse` leaves an object of that name as it is, and says that there is one. */
      ifExists: z.enum(['refuse', 'replace']),
    }),
    z.discriminatedUnion('state', [
      z.object({ state: z.literal('ready'), uploadId: z.string(), partSize: z.number(), parts: z.number() }),
      z.object({ state: z.literal('exists'), size: z.number(), modifiedAt: z.string() }),
    ]),
  ),
  'buckets.uploadFinish': call(z.object({ uploadId: z.string() }), z.object({})),
  'buckets.uploadAbort': call(z.object({ uploadId: z.string() }), z.object({})),
  /** Running ones, and those that ended in this host lately; the newest first. */
  'buckets.jobs': call(z.object({}), z.array(bucketJobSchema)),
  /** Numbered by change; ends with the job. */
  'buckets.watchJob': stream(jobId, bucketJobSchema),
  'buckets.stopJob': call(jobId, z.object({})),
};
