import { AppError } from '#shared/model/errors';
import { compareKeys } from '#shared/model/key-order';
import type { ObjectEntry, ObjectHead } from '../../ports/objects';
import { plainEtag, readHead } from './attributes';
import { S3ResponseError } from './failure';
import { guardBody } from './http/guard-body';
import { forOperator } from './operator-errors';
import { longestPresignSeconds, presignGet } from './presign';
import { withRetries } from './retry';
import type { StoreClient } from './store-client';
import { listedKey, xmlBlocks, xmlText } from './xml-read';

export interface PageRequest {
  prefix: string;
  /** Keys are rolled up to it; empty for none. */
  delimiter: string;
  /** Where the page before ended, as the store said. */
  token?: string | undefined;
  /** Only keys after this one. */
  startAfter?: string | undefined;
  /** Keys and prefixes together, 1 to 1,000. */
  limit: number;
}

export interface ListedPage {
  /** Common prefixes, in the store's order. */
  prefixes: string[];
  objects: ObjectEntry[];
  /** Token of the next page; absent at the end. */
  next?: string;
}

/** A version of an object, or the mark of its deletion. */
export interface ObjectVersion {
  versionId: string;
  latest: boolean;
  deleted: boolean;
  /** Bytes. */
  size: number;
  etag: string;
  modifiedAt: string;
}

export interface ReadOptions {
  /** Bytes from `start` up to, not including, `end`. */
  range?: { start: number; end: number } | undefined;
  ifMatch?: string | undefined;
  versionId?: string | undefined;
}

/**
 * What an operator may look at in one store, page by page. It has no way to write. Every failure is an AppError, and
 * every call ends with `CANCELLED` soon after its signal aborts.
 */
export interface BucketReader {
  readonly side: 'source' | 'target';
  /** Scheme, host and port. */
  readonly endpoint: string;
  /** In order of their names; `createdAt` is ISO 8601. */
  buckets(signal: AbortSignal): Promise<{ name: string; createdAt?: string }[]>;
  page(bucket: string, request: PageRequest, signal: AbortSignal): Promise<ListedPage>;
  /** Undefined when there is no such object. */
  head(
    bucket: string,
    key: string,
    versionId: string | undefined,
    signal: AbortSignal,
  ): Promise<ObjectHead | undefined>;
  /** The bytes as stored, no content encoding undone. Throws `NOT_FOUND`, and `OBJECTS_CHANGED_DURING_COPY` for another ETag than `ifMatch`. */
  read(
    bucket: string,
    key: string,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<{ head: ObjectHead; body: AsyncIterable<Uint8Array> }>;
  /** Undefined when the store keeps no versions. The newest first. */
  versions(bucket: string, key: string, signal: AbortSignal): Promise<ObjectVersion[] | undefined>;
  /** An address that reads the object for `seconds`, at most seven days. */
  presign(bucket: string, key: string, seconds: number): string;
}

/** Opens the reading half of a store. `chosen` limits the buckets that are listed. */
export function createBucketReader(client: StoreClient, chosen: readonly string[] = []): BucketReader {
  const { side, endpoint } = client.config;
  const guard = <T>(place: { bucket?: string; key?: string }, signal: AbortSignal, work: () => Promise<T>) =>
    guarded(client, place, signal, work);
  return {
    side,
    endpoint,
    buckets: (signal) => guard({}, signal, () => listBuckets(client, chosen, signal)),
    page: (bucket, request, signal) =>
      guard({ bucket }, signal, () => listPage(client, bucket, request, signal)),
    head: (bucket, key, versionId, signal) =>
      guard({ bucket, key }, signal, async () => {
        try {
          const query = versionId === undefined ? {} : { versionId };
          const response = await client.send({ method: 'HEAD', bucket, key, query }, signal);
          return readHead(key, response);
        } catch (error) {
          if (error instanceof S3ResponseError && error.status === 404) return undefined;
          throw error;
        }
      }),
    read: (bucket, key, { range, ifMatch, versionId }, signal) =>
      guard({ bucket, key }, signal, async () => {
        const headers = {
          ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
          ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` }),
        };
        const query = versionId === undefined ? {} : { versionId };
        const request = { method: 'GET', bucket, key, headers, query } as const;
        const response = await withRetries(client.retries, signal, () => client.stream(request, signal));
        const body = guardBody(response.body, (error) => forOperator(error, client, { bucket, key }, signal));
        return { head: readHead(key, response), body };
      }),
    versions: (bucket, key, signal) =>
      guard({ bucket, key }, signal, () => listVersions(client, bucket, key, signal)),
    presign: (bucket, key, seconds) => {
      if (seconds < 1 || seconds > longestPresignSeconds) {
        throw new AppError('INVALID_INPUT', 'A signed link lives between one second and seven days.', {
          hint: 'Choose a shorter time.',
        });
      }
      return presignGet(client.config, { bucket, key }, Math.floor(seconds), new Date());
    },
  };
}

/** Runs one call to a store and turns what it throws into an AppError for an operator who browses. */
export async function guarded<T>(
  client: StoreClient,
  place: { bucket?: string; key?: string },
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw forOperator(error, client, place, signal);
  }
}

async function listBuckets(
  client: StoreClient,
  chosen: readonly string[],
  signal: AbortSignal,
): Promise<{ name: string; createdAt?: string }[]> {
  // A key that is limited to some buckets may not list them all: the settings name those that it may read.
  if (chosen.length > 0) return [...new Set(chosen)].sort(compareKeys).map((name) => ({ name }));
  const text = await client.sendText({ method: 'GET' }, signal);
  if (!text.includes('<ListAllMyBucketsResult')) throw notS3(client);
  return [...xmlBlocks(text, 'Bucket')]
    .map((block) => {
      const createdAt = xmlText(block, 'CreationDate');
      return { name: xmlText(block, 'Name') ?? '', ...(createdAt === undefined ? {} : { createdAt }) };
    })
    .sort((a, b) => compareKeys(a.name, b.name));
}

function notS3(client: StoreClient): AppError {
  const { endpoint } = client.config;
  return new AppError('OBJECTS_FAILED', `${endpoint} answers, but not as an S3 service.`, {
    hint: 'Use the port of the S3 API; for MinIO that is 9000, not the console.',
    details: { endpoint },
  });
}

async function listPage(
  client: StoreClient,
  bucket: string,
  request: PageRequest,
  signal: AbortSignal,
): Promise<ListedPage> {
  const { prefix, delimiter, token, startAfter, limit } = request;
  const query = {
    'list-type': '2',
    'encoding-type': 'url',
    'max-keys': String(limit),
    ...(prefix === '' ? {} : { prefix }),
    ...(delimiter === '' ? {} : { delimiter }),
    ...(token === undefined ? {} : { 'continuation-token': token }),
    ...(startAfter === undefined || token !== undefined ? {} : { 'start-after': startAfter }),
  };
  const text = await client.sendText({ method: 'GET', bucket, query }, signal);
  // Anything else would read as an empty folder.
  if (!/<ListBucketResult[\s>][^]*<\/ListBucketResult>/.test(text)) throw notS3(client);
  const next = xmlText(text, 'NextContinuationToken');
  return {
    prefixes: [...xmlBlocks(text, 'CommonPrefixes')].map((block) =>
      listedKey(text, xmlText(block, 'Prefix') ?? ''),
    ),
    objects: [...xmlBlocks(text, 'Contents')].map((block) => ({
      key: listedKey(text, xmlText(block, 'Key') ?? ''),
      size: Number(xmlText(block, 'Size') ?? 0),
      etag: plainEtag(xmlText(block, 'ETag')),
      modifiedAt: xmlText(block, 'LastModified') ?? '',
    })),
    ...(next === undefined ? {} : { next }),
  };
}

/** More versions of one key are not shown. */
const versionsShown = 1000;

async function listVersions(
  client: StoreClient,
  bucket: string,
  key: string,
  signal: AbortSignal,
): Promise<ObjectVersion[] | undefined> {
  const query = { versions: '', 'encoding-type': 'url', prefix: key, 'max-keys': String(versionsShown) };
  let text: string;
  try {
    text = await client.sendText({ method: 'GET', bucket, query }, signal);
  } catch (error) {
    const lacking =
      error instanceof S3ResponseError && (error.status === 501 || error.code === 'NotImplemented');
    if (lacking) return undefined;
    throw error;
  }
  const read = (name: 'Version' | 'DeleteMarker') =>
    [...xmlBlocks(text, name)]
      .filter((block) => listedKey(text, xmlText(block, 'Key') ?? '') === key)
      .map((block) => ({
        versionId: xmlText(block, 'VersionId') ?? 'null',
        latest: xmlText(block, 'IsLatest') === 'true',
        deleted: name === 'DeleteMarker',
        size: Number(xmlText(block, 'Size') ?? 0),
        etag: plainEtag(xmlText(block, 'ETag')),
        modifiedAt: xmlText(block, 'LastModified') ?? '',
      }));
  return [...read('Version'), ...read('DeleteMarker')].sort((a, b) => {
    if (a.latest !== b.latest) return a.latest ? -1 : 1;
    return a.modifiedAt < b.modifiedAt ? 1 : -1;
  });
}
