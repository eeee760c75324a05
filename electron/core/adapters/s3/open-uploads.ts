import { compareKeys } from '#shared/model/key-order';
import type { KeyRange } from '../../ports/objects';
import { plainEtag } from './attributes';
import { S3ResponseError } from './failure';
import type { StoreClient } from './store-client';
import { listedKey, xmlBlocks, xmlText } from './xml-read';

/** A multipart upload that was begun. */
export interface Upload {
  bucket: string;
  key: string;
  uploadId: string;
}

export interface OpenUpload extends Upload {
  /** Milliseconds since 1970 by the store's clock; NaN when it does not say. */
  begunAt: number;
}

/** A part that the store has. */
export interface HeldPart {
  /** Bytes. */
  size: number;
  etag: string;
}

/** The multipart uploads of a range of keys that were neither completed nor aborted. */
export async function* openUploads(
  client: StoreClient,
  bucket: string,
  { after, through, prefix }: KeyRange,
  signal: AbortSignal,
): AsyncGenerator<OpenUpload> {
  let marker: Record<string, string> = {};
  for (;;) {
    const query = {
      uploads: '',
      'encoding-type': 'url',
      ...(prefix === undefined ? {} : { prefix }),
      ...marker,
    };
    let page: string;
    try {
      page = await client.sendText({ method: 'GET', bucket, query }, signal);
    } catch (error) {
      // How some stores say that there has never been one.
      if (error instanceof S3ResponseError && error.code === 'NoSuchUpload') return;
      throw error;
    }
    for (const block of xmlBlocks(page, 'Upload')) {
      const key = listedKey(page, xmlText(block, 'Key') ?? '');
      if (after !== undefined && compareKeys(key, after) <= 0) continue;
      if (through !== undefined && compareKeys(key, through) > 0) continue;
      const begunAt = Date.parse(xmlText(block, 'Initiated') ?? '');
      yield { bucket, key, uploadId: xmlText(block, 'UploadId') ?? '', begunAt };
    }
    if (xmlText(page, 'IsTruncated') !== 'true') return;
    marker = {
      'key-marker': listedKey(page, xmlText(page, 'NextKeyMarker') ?? ''),
      'upload-id-marker': xmlText(page, 'NextUploadIdMarker') ?? '',
    };
  }
}

/** Aborts what {@link openUploads} finds; answers how many there were. */
export async function abortUploads(
  client: StoreClient,
  bucket: string,
  range: KeyRange,
  signal: AbortSignal,
): Promise<number> {
  let aborted = 0;
  for await (const upload of openUploads(client, bucket, range, signal)) {
    await abortUpload(client, upload, signal);
    aborted += 1;
  }
  return aborted;
}

/** Aborts one multipart upload; one that is gone already counts as aborted. */
export async function abortUpload(client: StoreClient, upload: Upload, signal: AbortSignal): Promise<void> {
  const { bucket, key, uploadId } = upload;
  try {
    await client.send({ method: 'DELETE', bucket, key, query: { uploadId } }, signal);
  } catch (error) {
    if (error instanceof S3ResponseError && error.status === 404) return;
    throw error;
  }
}

/** The parts that a store has of an upload, by their numbers; undefined when it no longer knows the upload. */
export async function heldParts(
  client: StoreClient,
  { bucket, key, uploadId }: Upload,
  signal: AbortSignal,
): Promise<Map<number, HeldPart> | undefined> {
  const parts = new Map<number, HeldPart>();
  let marker: Record<string, string> = {};
  for (;;) {
    let page: string;
    try {
      page = await client.sendText(
        { method: 'GET', bucket, key, query: { uploadId, 'max-parts': '1000', ...marker } },
        signal,
      );
    } catch (error) {
      if (error instanceof S3ResponseError && error.status === 404) return undefined;
      throw error;
    }
    for (const block of xmlBlocks(page, 'Part')) {
      const size = Number(xmlText(block, 'Size'));
      parts.set(Number(xmlText(block, 'PartNumber')), { size, etag: plainEtag(xmlText(block, 'ETag')) });
    }
    if (xmlText(page, 'IsTruncated') !== 'true') return parts;
    marker = { 'part-number-marker': xmlText(page, 'NextPartNumberMarker') ?? '' };
  }
}
