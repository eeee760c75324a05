import type { ObjectHead } from '../../ports/objects';
import { writeAttributes } from './attributes';
import {
  abortUpload,
  abortUploads,
  heldParts,
  openUploads,
  type HeldPart,
  type Upload,
} from './open-uploads';
import { withRetries } from './retry';
import type { StoreClient } from './store-client';
import { xmlText } from './xml-read';

type KeyPlace = Pick<Upload, 'bucket' | 'key'>;

/** An upload in parts that can be filled. */
export interface BegunUpload {
  upload: Upload;
  /** What the target has of it already, by part number. */
  parts?: Map<number, HeldPart>;
  /** Whether others may be open for the same key, begun by requests whose answers were lost. */
  others: boolean;
}

/** Begins an upload in parts with the object's attributes. */
export async function beginUpload(
  target: StoreClient,
  place: KeyPlace,
  head: ObjectHead,
  signal: AbortSignal,
): Promise<BegunUpload> {
  const request = {
    method: 'POST',
    ...place,
    query: { uploads: '' },
    headers: writeAttributes(head),
  } as const;
  let tries = 0;
  const created = await withRetries(target.retries, signal, () => {
    tries += 1;
    return target.once(request, signal);
  });
  const uploadId = xmlText(created.body.toString('utf8'), 'UploadId') ?? '';
  return { upload: { ...place, uploadId }, others: tries > 1 };
}

/**
 * The upload of an earlier attempt that can go on, with its parts; what else is open for the key is aborted. Only where the source's ETag
 * proves all parts in the end (`proven`), whoever sent them, and where the source was not written since `writtenAt`, milliseconds since 1970: the upload has the attributes of its beginning.
 */
export async function takeUpUpload(
  target: StoreClient,
  { bucket, key }: KeyPlace,
  { writtenAt, proven }: { writtenAt: number; proven: boolean },
  signal: AbortSignal,
): Promise<BegunUpload | undefined> {
  let taken: BegunUpload | undefined;
  for await (const upload of openUploads(target, bucket, { prefix: key, through: key }, signal)) {
    const fits = taken === undefined && proven && upload.begunAt > writtenAt;
    const parts = fits ? await heldParts(target, upload, signal) : undefined;
    if (parts !== undefined) taken = { upload, parts, others: false };
    else await abortUpload(target, upload, signal);
  }
  return taken;
}

/** Aborts whatever is open for one key. */
export async function abortUploadsOf(
  target: StoreClient,
  { bucket, key }: KeyPlace,
  signal: AbortSignal,
): Promise<void> {
  await abortUploads(target, bucket, { prefix: key, through: key }, signal);
}
