import type { ObjectAttributes } from '../../ports/objects';
import { writeAttributes } from './attributes';
import { abortUpload, heldParts, openUploads, type HeldPart, type Upload } from './open-uploads';
import { withRetries } from './retry';
import type { StoreClient } from './store-client';
import { xmlText } from './xml-read';

type KeyPlace = Pick<Upload, 'bucket' | 'key'>;

/** An upload in parts that can go on. */
interface TakenUpload {
  upload: Upload;
  /** What the target has of it already, by part number. */
  parts: Map<number, HeldPart>;
}

/**
 * Begins an upload in parts with the object's attributes; answers with its id. When an answer was lost on the way, what that request may have
 * begun is aborted: nobody knows its id, and it would stay open and be paid for.
 */
export async function beginUpload(
  target: StoreClient,
  place: KeyPlace,
  attributes: ObjectAttributes,
  signal: AbortSignal,
): Promise<string> {
  const headers = writeAttributes(attributes);
  let tries = 0;
  const begun = await withRetries(target.retries, signal, () => {
    tries += 1;
    return target.once({ method: 'POST', ...place, query: { uploads: '' }, headers }, signal);
  });
  const uploadId = xmlText(begun.body.toString('utf8'), 'UploadId') ?? '';
  if (tries > 1)
    for await (const upload of openUploadsOf(target, place, signal))
      if (upload.uploadId !== uploadId) await abortUpload(target, upload, signal);
  return uploadId;
}

/**
 * The upload of an earlier attempt that can go on, with its parts; what else is open for the key is aborted. Only where the source's ETag
 * proves all parts in the end (`proven`), whoever sent them, and where the source was not written since `writtenAt`, milliseconds since 1970: the upload has the attributes of its beginning.
 */
export async function takeUpUpload(
  target: StoreClient,
  place: KeyPlace,
  { writtenAt, proven }: { writtenAt: number; proven: boolean },
  signal: AbortSignal,
): Promise<TakenUpload | undefined> {
  let taken: TakenUpload | undefined;
  for await (const upload of openUploadsOf(target, place, signal)) {
    const fits = taken === undefined && proven && upload.begunAt > writtenAt;
    const parts = fits ? await heldParts(target, upload, signal) : undefined;
    if (parts !== undefined) taken = { upload, parts };
    else await abortUpload(target, upload, signal);
  }
  return taken;
}

const openUploadsOf = (target: StoreClient, { bucket, key }: KeyPlace, signal: AbortSignal) =>
  openUploads(target, bucket, { prefix: key, through: key }, signal);
