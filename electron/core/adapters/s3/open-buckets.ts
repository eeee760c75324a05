import { AppError } from '#shared/model/errors';
import type { Settings } from '../../ports/settings';
import { createBucketReader, type BucketReader } from './bucket-store';
import { createBucketWriter, type BucketWriter } from './bucket-writes';
import { chosenBuckets, sourceConfig, targetConfig } from './endpoints';
import { createStoreClient, type StoreClient } from './store-client';

/** Both sides for an operator who browses: the source to look at, the target to change as well. */
export interface BucketStores {
  /** Throws `SETTING_MISSING` and `SETTING_INVALID`, as the others do. */
  reader(side: 'source' | 'target'): BucketReader;
  /** Throws `SETTING_INVALID` too when both sides are the same service: nothing is written to a source. */
  writer(): BucketWriter;
  close(): Promise<void>;
}

/** A person waits: fewer tries than a run has. */
const retries = { attempts: 4, base: 150, longest: 2_000 };

/** Opens each side when it is first asked for. */
export function openBucketStores(settings: Settings): BucketStores {
  const open: Partial<Record<'source' | 'target', StoreClient>> = {};
  const client = (side: 'source' | 'target'): StoreClient => {
    const config = side === 'source' ? sourceConfig : targetConfig;
    const opened = open[side] ?? createStoreClient({ ...config(settings), retries });
    open[side] = opened;
    return opened;
  };
  return {
    reader: (side) => createBucketReader(client(side), side === 'source' ? chosenBuckets(settings) : []),
    writer: () => {
      const target = client('target');
      const sourceEndpoint = settings.get('SOURCE_S3_ENDPOINT');
      if (sourceEndpoint !== undefined && sourceConfig(settings).endpoint === target.config.endpoint) {
        throw new AppError(
          'SETTING_INVALID',
          'SOURCE_S3_ENDPOINT and R2_ENDPOINT lead to the same object store.',
          {
            hint: 'Cutover never writes to the source. Correct the one that is wrong; nothing was written.',
            details: { setting: 'R2_ENDPOINT' },
          },
        );
      }
      return createBucketWriter(target);
    },
    close: async () => {
      await Promise.all([open.source?.close(), open.target?.close()]);
    },
  };
}
