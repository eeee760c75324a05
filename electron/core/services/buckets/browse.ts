import {
  counterpartBucket,
  readBucketNaming,
  targetBucket,
  type BucketNaming,
} from '#shared/model/bucket-naming';
import type { bucketsContract } from '#shared/contract/buckets';
import type { ListedObject, Side } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import { compareKeys } from '#shared/model/key-order';
import type { Handlers } from '#shared/rpc/define';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import type { ObjectHead } from '../../ports/objects';
import type { Settings } from '../../ports/settings';
import { attributesToText } from './attributes-text';
import { compareFolders } from './compare-folders';
import type { createDownloads } from './downloads';
import { publicBase, publicLink } from './object-links';
import { previewObject } from './preview';
import { createSafePaths } from './safe-paths';
import { findObjects, measureUsage } from './scan';
import type { OpenStores } from './stores';

type Reading = Pick<
  Handlers<typeof bucketsContract>,
  | 'buckets.list'
  | 'buckets.objects'
  | 'buckets.counterparts'
  | 'buckets.compare'
  | 'buckets.stat'
  | 'buckets.preview'
  | 'buckets.versions'
  | 'buckets.find'
  | 'buckets.usage'
  | 'buckets.presign'
  | 'buckets.download'
>;

/** Pages of the other side that are read for the states of one page of this side. */
const counterpartPages = 5;

/** Everything that looks and does not change. */
export function browseHandlers(
  stores: () => Promise<OpenStores>,
  downloads: ReturnType<typeof createDownloads>,
): Reading {
  const readerOf = async (side: Side): Promise<BucketReader> => (await stores()).reader(side);
  return {
    'buckets.list': async ({ side }, { signal }) => {
      const open = await stores();
      const reader = open.reader(side);
      return {
        buckets: await reader.buckets(signal),
        endpoint: reader.endpoint,
        naming: namingOf(open.settings),
      };
    },
    'buckets.objects': async ({ side, bucket, prefix, delimiter, token, limit }, { signal }) =>
      (await readerOf(side)).page(bucket, { prefix, delimiter, token, limit }, signal),
    'buckets.counterparts': async ({ side, bucket, ...range }, { signal }) => {
      const open = await stores();
      const other = side === 'source' ? 'target' : 'source';
      const name = counterpartBucket(namingOf(open.settings), side, bucket);
      if (name === undefined) return { bucket: '' };
      return { bucket: name, ...(await counterparts(open.reader(other), name, range, signal)) };
    },
    'buckets.compare': async ({ bucket, ...request }, { signal }) => {
      const open = await stores();
      const target = { reader: open.reader('target'), bucket: targetBucket(namingOf(open.settings), bucket) };
      return compareFolders({ reader: open.reader('source'), bucket }, target, request, signal);
    },
    'buckets.stat': async ({ side, bucket, key, versionId }, { signal }) => {
      const open = await stores();
      const reader = open.reader(side);
      const head = await present(reader, { bucket, key, versionId }, signal);
      const { size, etag, modifiedAt } = head;
      const base = await publicBase(open.settings, reader, { side, bucket }, signal);
      return {
        key,
        size,
        etag,
        modifiedAt,
        attributes: attributesToText(head),
        ...(base === undefined ? {} : { publicUrl: publicLink(base, key) }),
      };
    },
    'buckets.preview': async ({ side, bucket, key, versionId }, { signal }) => {
      const reader = await readerOf(side);
      const head = await present(reader, { bucket, key, versionId }, signal);
      const { size, etag } = head;
      return previewObject(
        reader,
        head,
        { bucket, key, versionId },
        ({ mediaType }) =>
          downloads.issue({
            kind: 'file',
            side,
            bucket,
            key,
            versionId,
            etag,
            size,
            fileName: fileNameOf(key),
            mediaType,
            inline: true,
          }),
        signal,
      );
    },
    'buckets.versions': async ({ side, bucket, key }, { signal }) => {
      const versions = await (await readerOf(side)).versions(bucket, key, signal);
      return versions === undefined ? {} : { versions };
    },
    'buckets.find': async function* ({ side, ...place }, { after, signal }) {
      yield* findObjects(await readerOf(side), place, after, signal);
    },
    'buckets.usage': async function* ({ side, ...place }, { after, signal }) {
      yield* measureUsage(await readerOf(side), place, after, signal);
    },
    'buckets.presign': async ({ side, bucket, key, expiresIn }) => {
      const url = (await readerOf(side)).presign(bucket, key, expiresIn);
      return { url, expiresAt: new Date(Date.now() + expiresIn * 1000).toISOString() };
    },
    'buckets.download': async ({ side, bucket, keys, prefixes, base, versionId }, { signal }) => {
      const [key] = keys;
      if (key === undefined || keys.length > 1 || prefixes.length > 0) {
        const fileName = `${fileNameOf((base || bucket).replace(/\/+$/, ''))}.zip`;
        return {
          fileName,
          transferId: downloads.issue({ kind: 'zip', side, bucket, keys, prefixes, base, fileName }),
        };
      }
      const head = await present(await readerOf(side), { bucket, key, versionId }, signal);
      const { size, etag } = head;
      const fileName = fileNameOf(key);
      // What the object says that it is stays behind: a browser saves it, and opens nothing.
      const mediaType = 'application/octet-stream';
      const ticket = {
        kind: 'file',
        side,
        bucket,
        key,
        versionId,
        etag,
        size,
        fileName,
        mediaType,
        inline: false,
      } as const;
      return { fileName, transferId: downloads.issue(ticket) };
    },
  };
}

const namingOf = (settings: Settings): BucketNaming => readBucketNaming((name) => settings.get(name));

async function counterparts(
  reader: BucketReader,
  bucket: string,
  range: { prefix: string; delimiter: '/' | ''; after?: string | undefined; through?: string | undefined },
  signal: AbortSignal,
): Promise<{ objects?: ListedObject[]; knownThrough?: string }> {
  const { prefix, delimiter, after, through } = range;
  const objects: ListedObject[] = [];
  let token: string | undefined;
  try {
    for (let pages = 0; pages < counterpartPages; pages += 1) {
      const page = await reader.page(
        bucket,
        { prefix, delimiter, token, startAfter: after, limit: 1000 },
        signal,
      );
      const within = page.objects.filter(
        ({ key }) => through === undefined || compareKeys(key, through) <= 0,
      );
      objects.push(...within);
      token = page.next;
      const last = [page.objects.at(-1)?.key, page.prefixes.at(-1)]
        .flatMap((key) => key ?? [])
        .sort(compareKeys)
        .at(-1);
      const past = through !== undefined && last !== undefined && compareKeys(last, through) >= 0;
      if (token === undefined || past) return { objects };
      if (pages === counterpartPages - 1 && last !== undefined) return { objects, knownThrough: last };
    }
    return { objects };
  } catch (error) {
    if (error instanceof AppError && error.code === 'OBJECTS_BUCKET_NOT_FOUND') return {};
    throw error;
  }
}

async function present(
  reader: BucketReader,
  { bucket, key, versionId }: { bucket: string; key: string; versionId?: string | undefined },
  signal: AbortSignal,
): Promise<ObjectHead> {
  const head = await reader.head(bucket, key, versionId, signal);
  if (head !== undefined) return head;
  throw new AppError('NOT_FOUND', `There is no object ${key} in bucket ${bucket}.`, {
    hint: 'It may have been deleted a moment ago. Reload the folder.',
    details: { bucket, key },
  });
}

/** The last name of a key or folder, for a file that is saved. */
function fileNameOf(key: string): string {
  const name = key.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return createSafePaths()(name) ?? 'object';
}
