import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { create } from 'zustand';
import type {
  ComparisonFilter,
  ListedObject,
  ObjectAttributesText,
  Side,
  UsageNode,
} from '#shared/model/buckets';
import { client } from '../../api/client';
import { infoQuery, keys } from '../../api/queries';
import { acknowledge } from '../../ui/toast';
import { createListing, type ListingState, type RowList } from './listing';
import { comparedRow, mergeRows } from './rows.logic';
import { saveTransfer } from './transfer';
import { useUploads } from './uploads';

/** A folder of a bucket of one side. */
export interface Place {
  side: Side;
  bucket: string;
  /** Empty, or with a slash at its end. */
  prefix: string;
}

/** The first page is short, so that rows are there at once; the next one is asked for right after it. */
const firstPageKeys = 200;
const pageKeys = 1000;
/** Objects of one bucket that are counted without being asked to. */
const countedUnasked = 50_000;

export function useBuckets(side: Side) {
  return useQuery({
    queryKey: [...keys.buckets, 'list', side],
    queryFn: ({ signal }) => client.call('buckets.list', { side }, { signal }),
  });
}

/** What a bucket holds; `complete` is false for one of which only the beginning was counted. */
export interface BucketSize {
  objects: number;
  bytes: number;
  complete: boolean;
}

const sizesKey = (side: Side) => [...keys.buckets, 'sizes', side];

/** Sizes of buckets, counted one after the other; stands still when stopped. */
export function useBucketSizes(side: Side, buckets: readonly string[]) {
  const cache = useQueryClient();
  const queryKey = [...sizesKey(side), buckets];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const sizes: Record<string, BucketSize> = {};
      for (const bucket of buckets) {
        const events = client.stream(
          'buckets.usage',
          { side, bucket, prefix: '', depth: 0, limit: countedUnasked },
          { signal },
        );
        for await (const { event } of events) {
          const { objects, bytes, complete } = event;
          sizes[bucket] = { objects, bytes, complete };
          cache.setQueryData(queryKey, { ...sizes });
        }
      }
      return sizes;
    },
    enabled: buckets.length > 0,
    staleTime: 60_000,
  });
  return {
    sizes: query.data ?? {},
    counting: query.isFetching,
    stop: () => void cache.cancelQueries({ queryKey }, { revert: false }),
    count: () => void query.refetch(),
  };
}

/** The rows of a folder. `version` changes when it has to be listed anew. */
export function useListing({ side, bucket, prefix }: Place, version: string): RowList {
  return useMemo(
    () =>
      createListing({
        page: async (token, signal) => {
          const limit = token === undefined ? firstPageKeys : pageKeys;
          const place = { side, bucket, prefix, delimiter: '/', limit } as const;
          const page = await client.call(
            'buckets.objects',
            token === undefined ? place : { ...place, token },
            { signal },
          );
          return { rows: mergeRows(page.prefixes, page.objects), next: page.next };
        },
        others: (after, through, signal) =>
          client.call(
            'buckets.counterparts',
            {
              side,
              bucket,
              prefix,
              delimiter: '/',
              ...(after === undefined ? {} : { after }),
              ...(through === undefined ? {} : { through }),
            },
            { signal },
          ),
      }),
    // A new version is a new listing of the same place.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [side, bucket, prefix, version],
  );
}

function listComparison(
  { bucket, prefix }: Pick<Place, 'bucket' | 'prefix'>,
  show: ComparisonFilter,
  onLooked: (looked: number) => void,
): RowList {
  let looked = 0;
  return createListing({
    page: async (after, signal) => {
      const limit = after === undefined ? firstPageKeys : pageKeys;
      const place = { bucket, prefix, show, limit };
      const asked = after === undefined ? place : { ...place, after };
      const page = await client.call('buckets.compare', asked, { signal });
      looked += page.looked;
      onLooked(looked);
      return { rows: page.rows.flatMap(comparedRow), next: page.next };
    },
  });
}

/** The rows of both sides of a folder; with a filter, of all that lies below it. `onLooked` is told how many keys were looked at. */
export function useComparison(
  { bucket, prefix }: Pick<Place, 'bucket' | 'prefix'>,
  show: ComparisonFilter,
  version: string,
  onLooked: (looked: number) => void,
): RowList {
  return useMemo(
    () => listComparison({ bucket, prefix }, show, onLooked),
    // A new version is a new listing of the same place.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [bucket, prefix, show, version, onLooked],
  );
}

export function useRowListState(list: RowList): ListingState {
  return useSyncExternalStore(list.subscribe, list.state);
}

/** One object. */
export interface ObjectPlace {
  side: Side;
  bucket: string;
  key: string;
}

export function useObject(place: ObjectPlace) {
  return useQuery({
    queryKey: [...keys.buckets, 'object', place],
    queryFn: ({ signal }) => client.call('buckets.stat', place, { signal }),
  });
}

/** An address of a preview is good for as long as the host remembers it, so it is asked for anew each time. */
export function usePreview(place: ObjectPlace & { versionId?: string }, etag: string) {
  return useQuery({
    queryKey: [...keys.buckets, 'preview', place, etag],
    queryFn: ({ signal }) => client.call('buckets.preview', place, { signal }),
    staleTime: Infinity,
    gcTime: 30_000,
  });
}

export function usePresign() {
  return useMutation({
    mutationFn: (input: ObjectPlace & { expiresIn: number }) => client.call('buckets.presign', input),
  });
}

interface DownloadOrder {
  side: Side;
  bucket: string;
  keys: string[];
  prefixes: string[];
  base: string;
  versionId?: string;
}

/**
 * Saves one object as it is. Several become files in a folder that the operator chooses where the host can do that, elsewhere a ZIP
 * archive; their paths begin after `base`.
 */
export function useDownload() {
  const cache = useQueryClient();
  const host = useQuery(infoQuery).data?.host;
  return useMutation({
    mutationFn: async (order: DownloadOrder) => {
      const several = order.keys.length !== 1 || order.prefixes.length > 0;
      if (host === 'desktop' && several) {
        const { versionId: _one, ...chosen } = order;
        await client.call('buckets.save', chosen);
        await jobStarted(cache);
        return;
      }
      const { transferId, fileName } = await client.call('buckets.download', order);
      saveTransfer(transferId, fileName);
      acknowledge(`${fileName} is being downloaded.`);
    },
  });
}

const jobsKey = [...keys.buckets, 'jobs'];

/** Long acts of this host, the newest first; asked for often only while one is under way. */
export function useJobs() {
  return useQuery({
    queryKey: jobsKey,
    queryFn: ({ signal }) => client.call('buckets.jobs', {}, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.some((job) => job.state === 'running') === true ? 400 : false,
  });
}

/** Counts the short acts of this page that changed something. */
const useActs = create<{ count: number }>(() => ({ count: 0 }));

/** What short acts do when they have changed something: lists and objects are read anew. */
function changed(cache: QueryClient): Promise<void> {
  useActs.setState(({ count }) => ({ count: count + 1 }));
  return cache.invalidateQueries({ queryKey: keys.buckets });
}

/** Changes whenever something that the page knows of has changed a bucket. */
export function useListVersion(): string {
  const jobs = useJobs();
  const ended = (jobs.data ?? []).reduce((last, { endedAt = '' }) => (endedAt > last ? endedAt : last), '');
  const acts = useActs(({ count }) => count);
  return `${ended} ${acts} ${useUploads().rounds}`;
}

const jobStarted = (cache: QueryClient) => cache.invalidateQueries({ queryKey: jobsKey });

export function useDeleteObjects() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (input: { bucket: string; keys: string[]; prefixes: string[] }) =>
      client.call('buckets.delete', input),
    onSuccess: () => jobStarted(cache),
  });
}

export function useCopyObjects() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (order: {
      from: { side: Side; bucket: string };
      keys: string[];
      prefixes: string[];
      base: string;
      to: { bucket: string; prefix: string };
      rename?: string;
      move: boolean;
      ifExists: 'skip' | 'replace';
    }) => client.call('buckets.copy', order),
    onSuccess: () => jobStarted(cache),
  });
}

export function useCreateBucket() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (bucket: string) => client.call('buckets.createBucket', { bucket }),
    onSuccess: () => changed(cache),
  });
}

export function useCreateFolder() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (input: { bucket: string; prefix: string }) => client.call('buckets.createFolder', input),
    onSuccess: () => changed(cache),
  });
}

export function useEditAttributes() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (input: { bucket: string; key: string; etag: string; attributes: ObjectAttributesText }) =>
      client.call('buckets.editAttributes', input),
    onSuccess: () => changed(cache),
  });
}

export function useVersions(place: ObjectPlace) {
  return useQuery({
    queryKey: [...keys.buckets, 'versions', place],
    queryFn: ({ signal }) => client.call('buckets.versions', place, { signal }),
  });
}

export function useDeleteVersion() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (input: { bucket: string; key: string; versionId: string }) =>
      client.call('buckets.deleteVersion', input),
    onSuccess: () => changed(cache),
  });
}

export function useStopJob() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (jobId: string) => client.call('buckets.stopJob', { jobId }),
    onSuccess: () => jobStarted(cache),
  });
}

/** What an act on folders will reach: the sum of everything below the prefixes. */
export function useUsageSum(side: Side, bucket: string, prefixes: readonly string[], enabled: boolean) {
  const cache = useQueryClient();
  const queryKey = [...keys.buckets, 'sum', side, bucket, prefixes];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<BucketSize> => {
      let objects = 0;
      let bytes = 0;
      for (const prefix of prefixes) {
        const before = { objects, bytes };
        const events = client.stream('buckets.usage', { side, bucket, prefix, depth: 0 }, { signal });
        for await (const { event } of events) {
          objects = before.objects + event.objects;
          bytes = before.bytes + event.bytes;
          cache.setQueryData<BucketSize>(queryKey, { objects, bytes, complete: false });
        }
      }
      return { objects, bytes, complete: true };
    },
    enabled: enabled && prefixes.length > 0,
    staleTime: 0,
    gcTime: 0,
  });
}

/** Levels of folders that the tree of usage tells apart. */
const treeDepth = 3;

/** What lies below a folder, as a tree once all is counted. */
export function useUsageTree({ side, bucket, prefix }: Place) {
  const cache = useQueryClient();
  const queryKey = [...keys.buckets, 'usage', side, bucket, prefix];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      let last: { objects: number; bytes: number; tree?: UsageNode | undefined } = { objects: 0, bytes: 0 };
      const input = { side, bucket, prefix, depth: treeDepth };
      for await (const { event } of client.stream('buckets.usage', input, { signal })) {
        last = event;
        cache.setQueryData(queryKey, last);
      }
      return last;
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  return { ...query, stop: () => void cache.cancelQueries({ queryKey }, { revert: false }) };
}

/** Keys that a search keeps. */
const mostFound = 10_000;

export interface Found {
  scanned: number;
  objects: ListedObject[];
  /** False for a search that was stopped, or is under way. */
  done: boolean;
}

/** Looks through a folder for keys that hold a text. `text` is undefined while nothing is sought. */
export function useFind(place: Place, text: string | undefined) {
  const cache = useQueryClient();
  const queryKey = [...keys.buckets, 'find', place, text];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const found: Found = { scanned: 0, objects: [], done: false };
      const events = client.stream('buckets.find', { ...place, text: text ?? '' }, { signal });
      for await (const { event } of events) {
        const room = mostFound - found.objects.length;
        found.objects = [...found.objects, ...event.found.slice(0, room)];
        found.scanned = event.scanned;
        found.done = event.done;
        cache.setQueryData<Found>(queryKey, { ...found });
        if (found.objects.length >= mostFound) break;
      }
      return found;
    },
    enabled: text !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    structuralSharing: false,
  });
  return { ...query, stop: () => void cache.cancelQueries({ queryKey }, { revert: false }) };
}
