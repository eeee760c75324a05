import type { ListedObject, Side } from '#shared/model/buckets';
import { AppError, isCancelled, toAppError } from '#shared/model/errors';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import type { BucketWriter, KeyPlace } from '../../adapters/s3/bucket-writes';
import type { ObjectPorts } from '../../ports/objects';
import type { JobReport } from './jobs';
import { listAll } from './scan';
import { throwFirst } from './throw-first';

const objectsAtOnce = 8;
/** What one CopyObject takes; a larger object is copied in parts. */
const singleCopyBytes = 5 * 1024 ** 3;
const copyPartBytes = 1024 ** 3;

export interface CopyOrder {
  from: { side: Side; bucket: string };
  keys: readonly string[];
  prefixes: readonly string[];
  /** Keys keep what comes after it. */
  base: string;
  to: { bucket: string; prefix: string };
  /** Of a single object: its new key. */
  rename?: string | undefined;
  move: boolean;
  ifExists: 'skip' | 'replace';
}

export interface CopyEnds {
  /** Of the side that is copied from. */
  from: BucketReader;
  target: BucketReader;
  writer: BucketWriter;
  ports: ObjectPorts;
}

/** Refuses an order that would write over its own originals, or never end. Throws `INVALID_INPUT`. */
export function checkCopyOrder({ from, keys, prefixes, base, to, rename, move }: CopyOrder): void {
  const refuse = (message: string, hint: string): never => {
    throw new AppError('INVALID_INPUT', message, { hint });
  };
  if (move && from.side === 'source') {
    refuse('Objects of the source are not moved: nothing is deleted there.', 'Copy them instead.');
  }
  if (rename !== undefined && (keys.length !== 1 || prefixes.length > 0)) {
    refuse('Only a single object takes a new key of its own.', 'Copy several objects to a folder.');
  }
  if (![...keys, ...prefixes].every((item) => item.startsWith(base))) {
    refuse('An object is not below the folder that it is copied from.', 'Reload the page and choose again.');
  }
  if (from.side !== 'target' || from.bucket !== to.bucket) return;
  const onto = keys.find((key) => targetKey({ base, to, rename }, key) === key);
  if (onto !== undefined) refuse(`${onto} would be copied onto itself.`, 'Choose another folder or name.');
  for (const prefix of prefixes) {
    const lands = `${to.prefix}${prefix.slice(base.length)}`;
    if (lands.startsWith(prefix))
      refuse(`${prefix} would be copied into itself.`, 'Choose a folder outside of it.');
  }
}

/** Copies objects to the target, several at once. One that fails does not stop the others, unless the store itself is lost. */
export async function copyObjects(ends: CopyEnds, order: CopyOrder, report: JobReport): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([report.signal, failed.signal]);
  report.total(await countObjects(ends.from, order, signal));
  const objects = chosenObjects(ends.from, order, report, signal);
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = await objects.next();
      if (next.done === true) return;
      try {
        await copyOne(ends, order, next.value, report, signal);
      } catch (error) {
        const failure = toAppError(error);
        if (isCancelled(failure) || endsAll(failure)) throw failure;
        report.failed(next.value.key, failure.message);
      }
    }
  };
  const results = await Promise.allSettled(
    Array.from({ length: objectsAtOnce }, async () => {
      try {
        await worker();
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  report.signal.throwIfAborted();
  throwFirst(results);
}

/** Failures that every further object would meet as well. */
function endsAll({ code }: AppError): boolean {
  return [
    'SOURCE_LOST',
    'TARGET_LOST',
    'CONNECTION_REFUSED',
    'HOST_NOT_FOUND',
    'HOST_UNREACHABLE',
    'OBJECTS_AUTH_FAILED',
    'OBJECTS_BUCKET_NOT_FOUND',
    'OBJECTS_QUOTA_EXCEEDED',
  ].includes(code);
}

function targetKey({ base, to, rename }: Pick<CopyOrder, 'base' | 'to' | 'rename'>, key: string): string {
  return rename ?? `${to.prefix}${key.slice(base.length)}`;
}

async function copyOne(
  { from, target, writer, ports }: CopyEnds,
  order: CopyOrder,
  object: ListedObject,
  report: JobReport,
  signal: AbortSignal,
): Promise<void> {
  const original: KeyPlace = { bucket: order.from.bucket, key: object.key };
  const place: KeyPlace = { bucket: order.to.bucket, key: targetKey(order, object.key) };
  if (
    order.ifExists === 'skip' &&
    (await target.head(place.bucket, place.key, undefined, signal)) !== undefined
  ) {
    report.skipped(1);
    return;
  }
  if (order.from.side === 'source') {
    await ports.copy({ from: { bucket: original.bucket, entry: object }, to: place }, signal);
  } else if (object.size <= singleCopyBytes) {
    await writer.copyWithin(original, place, { ifMatch: object.etag }, signal);
  } else {
    await copyLarge(from, writer, original, place, object, signal);
  }
  if (order.move) {
    const [refused] = await writer.removeKeys(original.bucket, [original.key], signal);
    if (refused !== undefined) {
      throw new AppError(
        'OBJECTS_FAILED',
        `It was copied, but the original was not deleted: ${refused.code}.`,
      );
    }
  }
  report.done(1, object.size);
}

/** Copies on the store itself part by part. */
async function copyLarge(
  from: BucketReader,
  writer: BucketWriter,
  original: KeyPlace,
  place: KeyPlace,
  { size, etag }: ListedObject,
  signal: AbortSignal,
): Promise<void> {
  const head = await from.head(original.bucket, original.key, undefined, signal);
  if (head === undefined) throw new AppError('NOT_FOUND', `There is no ${original.key} any more.`);
  const upload = { ...place, uploadId: await writer.createUpload(place, head, signal) };
  try {
    const etags: string[] = [];
    for (let start = 0; start < size; start += copyPartBytes) {
      const end = Math.min(size, start + copyPartBytes);
      etags.push(await writer.copyPart(upload, etags.length + 1, { ...original, start, end, etag }, signal));
    }
    await writer.completeUpload(upload, etags, signal);
  } catch (error) {
    await writer.abortUpload(upload, AbortSignal.timeout(3_000)).catch(() => undefined);
    throw error;
  }
}

async function* chosenObjects(
  from: BucketReader,
  { from: { bucket }, keys, prefixes }: CopyOrder,
  report: JobReport,
  signal: AbortSignal,
): AsyncGenerator<ListedObject> {
  for (const key of keys) {
    signal.throwIfAborted();
    const head = await from.head(bucket, key, undefined, signal);
    if (head === undefined) report.failed(key, 'It is not there any more.');
    else yield head;
  }
  for (const prefix of prefixes) {
    for await (const objects of listAll(from, bucket, prefix, signal)) yield* objects;
  }
}

async function countObjects(
  from: BucketReader,
  { from: { bucket }, keys, prefixes }: CopyOrder,
  signal: AbortSignal,
): Promise<number> {
  let total = keys.length;
  for (const prefix of prefixes) {
    for await (const objects of listAll(from, bucket, prefix, signal)) total += objects.length;
  }
  return total;
}
