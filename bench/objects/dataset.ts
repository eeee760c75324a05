import { createHash } from 'node:crypto';
import { openStore, type Store } from '../../practice/s3/store';

const kib = 1024;
const mib = 1024 * kib;
/** What MinIO's own client uses. */
const partBytes = 16 * mib;
/** When the objects were first written: in their metadata on both sides, for clients that go by it. */
const written = Date.UTC(2026, 0, 1);

/** One kind of object: `count` of them, from `least` to `most` bytes, evenly spread. */
export interface Kind {
  readonly bucket: string;
  readonly count: number;
  readonly least: number;
  readonly most: number;
}

/** What is measured, by the name under which a store process is asked to hold it. */
export const datasets = {
  whole: [
    { bucket: 'small', count: 5_000, least: 4 * kib, most: 64 * kib },
    { bucket: 'medium', count: 200, least: mib, most: 8 * mib },
    { bucket: 'large', count: 3, least: 200 * mib, most: 200 * mib },
  ],
  large: [{ bucket: 'large', count: 3, least: 200 * mib, most: 200 * mib }],
  keys: [{ bucket: 'keys', count: 100_000, least: 100, most: 100 }],
  nothing: [],
} as const satisfies Record<string, readonly Kind[]>;

export type DatasetName = keyof typeof datasets;

export const isDatasetName = (text: string): text is DatasetName => Object.hasOwn(datasets, text);

export const keyOf = (index: number): string =>
  `folder-${String(index % 50).padStart(2, '0')}/${String(index).padStart(7, '0')}.bin`;

/** Bytes of one object of a kind. */
export function sizeOf({ count, least, most }: Kind, index: number): number {
  return least + Math.floor(((most - least) * index) / Math.max(1, count - 1));
}

const md5 = (...data: Buffer[]): Buffer =>
  data.reduce((hash, part) => hash.update(part), createHash('md5')).digest();

/**
 * A store in memory that holds a dataset, without having been sent it. A copy is a minute younger. Sizes beyond one part have the ETag of a
 * multipart upload.
 */
export async function filledStore(name: DatasetName, isCopy: boolean): Promise<Store> {
  const store = await openStore({ dir: undefined, quotaBytes: undefined, full: 'QuotaExceeded' });
  for (const kind of datasets[name]) {
    await store.createBucket(kind.bucket);
    const bucket = store.bucket(kind.bucket);
    // Put in order, so that each key goes to the end of the sorted list.
    const objects = Array.from({ length: kind.count }, (_unused, index) => ({
      key: keyOf(index),
      size: sizeOf(kind, index),
      index,
    })).sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const { key, size, index } of objects) {
      const body = Buffer.alloc(size, `${index} of ${kind.bucket} `);
      const parts = Array.from({ length: Math.ceil(size / partBytes) }, (_unused, part) =>
        body.subarray(part * partBytes, (part + 1) * partBytes),
      );
      const writer = await store.blobs.create();
      await writer.write(body);
      const parted = parts.length > 1;
      await store.put(bucket, {
        key,
        size,
        etag: parted
          ? `${md5(...parts.map((part) => md5(part))).toString('hex')}-${parts.length}`
          : md5(body).toString('hex'),
        modified: isCopy ? written + 60_000 : written,
        headers: {
          'content-type': 'application/octet-stream',
          'x-amz-meta-mtime': String(written / 1000),
        },
        tags: '',
        parts: parted ? parts.map((part) => part.length) : undefined,
        blobs: [await writer.finish()],
      });
    }
  }
  return store;
}
