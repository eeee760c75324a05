import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { openObjectPorts } from '#core/adapters/s3/open';
import type { RunContext } from '#core/engine/step';
import type { MigrationPorts } from '#core/ports/migration-ports';
import type { ObjectPorts } from '#core/ports/objects';
import type { Settings } from '#core/ports/settings';
import { runWorkers } from '#core/steps/common/run-workers';
import { AppError } from '#shared/model/errors';
import type { Progress, Warning } from '#shared/model/run';
import type { SettingName } from '#shared/model/settings';
import { startS3Server, type S3Server, type S3ServerOptions } from '../../practice/s3/s3-server';
import type { Store } from '../../practice/s3/store';

export const sourceKeys = { accessKeyId: 'source-key', secretAccessKey: 'source-secret-value' };
export const targetKeys = { accessKeyId: 'target-key', secretAccessKey: 'target-secret-value' };

/** Settings from a plain record. */
export function settingsOf(values: Partial<Record<SettingName, string>>): Settings {
  return {
    get: (name) => values[name],
    require: (name) => {
      const value = values[name];
      if (value === undefined) throw new AppError('SETTING_MISSING', `${name} is not set.`);
      return value;
    },
    redact: (text) => text,
  };
}

export interface TwoStores {
  source: S3Server;
  target: S3Server;
  values: Partial<Record<SettingName, string>>;
  ports: ObjectPorts;
  /** An independent client of either side. */
  clients: { source: S3Client; target: S3Client };
  close(): Promise<void>;
}

export type StoreFaults = Partial<Record<'source' | 'target', S3ServerOptions['fault']>>;

/** A MinIO and an R2 stand-in with the ports between them. */
export async function startTwoStores(
  options: {
    faults?: StoreFaults;
    quotaBytes?: number;
    locked?: S3ServerOptions['locked'];
    sourceStore?: Store;
    targetStore?: Store;
  } = {},
): Promise<TwoStores> {
  const { faults = {}, quotaBytes, locked, sourceStore, targetStore } = options;
  const source = await startS3Server({
    profile: 'minio',
    ...sourceKeys,
    ...(faults.source === undefined ? {} : { fault: faults.source }),
    ...(sourceStore === undefined ? {} : { store: sourceStore }),
  });
  const target = await startS3Server({
    profile: 'r2',
    ...targetKeys,
    ...(faults.target === undefined ? {} : { fault: faults.target }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(locked === undefined ? {} : { locked }),
    ...(targetStore === undefined ? {} : { store: targetStore }),
  });
  const values = {
    SOURCE_S3_ENDPOINT: source.endpoint,
    SOURCE_S3_ACCESS_KEY_ID: sourceKeys.accessKeyId,
    SOURCE_S3_SECRET_ACCESS_KEY: sourceKeys.secretAccessKey,
    R2_ENDPOINT: target.endpoint,
    R2_ACCESS_KEY_ID: targetKeys.accessKeyId,
    R2_SECRET_ACCESS_KEY: targetKeys.secretAccessKey,
    R2_BUCKET_PREFIX: 'new-',
  };
  const ports = openObjectPorts(settingsOf(values));
  const clientOf = (server: S3Server, credentials: typeof sourceKeys): S3Client =>
    new S3Client({
      endpoint: server.endpoint,
      credentials,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 20,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  const clients = { source: clientOf(source, sourceKeys), target: clientOf(target, targetKeys) };
  return {
    source,
    target,
    values,
    ports,
    clients,
    close: async () => {
      clients.source.destroy();
      clients.target.destroy();
      await ports.close();
      await Promise.all([source.close(), target.close()]);
    },
  };
}

/** Makes a bucket with small objects of the given keys. */
export async function fill(client: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await runWorkers(keys, 16, async (key) => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(`content of ${key}`) }),
    );
  });
}

/** What a run journals, kept in memory: the same journal for a second context is a resumed run. */
export interface MemoryJournal {
  begun: Set<string>;
  done: Map<string, string>;
  warnings: Warning[];
  progress: { progress: Progress; unit: string | undefined }[];
}

export const emptyJournal = (): MemoryJournal => ({
  begun: new Set(),
  done: new Map(),
  warnings: [],
  progress: [],
});

/** The engine's run context as a step sees it, over a journal in memory. */
export function runContextOf(
  objects: ObjectPorts,
  journal: MemoryJournal = emptyJournal(),
  signal: AbortSignal = new AbortController().signal,
): RunContext<MigrationPorts> {
  return {
    ports: withObjectsOnly(objects),
    signal,
    resumed: journal.begun.size > 0,
    log: () => {},
    progress: (progress, unit) => void journal.progress.push({ progress, unit }),
    outputOf: () => undefined,
    warn: (warning) => {
      journal.warnings.push(warning);
      return Promise.resolve();
    },
    reset: (id) => {
      journal.done.delete(id);
      return Promise.resolve();
    },
    finished: (id, output) => {
      const text = journal.done.get(id);
      return text === undefined ? undefined : output.parse(JSON.parse(text));
    },
    unit: async (id, output, body) => {
      const earlier = journal.done.get(id);
      if (earlier !== undefined) return output.parse(JSON.parse(earlier));
      signal.throwIfAborted();
      const begunBefore = journal.begun.has(id);
      journal.begun.add(id);
      const text = JSON.stringify(await body({ begunBefore, signal }));
      journal.done.set(id, text);
      return output.parse(JSON.parse(text));
    },
  };
}

function withObjectsOnly(objects: ObjectPorts): MigrationPorts {
  const missing = (): never => {
    throw new Error('The objects lane has no business with this port.');
  };
  return {
    objects,
    close: () => objects.close(),
    get database() {
      return missing();
    },
    get auth() {
      return missing();
    },
    get bucketSettings() {
      return missing();
    },
    get links() {
      return missing();
    },
  };
}
