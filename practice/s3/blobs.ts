import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Error, type S3ErrorCode } from './errors';

/** Bytes that never change once written. */
export interface Blob {
  /** Names the blob within its store. */
  readonly id: string;
  readonly size: number;
  /** From `start` up to, not including, `end`. */
  read(start: number, end: number): AsyncIterable<Buffer> | Iterable<Buffer>;
}

export interface BlobWriter {
  /** Throws the store's quota error when it is full. */
  write(chunk: Buffer): Promise<void> | void;
  finish(): Promise<Blob>;
  discard(): Promise<void>;
}

export interface BlobStore {
  create(): Promise<BlobWriter>;
  /** A blob that an earlier process wrote; only a store on disk has any. */
  reopen(id: string, size: number): Blob;
  remove(blob: Blob): Promise<void>;
}

/** Counts bytes against a limit, so that a full store can be shown. */
function meter(limit: number | undefined, full: S3ErrorCode): { add(bytes: number): void } {
  let used = 0;
  return {
    add: (bytes) => {
      if (bytes > 0 && limit !== undefined && used + bytes > limit) throw new S3Error(full);
      used += bytes;
    },
  };
}

/** Blobs in memory, as the chunks in which they arrived. */
export function memoryBlobs(quotaBytes: number | undefined, full: S3ErrorCode): BlobStore {
  const quota = meter(quotaBytes, full);
  return {
    create: () => {
      const chunks: Buffer[] = [];
      let size = 0;
      return Promise.resolve({
        write: (chunk) => {
          quota.add(chunk.length);
          size += chunk.length;
          // A small chunk is a view into a socket's much larger buffer, which it would keep alive.
          chunks.push(chunk.length * 2 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);
        },
        finish: () =>
          Promise.resolve({ id: randomUUID(), size, read: (start, end) => slices(chunks, start, end) }),
        discard: () => {
          quota.add(-size);
          return Promise.resolve();
        },
      });
    },
    reopen: () => {
      throw new S3Error('InternalError');
    },
    remove: (blob) => {
      quota.add(-blob.size);
      return Promise.resolve();
    },
  };
}

function* slices(chunks: readonly Buffer[], start: number, end: number): Generator<Buffer> {
  let offset = 0;
  for (const chunk of chunks) {
    if (offset >= end) return;
    if (offset + chunk.length > start) yield chunk.subarray(Math.max(0, start - offset), end - offset);
    offset += chunk.length;
  }
}

/** Blobs as files in a folder of their own. */
export async function diskBlobs(
  folder: string,
  quotaBytes: number | undefined,
  full: S3ErrorCode,
): Promise<BlobStore> {
  const quota = meter(quotaBytes, full);
  await mkdir(folder, { recursive: true });
  const blobOf = (id: string, size: number): Blob => ({
    id,
    size,
    read: (start, end) => (end > start ? createReadStream(join(folder, id), { start, end: end - 1 }) : []),
  });
  return {
    create: async () => {
      const id = randomUUID();
      const file = await open(join(folder, id), 'wx');
      let size = 0;
      return {
        write: async (chunk) => {
          quota.add(chunk.length);
          size += chunk.length;
          await file.writeFile(chunk);
        },
        finish: async () => {
          await file.close();
          return blobOf(id, size);
        },
        discard: async () => {
          await file.close();
          await rm(join(folder, id), { force: true });
          quota.add(-size);
        },
      };
    },
    reopen: (id, size) => {
      quota.add(size);
      return blobOf(id, size);
    },
    remove: async (blob) => {
      await rm(join(folder, blob.id), { force: true });
      quota.add(-blob.size);
    },
  };
}

/** Reads a range of several blobs as if they were one. */
export async function* readBlobs(blobs: readonly Blob[], start: number, end: number): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const blob of blobs) {
    if (offset >= end) return;
    if (offset + blob.size > start)
      yield* blob.read(Math.max(0, start - offset), Math.min(blob.size, end - offset));
    offset += blob.size;
  }
}
