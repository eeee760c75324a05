import type { bucketsContract } from '#shared/contract/buckets';
import type { ListedObject, ObjectPreview, Side } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import type { Handlers } from '#shared/rpc/define';

/** Objects by bucket. */
export type FixtureBuckets = Record<Side, Record<string, ListedObject[]>>;

/** An object for fixtures. */
export function object(key: string, size: number, etag = 'd41d8cd98f00b204e9800998ecf8427e'): ListedObject {
  return { key, size, etag, modifiedAt: '2026-11-22T14:19:00.000Z' };
}

/** The bucket browser over canned objects; acts are noted and change nothing. */
export function bucketsFixture(
  buckets: () => FixtureBuckets | AppError,
  note: (name: string, input: unknown) => void,
): Handlers<typeof bucketsContract> {
  const objectsOf = (side: Side, bucket: string): ListedObject[] | undefined => {
    const now = buckets();
    if (now instanceof AppError) throw now;
    return now[side][bucket];
  };
  const find = (side: Side, bucket: string, key: string): ListedObject => {
    const found = objectsOf(side, bucket)?.find((item) => item.key === key);
    if (found === undefined) throw new AppError('NOT_FOUND', `There is no object ${key}.`);
    return found;
  };
  const act = (name: string, input: unknown) => {
    note(name, input);
    return Promise.resolve({});
  };
  const start = (name: string, input: unknown) => {
    note(name, input);
    return Promise.resolve({ jobId: 'job' });
  };
  return {
    'buckets.list': async ({ side }) => {
      const now = buckets();
      if (now instanceof AppError) throw now;
      return Promise.resolve({
        buckets: Object.keys(now[side]).map((name) => ({ name, createdAt: '2026-11-01T00:00:00.000Z' })),
        endpoint: side === 'source' ? 'http://minio:9000' : 'https://account.r2.cloudflarestorage.com',
        naming: { prefix: '', names: {} },
      });
    },
    'buckets.objects': async ({ side, bucket, prefix, delimiter }) => {
      const below = (objectsOf(side, bucket) ?? []).filter(({ key }) => key.startsWith(prefix));
      const folderOf = (key: string): string | undefined => {
        const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
        return cut === -1 ? undefined : key.slice(0, cut + 1);
      };
      return Promise.resolve({
        prefixes: [...new Set(below.flatMap(({ key }) => folderOf(key) ?? []))],
        objects: below.filter(({ key }) => folderOf(key) === undefined),
      });
    },
    'buckets.counterparts': async ({ side, bucket }) => {
      const objects = objectsOf(side === 'source' ? 'target' : 'source', bucket);
      return Promise.resolve({ bucket, ...(objects === undefined ? {} : { objects }) });
    },
    'buckets.compare': async ({ bucket, prefix, show }) => {
      const keys = new Map<string, { source?: ListedObject; target?: ListedObject }>();
      for (const side of ['source', 'target'] as const) {
        for (const item of objectsOf(side, bucket) ?? []) {
          if (item.key.startsWith(prefix)) keys.set(item.key, { ...keys.get(item.key), [side]: item });
        }
      }
      const rows = [...keys].map(([key, sides]) => ({ kind: 'object' as const, key, sides }));
      const shown = rows.filter(({ sides }) => show === 'all' || sides.target === undefined);
      return Promise.resolve({ rows: shown, looked: rows.length });
    },
    'buckets.stat': async ({ side, bucket, key }) =>
      Promise.resolve({
        ...find(side, bucket, key),
        attributes: { headers: { 'content-type': 'text/plain' }, metadata: { by: 'ada' } },
        publicUrl: `https://cdn.example.com/${key}`,
      }),
    'buckets.preview': async ({ key }) => Promise.resolve(previewOf(key)),
    'buckets.versions': async () => Promise.resolve({}),
    'buckets.find': async function* ({ side, bucket, text }) {
      const all = objectsOf(side, bucket) ?? [];
      const found = await Promise.resolve(all.filter(({ key }) => key.includes(text)));
      yield { seq: 0, event: { scanned: all.length, found, done: true } };
    },
    'buckets.usage': async function* ({ side, bucket, prefix }) {
      const all = await Promise.resolve(
        (objectsOf(side, bucket) ?? []).filter(({ key }) => key.startsWith(prefix)),
      );
      const sum = { objects: all.length, bytes: all.reduce((bytes, { size }) => bytes + size, 0) };
      yield { seq: 0, event: { ...sum, done: true, complete: true, tree: { prefix, ...sum, children: [] } } };
    },
    'buckets.presign': async () =>
      Promise.resolve({
        url: 'https://example.com/?X-Amz-Signature=1',
        expiresAt: '2026-11-23T00:00:00.000Z',
      }),
    'buckets.download': async ({ keys }) =>
      Promise.resolve({ transferId: 'none', fileName: keys[0] ?? 'all.zip' }),
    'buckets.createBucket': (input) => act('buckets.createBucket', input),
    'buckets.createFolder': (input) => act('buckets.createFolder', input),
    'buckets.editAttributes': (input) => act('buckets.editAttributes', input),
    'buckets.deleteVersion': (input) => act('buckets.deleteVersion', input),
    'buckets.delete': (input) => start('buckets.delete', input),
    'buckets.save': (input) => start('buckets.save', input),
    'buckets.copy': (input) => start('buckets.copy', input),
    'buckets.uploadBegin': async () =>
      Promise.resolve({ state: 'exists' as const, size: 1, modifiedAt: '2026-11-22T14:19:00.000Z' }),
    'buckets.uploadFinish': (input) => act('buckets.uploadFinish', input),
    'buckets.uploadAbort': (input) => act('buckets.uploadAbort', input),
    'buckets.jobs': async () => Promise.resolve([]),
    'buckets.watchJob': async function* ({ jobId }) {
      yield await Promise.resolve({
        seq: 0,
        event: {
          id: jobId,
          kind: 'delete' as const,
          title: '2 objects',
          bucket: 'media',
          state: 'done' as const,
          startedAt: '2026-11-22T14:19:00.000Z',
          done: 2,
          skipped: 0,
          bytes: 0,
          failed: 0,
          failures: [],
        },
      });
    },
    'buckets.stopJob': (input) => act('buckets.stopJob', input),
  };
}

function previewOf(key: string): ObjectPreview {
  if (key.endsWith('.json')) {
    return { kind: 'text', form: 'json', text: '{"greeting":"hello"}', truncated: false };
  }
  if (key.endsWith('.csv')) return { kind: 'text', form: 'csv', text: 'a,b\n1,2\n', truncated: false };
  return { kind: 'none', reason: 'It is neither text nor a medium that can be shown.' };
}
