import type { bucketsContract } from '#shared/contract/buckets';
import type { Side } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import type { Handlers } from '#shared/rpc/define';
import type { Settings } from '../../ports/settings';
import type { ActivityLog } from '../activity/activity-log';
import { attributesFromText, attributesToText } from './attributes-text';
import { browseHandlers } from './browse';
import { noteJob, titleOf } from './bucket-activity';
import { checkCopyOrder, copyObjects } from './copy-objects';
import { deleteObjects } from './delete-objects';
import { createDownloads, type RequestedRange, type TransferDownload } from './downloads';
import { createBucketJobs } from './jobs';
import { createStoreHolder, type OpenStores } from './stores';
import { saveObject, saveObjects, type SaveOrder, type SaveReport } from './save-objects';
import { createUploads } from './uploads';

export interface BucketsOptions {
  settings: () => Promise<Settings>;
  activity: ActivityLog;
  /** Asks the operator for a folder on this machine; undefined on a host that can't. */
  chooseFolder?: (() => Promise<string | undefined>) | undefined;
}

/** The bucket browser of one workspace: looks at both sides, changes the target only, and writes every change down. */
export interface BucketsService {
  /** The operations of the contract, failures not yet redacted. */
  readonly handlers: Handlers<typeof bucketsContract>;
  /** The bytes of an id that `buckets.download` or `buckets.preview` gave out. Throws `NOT_FOUND` and `INVALID_INPUT`. */
  download(id: string, signal: AbortSignal, range: RequestedRange | undefined): Promise<TransferDownload>;
  /** Saves objects as files below a folder. */
  save(side: Side, order: SaveOrder, report: SaveReport, signal: AbortSignal): Promise<void>;
  /** Saves one object under the name of a file. Throws `NOT_FOUND`, and `INVALID_INPUT` for a file that is there already. */
  saveAs(
    side: Side,
    place: { bucket: string; key: string },
    file: string,
    ifExists: SaveOrder['ifExists'],
    signal: AbortSignal,
  ): Promise<void>;
  /** One part of an upload; `size` is what the sender announced. Throws `NOT_FOUND` and `INVALID_INPUT`. */
  uploadPart(
    uploadId: string,
    part: number,
    body: AsyncIterable<Uint8Array>,
    size: number | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Stops long acts, and waits until they are written down. */
  close(): Promise<void>;
}

/** Makes the service; nothing is connected before something is asked. */
export function createBucketsService({ settings, activity, chooseFolder }: BucketsOptions): BucketsService {
  const holder = createStoreHolder(settings);
  const stores = (): Promise<OpenStores> => holder.current();
  const downloads = createDownloads(async (side) => (await stores()).reader(side));
  const jobs = createBucketJobs();
  const uploads = createUploads(
    async () => {
      const open = await stores();
      return { reader: open.reader('target'), writer: open.writer() };
    },
    ({ bucket, key, size }, replaced) =>
      activity.record({
        area: 'buckets',
        action: 'objects.upload',
        target: `${bucket}/${key}`,
        outcome: 'done',
        ...(replaced === undefined ? {} : { before: replaced }),
        after: { size },
      }),
  );
  const note = (action: string, target: string, facts: { before?: Facts; after?: Facts } = {}) =>
    activity.record({ area: 'buckets', action, target, outcome: 'done', ...facts });

  const handlers: Handlers<typeof bucketsContract> = {
    ...browseHandlers(stores, downloads),
    'buckets.createBucket': async ({ bucket }, { signal }) => {
      await (await stores()).writer().createBucket(bucket, signal);
      await note('bucket.create', bucket);
      return {};
    },
    'buckets.createFolder': async ({ bucket, prefix }, { signal }) => {
      const key = prefix.endsWith('/') ? prefix : `${prefix}/`;
      const attributes = { headers: { 'content-type': 'application/x-directory' }, metadata: {} };
      await (
        await stores()
      )
        .writer()
        .put({ bucket, key }, new Uint8Array(), attributes, { onlyNew: true }, signal);
      await note('folder.create', `${bucket}/${key}`);
      return {};
    },
    'buckets.editAttributes': async ({ bucket, key, etag, attributes }, { signal }) => {
      const open = await stores();
      const before = await open.reader('target').head(bucket, key, undefined, signal);
      if (before?.etag !== etag) throw changedMeanwhile(bucket, key);
      const replace = attributesFromText(attributes);
      const place = { bucket, key };
      await open.writer().copyWithin(place, place, { replace, ifMatch: etag }, signal);
      await note('object.edit-metadata', `${bucket}/${key}`, {
        before: plainFacts(attributesToText(before)),
        after: plainFacts(attributes),
      });
      return {};
    },
    'buckets.deleteVersion': async ({ bucket, key, versionId }, { signal }) => {
      await (await stores()).writer().removeVersion({ bucket, key }, versionId, signal);
      await note('object.delete-version', `${bucket}/${key}`, { before: { versionId } });
      return {};
    },
    'buckets.delete': async ({ bucket, keys, prefixes }) => {
      const open = await stores();
      const writer = open.writer();
      const chosen = { keys, prefixes };
      const jobId = jobs.start(
        { kind: 'delete', title: titleOf(chosen), bucket },
        (report) => deleteObjects(open.reader('target'), writer, { bucket, ...chosen }, report),
        (job) => noteJob(activity, job, chosen),
      );
      return { jobId };
    },
    'buckets.copy': async (order) => {
      checkCopyOrder(order);
      const open = await stores();
      const writer = open.writer();
      const ends = {
        from: open.reader(order.from.side),
        target: open.reader('target'),
        writer,
        // Reading it opens the source, which a copy within the target needs not have.
        get ports() {
          return open.ports;
        },
      };
      const jobId = jobs.start(
        { kind: order.move ? 'move' : 'copy', title: titleOf(order), bucket: order.to.bucket },
        (report) => copyObjects(ends, order, report),
        (job) => noteJob(activity, job, order, order),
      );
      return { jobId };
    },
    'buckets.uploadBegin': (order, { signal }) => uploads.begin(order, signal),
    'buckets.uploadFinish': async ({ uploadId }, { signal }) => {
      await uploads.finish(uploadId, signal);
      return {};
    },
    'buckets.uploadAbort': async ({ uploadId }, { signal }) => {
      await uploads.abort(uploadId, signal);
      return {};
    },
    'buckets.save': async ({ side, bucket, base, ...chosen }) => {
      if (chooseFolder === undefined) {
        throw new AppError('INVALID_INPUT', 'This host saves no files in folders.', {
          hint: 'Download the objects as an archive.',
        });
      }
      const folder = await chooseFolder();
      if (folder === undefined) return {};
      const reader = (await stores()).reader(side);
      const jobId = jobs.start(
        { kind: 'save', title: titleOf(chosen), bucket },
        (report) =>
          saveObjects(
            reader,
            { bucket, base, ...chosen, folder, ifExists: 'refuse' },
            {
              saved: (_key, _file, bytes) => report.done(1, bytes),
              failed: (key, message) => report.failed(key, message),
            },
            report.signal,
          ),
        // Nothing was changed on either side.
        () => Promise.resolve(),
      );
      return { jobId };
    },
    'buckets.jobs': () => Promise.resolve(jobs.list()),
    'buckets.watchJob': ({ jobId }, { after, signal }) => jobs.watch(jobId, after, signal),
    'buckets.stopJob': ({ jobId }) => {
      jobs.stop(jobId);
      return Promise.resolve({});
    },
  };

  return {
    handlers,
    download: (id, signal, range) => downloads.open(id, signal, range),
    save: async (side, order, report, signal) =>
      saveObjects((await stores()).reader(side), order, report, signal),
    saveAs: async (side, place, file, ifExists, signal) => {
      await saveObject((await stores()).reader(side), place, file, ifExists, signal);
    },
    uploadPart: (uploadId, part, body, size, signal) => uploads.part(uploadId, part, body, size, signal),
    close: async () => {
      await jobs.close();
      await uploads.close();
      await holder.close();
    },
  };
}

type Facts = Record<string, string | number | Record<string, string>>;

function plainFacts({ headers, metadata }: ReturnType<typeof attributesToText>): Facts {
  return { headers: Object.fromEntries(Object.entries(headers)), metadata };
}

function changedMeanwhile(bucket: string, key: string): AppError {
  return new AppError(
    'OBJECTS_CHANGED_DURING_COPY',
    `The object ${key} in bucket ${bucket} is not what it was a moment ago.`,
    { hint: 'Someone else has changed it. Reload, look at it, and try again.' },
  );
}
