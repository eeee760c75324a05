import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openActivityLog, type ActivityLog } from '#core/services/activity/activity-log';
import { createBucketsService, type BucketsService } from '#core/services/buckets/buckets-service';
import type { BucketJob } from '#shared/model/buckets';
import type { SettingName } from '#shared/model/settings';
import { openStore, type Store } from '../../practice/s3/store';
import { settingsOf } from './objects-harness';

export interface OpenBuckets {
  service: BucketsService;
  handlers: BucketsService['handlers'];
  activity: ActivityLog;
  /** Waits for the end of a long act. */
  ended: (started: Promise<{ jobId?: string | undefined }>) => Promise<BucketJob>;
  close(): Promise<void>;
}

const context = { signal: new AbortController().signal };

/** The bucket browser with a log of its own, on the stores that the settings name. */
export async function openBuckets(
  values: Partial<Record<SettingName, string>>,
  chooseFolder?: () => Promise<string | undefined>,
): Promise<OpenBuckets> {
  const workspaceDir = await mkdtemp(path.join(tmpdir(), 'cutover-buckets-'));
  const activity = openActivityLog({
    workspaceDir,
    host: 'cli',
    redactor: () => Promise.resolve((text: string) => text),
  });
  const service = createBucketsService({
    settings: () => Promise.resolve(settingsOf(values)),
    activity,
    chooseFolder,
  });
  return {
    service,
    handlers: service.handlers,
    activity,
    ended: async (started) => {
      const { jobId } = await started;
      if (jobId === undefined) throw new Error('No job was started.');
      let last: BucketJob | undefined;
      for await (const { event } of service.handlers['buckets.watchJob'](
        { jobId },
        { ...context, after: -1 },
      )) {
        last = event;
      }
      if (last === undefined) throw new Error('The job told nothing.');
      return last;
    },
    close: async () => {
      await service.close();
      await rm(workspaceDir, { recursive: true, force: true });
    },
  };
}

/** A store of the practice server that holds a bucket of empty objects, put there without requests. Keys in their order are quickest. */
export async function filledStore(bucket: string, keys: Iterable<string>): Promise<Store> {
  const store = await openStore({ dir: undefined, quotaBytes: undefined, full: 'QuotaExceeded' });
  await store.createBucket(bucket);
  const held = store.bucket(bucket);
  for (const key of keys) {
    await store.put(held, {
      key,
      size: 0,
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      modified: 1_700_000_000_000,
      headers: { 'content-type': 'application/octet-stream' },
      tags: '',
      parts: undefined,
      blobs: [],
    });
  }
  return store;
}

/** Everything that a stream tells. */
export async function collected<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}
