import { readBucketNaming } from '#shared/model/bucket-naming';
import type { CopyRequest, ObjectPorts, ObjectStore } from '../../ports/objects';
import type { Settings } from '../../ports/settings';
import { classifyS3Error } from './classify';
import { createCopyMemory } from './copy-memory';
import { copyObject } from './copy-object';
import { chosenBuckets, sourceConfig, targetConfig } from './endpoints';
import { S3NetworkError, S3ResponseError } from './failure';
import { createObjectStore } from './object-store';
import { createStoreClient, type StoreClient } from './store-client';

interface OpenStore {
  client: StoreClient;
  store: ObjectStore;
}

/** Opens both object stores when they are first used. Reading `source` or `target` throws `SETTING_MISSING` or `SETTING_INVALID`. */
export function openObjectPorts(settings: Settings): ObjectPorts {
  const memory = createCopyMemory();
  const open: { source?: OpenStore; target?: OpenStore } = {};
  const source = (): OpenStore => {
    open.source ??= openStore(createStoreClient(sourceConfig(settings)), chosenBuckets(settings));
    return open.source;
  };
  const target = (): OpenStore => {
    open.target ??= openStore(createStoreClient(targetConfig(settings)));
    return open.target;
  };
  return {
    get source() {
      return source().store;
    },
    get target() {
      return target().store;
    },
    get naming() {
      return readBucketNaming((name) => settings.get(name));
    },
    copy: async (request, signal) => {
      const clients = { source: source().client, target: target().client };
      try {
        const copied = await copyObject(clients, request, signal);
        memory.add(request.from.bucket, request.from.entry, copied.attributes);
        return copied;
      } catch (error) {
        const stores = { source: clients.source.config, target: clients.target.config };
        throw classifyS3Error(error, stores, placeOf(error, request), signal);
      }
    },
    copiedWith: (bucket, entry) => memory.find(bucket, entry),
    close: async () => {
      await Promise.all([open.source?.client.close(), open.target?.client.close()]);
    },
  };
}

function openStore(client: StoreClient, chosen?: readonly string[]): OpenStore {
  return { client, store: createObjectStore(client, chosen) };
}

function placeOf(error: unknown, { from, to }: CopyRequest): { bucket: string; key: string } {
  const onTarget =
    (error instanceof S3ResponseError || error instanceof S3NetworkError) && error.side === 'target';
  return { bucket: onTarget ? to.bucket : from.bucket, key: from.entry.key };
}
