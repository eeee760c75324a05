import { useSyncExternalStore } from 'react';
import { client } from '../../api/client';
import { sendBytes } from './transfer';
import { createUploadQueue, type UploadState } from './upload-queue';

/** The uploads of this page; they go on while other pages are looked at. */
export const uploads = createUploadQueue({
  begin: ({ bucket, key, file }, replace, signal) =>
    client.call(
      'buckets.uploadBegin',
      {
        bucket,
        key,
        size: file.size,
        attributes: {
          headers: { 'content-type': file.type === '' ? 'application/octet-stream' : file.type },
          metadata: {},
        },
        ifExists: replace ? 'replace' : 'refuse',
      },
      { signal },
    ),
  part: sendBytes,
  finish: async (uploadId, signal) => {
    await client.call('buckets.uploadFinish', { uploadId }, { signal });
  },
  abort: async (uploadId) => {
    await client.call('buckets.uploadAbort', { uploadId });
  },
});

export function useUploads(): UploadState {
  return useSyncExternalStore(uploads.subscribe, uploads.state);
}
