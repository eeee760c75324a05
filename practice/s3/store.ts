import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { compareKeys } from '#shared/model/key-order';
import { diskBlobs, memoryBlobs, type Blob, type BlobStore } from './blobs';
import { S3Error, type S3ErrorCode } from './errors';

export interface StoredObject {
  key: string;
  size: number;
  /** Without quotes. */
  etag: string;
  /** Milliseconds since the epoch, whole seconds as HTTP dates have them. */
  modified: number;
  /** Lower-case name to value, as the client sent the bytes: content type, cache control, user metadata, checksums. */
  headers: Record<string, string>;
  tags: string;
  /** Sizes of the parts of a multipart upload, in order. */
  parts: number[] | undefined;
  blobs: Blob[];
}

export interface UploadPart {
  number: number;
  size: number;
  etag: string;
  modified: number;
  blobs: Blob[];
}

export interface Upload {
  id: string;
  key: string;
  started: number;
  headers: Record<string, string>;
  tags: string;
  parts: Map<number, UploadPart>;
}

export interface Bucket {
  name: string;
  created: number;
  objects: Map<string, StoredObject>;
  /** The keys of `objects` in UTF-8 byte order. */
  keys: string[];
  uploads: Map<string, Upload>;
  /** Bucket configurations that are kept as the client sent them: `cors`, `lifecycle`. */
  configurations: Record<string, string>;
}

/** Buckets and objects. Open uploads are kept in memory only: they do not survive a restart. */
export interface Store {
  readonly blobs: BlobStore;
  buckets(): Bucket[];
  /** Throws `NoSuchBucket`. */
  bucket(name: string): Bucket;
  createBucket(name: string): Promise<void>;
  deleteBucket(name: string): Promise<void>;
  saveConfiguration(bucket: Bucket, name: string, text: string | undefined): Promise<void>;
  put(bucket: Bucket, object: StoredObject): Promise<void>;
  remove(bucket: Bucket, key: string): Promise<void>;
}

const recordSchema = z.object({
  key: z.string(),
  size: z.number(),
  etag: z.string(),
  modified: z.number(),
  headers: z.record(z.string(), z.string()),
  tags: z.string(),
  parts: z.array(z.number()).optional(),
  blobs: z.array(z.object({ id: z.string(), size: z.number() })),
});
const bucketSchema = z.object({ created: z.number(), configurations: z.record(z.string(), z.string()) });

/** The position of a key in a sorted list, or where it would be put. */
export function positionOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A whole second, as HTTP dates and listings show it alike. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000) * 1000;
}

/** Opens a store in memory, or in `dir`, where an earlier process may have left its objects. */
export async function openStore(options: {
  dir: string | undefined;
  quotaBytes: number | undefined;
  full: S3ErrorCode;
}): Promise<Store> {
  const { dir, quotaBytes, full } = options;
  const buckets = new Map<string, Bucket>();
  const blobs =
    dir === undefined ? memoryBlobs(quotaBytes, full) : await diskBlobs(join(dir, 'blobs'), quotaBytes, full);
  const disk = dir === undefined ? undefined : diskIndex(join(dir, 'buckets'));
  if (disk !== undefined) await disk.load(buckets, blobs);

  const dropBlobs = async (object: StoredObject | undefined): Promise<void> => {
    for (const blob of object?.blobs ?? []) await blobs.remove(blob);
  };
  return {
    blobs,
    buckets: () => [...buckets.values()].sort((a, b) => compareKeys(a.name, b.name)),
    bucket: (name) => {
      const found = buckets.get(name);
      if (found === undefined) throw new S3Error('NoSuchBucket');
      return found;
    },
    createBucket: async (name) => {
      if (buckets.has(name)) throw new S3Error('BucketAlreadyOwnedByYou');
      const bucket = emptyBucket(name, nowInSeconds());
      buckets.set(name, bucket);
      await disk?.saveBucket(bucket);
    },
    deleteBucket: async (name) => {
      if ((buckets.get(name)?.keys.length ?? 0) > 0) throw new S3Error('BucketNotEmpty');
      buckets.delete(name);
      await disk?.removeBucket(name);
    },
    saveConfiguration: async (bucket, name, text) => {
      const { [name]: _before, ...rest } = bucket.configurations;
      bucket.configurations = text === undefined ? rest : { ...rest, [name]: text };
      await disk?.saveBucket(bucket);
    },
    put: async (bucket, object) => {
      const before = bucket.objects.get(object.key);
      if (before === undefined) bucket.keys.splice(positionOf(bucket.keys, object.key), 0, object.key);
      bucket.objects.set(object.key, object);
      await disk?.saveObject(bucket.name, object);
      await dropBlobs(before);
    },
    remove: async (bucket, key) => {
      const before = bucket.objects.get(key);
      if (before === undefined) return;
      bucket.objects.delete(key);
      bucket.keys.splice(positionOf(bucket.keys, key), 1);
      await disk?.removeObject(bucket.name, key);
      await dropBlobs(before);
    },
  };
}

function emptyBucket(name: string, created: number): Bucket {
  return { name, created, objects: new Map(), keys: [], uploads: new Map(), configurations: {} };
}

/** One JSON file per object, named by the hash of its key, because keys do not fit file names. */
function diskIndex(folder: string) {
  const fileOf = (bucket: string, key: string): string =>
    join(folder, bucket, `${createHash('sha256').update(key).digest('hex')}.json`);
  const save = async (path: string, value: unknown): Promise<void> => {
    await writeFile(`${path}.new`, JSON.stringify(value));
    await rename(`${path}.new`, path);
  };
  const saveBucket = async (bucket: Bucket): Promise<void> => {
    await mkdir(join(folder, bucket.name), { recursive: true });
    const { created, configurations } = bucket;
    await save(join(folder, bucket.name, 'bucket.json'), { created, configurations });
  };
  return {
    saveBucket,
    saveObject: (bucket: string, object: StoredObject) =>
      save(fileOf(bucket, object.key), {
        ...object,
        blobs: object.blobs.map(({ id, size }) => ({ id, size })),
      }),
    removeObject: (bucket: string, key: string) => rm(fileOf(bucket, key), { force: true }),
    removeBucket: (name: string) => rm(join(folder, name), { recursive: true, force: true }),
    load: async (buckets: Map<string, Bucket>, blobs: BlobStore): Promise<void> => {
      await mkdir(folder, { recursive: true });
      for (const name of await readdir(folder)) {
        const read = async (file: string): Promise<unknown> =>
          JSON.parse(await readFile(join(folder, name, file), 'utf8'));
        const { created, configurations } = bucketSchema.parse(await read('bucket.json'));
        const bucket = { ...emptyBucket(name, created), configurations };
        for (const file of await readdir(join(folder, name))) {
          if (!/^[0-9a-f]{64}\.json$/.test(file)) continue;
          const record = recordSchema.parse(await read(file));
          const restored = record.blobs.map(({ id, size }) => blobs.reopen(id, size));
          bucket.objects.set(record.key, { ...record, parts: record.parts, blobs: restored });
        }
        bucket.keys = [...bucket.objects.keys()].sort(compareKeys);
        buckets.set(name, bucket);
      }
    },
  };
}
