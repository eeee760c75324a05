import { randomUUID } from 'node:crypto';
import type { ObjectAttributesText } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import type { BucketWriter } from '../../adapters/s3/bucket-writes';
import type { ObjectAttributes } from '../../ports/objects';
import { attributesFromText } from './attributes-text';

const mib = 1024 * 1024;
/** A file up to this size goes in one piece. */
const wholeBytes = 16 * mib;
const maxParts = 10_000;

export interface UploadOrder {
  bucket: string;
  key: string;
  /** Bytes. */
  size: number;
  attributes: ObjectAttributesText;
  /** `refuse` leaves an object of that name as it is, and says that there is one. */
  ifExists: 'refuse' | 'replace';
}

export type UploadBegun =
  | { state: 'ready'; uploadId: string; partSize: number; parts: number }
  | { state: 'exists'; size: number; modifiedAt: string };

interface Upload {
  order: UploadOrder;
  attributes: ObjectAttributes;
  partSize: number;
  parts: number;
  /** The store's id; absent for a file in one piece. */
  multipart: string | undefined;
  /** By part number, from 1. */
  etags: Map<number, string>;
  replaced: { size: number; etag: string } | undefined;
}

export interface UploadEnds {
  reader: BucketReader;
  writer: BucketWriter;
}

/** Told when an object has been stored, and what it replaced. */
type Stored = (order: UploadOrder, replaced: Upload['replaced']) => Promise<void>;

/**
 * Files on their way in. Parts may come in any order, several at once, and again. A file in one piece is there with its only part,
 * one of several parts when it is finished.
 */
export function createUploads(ends: () => Promise<UploadEnds>, stored: Stored) {
  const uploads = new Map<string, Upload>();
  const find = (id: string): Upload => {
    const upload = uploads.get(id);
    if (upload !== undefined) return upload;
    throw new AppError('NOT_FOUND', 'This host knows no such upload.', {
      hint: 'The host was started anew. Upload the file again.',
    });
  };

  return {
    begin: async (order: UploadOrder, signal: AbortSignal): Promise<UploadBegun> => {
      const { reader, writer } = await ends();
      const existing = await reader.head(order.bucket, order.key, undefined, signal);
      if (existing !== undefined && order.ifExists === 'refuse') {
        return { state: 'exists', size: existing.size, modifiedAt: existing.modifiedAt };
      }
      const attributes = attributesFromText(order.attributes);
      const partSize = Math.max(wholeBytes, Math.ceil(order.size / maxParts / mib) * mib);
      const parts = Math.max(1, Math.ceil(order.size / partSize));
      const multipart =
        parts === 1
          ? undefined
          : await writer.createUpload({ bucket: order.bucket, key: order.key }, attributes, signal);
      const uploadId = randomUUID();
      uploads.set(uploadId, {
        order,
        attributes,
        partSize,
        parts,
        multipart,
        etags: new Map(),
        replaced: existing === undefined ? undefined : { size: existing.size, etag: existing.etag },
      });
      return { state: 'ready', uploadId, partSize, parts };
    },

    /** Takes one part, which must have exactly the bytes of its place. Throws `INVALID_INPUT` and `NOT_FOUND`. */
    part: async (
      id: string,
      number: number,
      body: AsyncIterable<Uint8Array>,
      size: number | undefined,
      signal: AbortSignal,
    ): Promise<void> => {
      const upload = find(id);
      const { order, partSize, parts, multipart } = upload;
      const expected = number === parts ? order.size - (parts - 1) * partSize : partSize;
      if (number < 1 || number > parts || size !== expected) {
        throw new AppError('INVALID_INPUT', `Part ${number} of the upload does not have ${expected} bytes.`, {
          hint: 'The file has changed while it was uploaded. Upload it again.',
        });
      }
      const { writer } = await ends();
      const place = { bucket: order.bucket, key: order.key };
      const sent = size === 0 ? new Uint8Array() : { stream: body, size };
      const onlyNew = order.ifExists === 'refuse';
      const etag =
        multipart === undefined
          ? await writer.put(place, sent, upload.attributes, { onlyNew }, signal)
          : await writer.putPart({ ...place, uploadId: multipart }, number, sent, signal);
      upload.etags.set(number, etag);
      if (multipart === undefined) await stored(order, upload.replaced);
    },

    /** Makes the object of its parts. Throws `INVALID_INPUT` when some have not arrived, and `NOT_FOUND`. */
    finish: async (id: string, signal: AbortSignal): Promise<void> => {
      const upload = find(id);
      const { order, parts, multipart, etags, replaced } = upload;
      const inOrder = Array.from({ length: parts }, (_unused, index) => etags.get(index + 1));
      const present = inOrder.flatMap((etag) => etag ?? []);
      if (present.length !== parts) {
        throw new AppError(
          'INVALID_INPUT',
          `${parts - present.length} parts of the upload have not arrived.`,
          {
            hint: 'Resume the upload.',
          },
        );
      }
      if (multipart !== undefined) {
        const place = { bucket: order.bucket, key: order.key, uploadId: multipart };
        await (await ends()).writer.completeUpload(place, present, signal);
        await stored(order, replaced);
      }
      uploads.delete(id);
    },

    /** Forgets an upload and what the store holds of it. One that is not known is gone already. */
    abort: async (id: string, signal: AbortSignal): Promise<void> => {
      const upload = uploads.get(id);
      if (upload === undefined) return;
      uploads.delete(id);
      if (upload.multipart === undefined) return;
      const { bucket, key } = upload.order;
      await (await ends()).writer.abortUpload({ bucket, key, uploadId: upload.multipart }, signal);
    },

    /** Aborts all; for the end of the host. */
    close: async (): Promise<void> => {
      const { writer } = uploads.size === 0 ? { writer: undefined } : await ends();
      const open = [...uploads.values()];
      uploads.clear();
      for (const { multipart, order } of open) {
        if (multipart === undefined || writer === undefined) continue;
        const place = { bucket: order.bucket, key: order.key, uploadId: multipart };
        await writer.abortUpload(place, AbortSignal.timeout(3_000)).catch(() => undefined);
      }
    },
  };
}
