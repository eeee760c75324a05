import { AppError } from '#shared/model/errors';
import type { Core } from '../../core/core';
import type { TransferHandlers } from './transfers';

/** The files that the core gives out and takes in: ids of downloads as they are, parts of uploads as `<uploadId>.<part>`. */
export function coreTransfers(core: Core): TransferHandlers {
  return {
    download: async (id, signal, range) => core.buckets().download(id, signal, range),
    upload: async (id, body, { size }, signal) => {
      const [, uploadId, part] = /^([\w-]+)\.(\d{1,5})$/.exec(id) ?? [];
      if (uploadId === undefined) {
        throw new AppError('NOT_FOUND', 'This is not the address of an upload.', {
          hint: 'Reload the page and try again.',
        });
      }
      await core.buckets().uploadPart(uploadId, Number(part), body, size, signal);
    },
  };
}
