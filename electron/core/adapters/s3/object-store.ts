import { AppError } from '#shared/model/errors';
import { compareKeys } from '#shared/model/key-order';
import type { KeyRange, ObjectEntry, ObjectStore } from '../../ports/objects';
import { plainEtag, readHead } from './attributes';
import { classifyS3Error, type FailurePlace } from './classify';
import { S3ResponseError } from './failure';
import { abortUploads } from './open-uploads';
import { guardBody } from './http/guard-body';
import { withRetries } from './retry';
import type { StoreClient } from './store-client';
import { decodeListedKey, isUrlEncoded, unescapeXml, xmlBlocks, xmlContent, xmlText } from './xml-read';

/** One store's port over its client. `chosen` limits the buckets that it lists. */
export function createObjectStore(client: StoreClient, chosen?: readonly string[]): ObjectStore {
  const { side, endpoint } = client.config;
  const run = async <T>(place: FailurePlace, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw classifyS3Error(error, { source: { endpoint }, target: { endpoint } }, place, signal);
    }
  };

  const pages: ObjectStore['pages'] = (bucket, range, signal) =>
    listPages(client, bucket, range, signal, (work) => run({ bucket }, signal, work));

  return {
    side,
    endpoint,
    buckets: (signal) =>
      run({}, signal, async () => {
        if (chosen !== undefined && chosen.length > 0) return chooseBuckets(client, chosen, signal);
        const text = await client.sendText({ method: 'GET' }, signal);
        if (!text.includes('<ListAllMyBucketsResult')) throw notS3(endpoint);
        return [...xmlBlocks(text, 'Bucket')].map((block) => xmlText(block, 'Name') ?? '').sort(compareKeys);
      }),
    bucketExists: (bucket, signal) => run({ bucket }, signal, () => bucketExists(client, bucket, signal)),
    createBucket: (bucket, signal) =>
      run({ bucket }, signal, async () => {
        try {
          await client.send({ method: 'PUT', bucket }, signal);
        } catch (error) {
          if (error instanceof S3ResponseError && error.code === 'BucketAlreadyOwnedByYou') return;
          throw error;
        }
      }),
    list: (bucket, range, signal) => entriesOf(pages(bucket, range, signal)),
    pages,
    head: (bucket, key, signal) =>
      run({ bucket, key }, signal, async () => {
        try {
          const response = await client.send({ method: 'HEAD', bucket, key }, signal);
          return readHead(key, response);
        } catch (error) {
          if (error instanceof S3ResponseError && error.status === 404) return undefined;
          throw error;
        }
      }),
    read: (bucket, key, { ifMatch }, signal) =>
      run({ bucket, key }, signal, async () => {
        const headers = ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` };
        const request = { method: 'GET', bucket, key, headers } as const;
        const response = await withRetries(client.retries, signal, () => client.stream(request, signal));
        const stores = { source: { endpoint }, target: { endpoint } };
        const body = guardBody(response.body, (error) =>
          classifyS3Error(error, stores, { bucket, key }, signal),
        );
        return { head: readHead(key, response), body };
      }),
    deleteObject: (bucket, key, signal) =>
      run({ bucket, key }, signal, async () => {
        if (side === 'source') throw new AppError('INTERNAL', 'Nothing is deleted on the source.');
        await client.send({ method: 'DELETE', bucket, key }, signal);
      }),
    abortUploads: (bucket, range, signal) =>
      run({ bucket }, signal, () => abortUploads(client, bucket, range, signal)),
  };
}

function notS3(endpoint: string): AppError {
  return new AppError('OBJECTS_FAILED', `${endpoint} answers, but not as an S3 service.`, {
    hint: 'Use the port of the S3 API; for MinIO that is 9000, not the console.',
    details: { endpoint },
  });
}

function endless(bucket: string, client: StoreClient): AppError {
  const { endpoint } = client.config;
  return new AppError(
    'OBJECTS_FAILED',
    `${endpoint} lists a part of ${bucket} and does not say how to go on.`,
    {
      hint: 'The store’s listing can not be trusted to be whole. Update the store, or copy from another endpoint of it.',
      details: { endpoint, bucket },
    },
  );
}

async function bucketExists(client: StoreClient, bucket: string, signal: AbortSignal): Promise<boolean> {
  try {
    // A list and not a HEAD: a refused HEAD has no body, so it can't say whether the key is wrong or only not allowed here.
    const query = { 'list-type': '2', 'max-keys': '1' };
    await client.send({ method: 'GET', bucket, query }, signal);
    return true;
  } catch (error) {
    if (error instanceof S3ResponseError && error.status === 404) return false;
    throw error;
  }
}

async function chooseBuckets(
  client: StoreClient,
  chosen: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  for (const bucket of chosen) {
    if (await bucketExists(client, bucket, signal)) continue;
    throw new AppError(
      'OBJECTS_BUCKET_NOT_FOUND',
      `There is no bucket ${bucket} on the source object store.`,
      {
        hint: 'Check the names in SOURCE_S3_BUCKETS.',
        details: { setting: 'SOURCE_S3_BUCKETS', bucket },
      },
    );
  }
  return [...new Set(chosen)].sort(compareKeys);
}

async function* entriesOf(pages: AsyncIterable<readonly ObjectEntry[]>): AsyncGenerator<ObjectEntry> {
  for await (const page of pages) yield* page;
}

type Guard = <T>(work: () => Promise<T>) => Promise<T>;

async function* listPages(
  client: StoreClient,
  bucket: string,
  { after, through, prefix }: KeyRange,
  signal: AbortSignal,
  guard: Guard,
): AsyncGenerator<readonly ObjectEntry[]> {
  const fixed: Record<string, string> = {
    'list-type': '2',
    'encoding-type': 'url',
    ...(prefix === undefined ? {} : { prefix }),
  };
  const first: Record<string, string> = after === undefined ? {} : { 'start-after': after };
  const fetchPage = (token: string | undefined): Promise<string> =>
    guard(async () => {
      const query = { ...fixed, ...(token === undefined ? first : { 'continuation-token': token }) };
      const page = await client.sendText({ method: 'GET', bucket, query }, signal);
      // Anything else would read as a bucket without objects.
      if (!/^[^]{0,1024}<ListBucketResult[\s>]/.test(page) || !page.includes('</ListBucketResult>'))
        throw notS3(client.config.endpoint);
      return page;
    });
  let coming: Promise<string> | undefined = fetchPage(undefined);
  try {
    while (coming !== undefined) {
      const page: string = await coming;
      const entries = readEntries(page);
      const last = entries.at(-1);
      const ends = through !== undefined && last !== undefined && compareKeys(last.key, through) >= 0;
      const token = ends ? undefined : xmlText(page, 'NextContinuationToken');
      if (!ends && token === undefined && xmlText(page, 'IsTruncated') === 'true')
        throw endless(bucket, client);
      // The next page is asked for while this one is worked on.
      coming = token === undefined ? undefined : fetchPage(token);
      coming?.catch(() => undefined);
      yield ends ? entries.filter(({ key }) => compareKeys(key, through) <= 0) : entries;
    }
  } finally {
    coming?.catch(() => undefined);
  }
}

function readEntries(page: string): ObjectEntry[] {
  const encoded = isUrlEncoded(page);
  const entries: ObjectEntry[] = [];
  for (const block of xmlBlocks(page, 'Contents')) {
    entries.push({
      key: encoded ? decodeListedKey(xmlText(block, 'Key') ?? '') : (xmlText(block, 'Key') ?? ''),
      size: Number(xmlContent(block, 'Size') ?? 0),
      etag: listedEtag(xmlContent(block, 'ETag') ?? ''),
      modifiedAt: xmlContent(block, 'LastModified') ?? '',
    });
  }
  return entries;
}

const usualEtag = /^(?:"|&quot;|&#34;)([0-9a-f-]+)(?:"|&quot;|&#34;)$/;

/** Without quotes, in whichever way the store writes them: a listing has thousands. */
function listedEtag(text: string): string {
  return usualEtag.exec(text)?.[1] ?? plainEtag(unescapeXml(text));
}
