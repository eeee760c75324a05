import { createHash } from 'node:crypto';
import { toAppError } from '#shared/model/errors';
import type { Evidence } from '#shared/model/run';
import { compareKeys } from '#shared/model/key-order';
import type { ObjectEntry, ObjectHead, ObjectPorts, ObjectStore } from '../../ports/objects';
import { shown } from './key-findings';
import type { PlannedBucket } from './plan';
import { createSlots } from './slots';

const comparisonsAtOnce = 16;
const differencesShown = 5;
const proven = /^[0-9a-f]{32}(-\d+)?$/;

interface Side {
  objects: number;
  bytes: number;
}

interface Differences {
  count: number;
  examples: string[];
}

interface Comparison {
  source: Side;
  target: Side;
  /** Objects whose ETag is the same checksum on both sides. */
  byEtag: number;
  /** Objects that were read on both sides, because their ETags can't be compared. */
  byReading: number;
  content: Differences;
  attributes: Differences;
}

/** Compares a bucket with its copy by independent reads of both: keys, sizes, checksums, headers and metadata. */
export async function verifyBucket(
  ports: ObjectPorts,
  bucket: PlannedBucket,
  signal: AbortSignal,
  onProgress: (compared: number) => void,
): Promise<Evidence[]> {
  const found: Comparison = {
    source: { objects: 0, bytes: 0 },
    target: { objects: 0, bytes: 0 },
    byEtag: 0,
    byReading: 0,
    content: { count: 0, examples: [] },
    attributes: { count: 0, examples: [] },
  };
  const slots = createSlots(comparisonsAtOnce);
  const tasks = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const [source, target] of pairs(ports, bucket, signal)) {
    if (failures.length > 0) break;
    count(found.source, source);
    count(found.target, target);
    if (source === undefined || target === undefined) {
      differs(
        found.content,
        target ?? source,
        source === undefined ? 'is on the target only' : 'is missing on the target',
      );
      continue;
    }
    const giveBack = await slots.take();
    const task: Promise<void> = comparePair(ports, bucket, source, target, found, signal)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        giveBack();
        tasks.delete(task);
        onProgress(found.byEtag + found.byReading + found.content.count);
      });
    tasks.add(task);
  }
  await Promise.all(tasks);
  if (failures.length > 0) throw failures[0];
  return evidenceOf(bucket, found);
}

/** Both listings side by side, in key order: an object that one side lacks comes with undefined. */
async function* pairs(
  ports: ObjectPorts,
  bucket: PlannedBucket,
  signal: AbortSignal,
): AsyncGenerator<[ObjectEntry | undefined, ObjectEntry | undefined]> {
  const sources = ports.source.list(bucket.source, {}, signal)[Symbol.asyncIterator]();
  const targets = ports.target.list(bucket.target, {}, signal)[Symbol.asyncIterator]();
  let [source, target] = await Promise.all([sources.next(), targets.next()]);
  while (source.done !== true || target.done !== true) {
    const order =
      source.done === true ? 1 : target.done === true ? -1 : compareKeys(source.value.key, target.value.key);
    yield [
      order <= 0 && source.done !== true ? source.value : undefined,
      order >= 0 && target.done !== true ? target.value : undefined,
    ];
    if (order <= 0) source = await sources.next();
    if (order >= 0) target = await targets.next();
  }
}

async function comparePair(
  ports: ObjectPorts,
  bucket: PlannedBucket,
  source: ObjectEntry,
  target: ObjectEntry,
  found: Comparison,
  signal: AbortSignal,
): Promise<void> {
  const [sourceHead, targetHead] = await Promise.all([
    ports.source.head(bucket.source, source.key, signal),
    ports.target.head(bucket.target, source.key, signal),
  ]);
  if (sourceHead === undefined || targetHead === undefined) {
    differs(found.content, source, 'was deleted while it was compared');
    return;
  }
  const attribute = differingAttribute(sourceHead, targetHead);
  if (attribute !== undefined) differs(found.attributes, source, `differs in ${attribute}`);
  // A source that was written after the copy is the most likely reason, and needs another remedy than damage does.
  const later = source.modifiedAt > target.modifiedAt ? ' and was written on the source after the copy' : '';
  if (source.size !== target.size) {
    differs(found.content, source, `has ${source.size} and ${target.size} bytes${later}`);
  } else if (source.etag === target.etag && proven.test(source.etag)) {
    found.byEtag += 1;
  } else if (bothPlain(source, target)) {
    differs(found.content, source, `has another MD5${later}`);
  } else if (await sameBytes(ports, bucket, source, target, signal)) {
    found.byReading += 1;
  } else {
    differs(found.content, source, `has other bytes${later}`);
  }
}

/** Two plain ETags are two MD5s, so they prove a difference as well; encryption with a key service is the exception that reading settles. */
function bothPlain(source: ObjectEntry, target: ObjectEntry): boolean {
  return (
    /^[0-9a-f]{32}$/.test(source.etag) &&
    /^[0-9a-f]{32}$/.test(target.etag) &&
    source.modifiedAt > target.modifiedAt
  );
}

async function sameBytes(
  ports: ObjectPorts,
  bucket: PlannedBucket,
  source: ObjectEntry,
  target: ObjectEntry,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([
      digest(ports.source, bucket.source, source, signal),
      digest(ports.target, bucket.target, target, signal),
    ]);
    return a === b;
  } catch (error) {
    const { code } = toAppError(error);
    // Written or deleted since it was listed: then the two are not the same now.
    if (code === 'OBJECTS_CHANGED_DURING_COPY' || code === 'NOT_FOUND') return false;
    throw error;
  }
}

async function digest(
  store: ObjectStore,
  bucket: string,
  entry: ObjectEntry,
  signal: AbortSignal,
): Promise<string> {
  const { body } = await store.read(bucket, entry.key, { ifMatch: entry.etag }, signal);
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

/** The name of the first header or metadata entry that is not the same; undefined when all are. */
export function differingAttribute(source: ObjectHead, target: ObjectHead): string | undefined {
  for (const name of new Set([...Object.keys(source.headers), ...Object.keys(target.headers)])) {
    if (headerValue(source, name) !== headerValue(target, name)) return name;
  }
  for (const name of new Set([...Object.keys(source.metadata), ...Object.keys(target.metadata)])) {
    if (source.metadata[name] !== target.metadata[name]) return `x-amz-meta-${name}`;
  }
  return undefined;
}

/** A header so that two spellings of the same compare equal: stores add a default type and write dates in their own way. */
function headerValue({ headers }: ObjectHead, name: string): string {
  const value = headers[name] ?? '';
  if (name === 'content-type') return value === '' ? 'application/octet-stream' : value;
  const date = name === 'expires' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? value : new Date(date).toISOString();
}

function count(side: Side, entry: ObjectEntry | undefined): void {
  if (entry === undefined) return;
  side.objects += 1;
  side.bytes += entry.size;
}

function differs(differences: Differences, entry: ObjectEntry | undefined, how: string): void {
  differences.count += 1;
  if (differences.examples.length < differencesShown)
    differences.examples.push(`${shown(entry?.key ?? '')} ${how}`);
}

function evidenceOf(bucket: PlannedBucket, found: Comparison): Evidence[] {
  const subject = `${bucket.source} → ${bucket.target}`;
  const side = ({ objects, bytes }: Side): string => `${objects} objects, ${bytes} bytes`;
  const compared = found.byEtag + found.byReading;
  const how =
    found.byReading === 0
      ? undefined
      : `${found.byReading} of ${compared} were read on both sides and compared by SHA-256.`;
  return [
    {
      subject,
      method: 'keys, size and ETag of each object',
      source: side(found.source),
      target: side(found.target),
      equal: found.content.count === 0,
      ...noteOf(found.content, how),
    },
    {
      subject,
      method: 'headers and user metadata of each object',
      source: `${compared} objects`,
      target: `${compared - found.attributes.count} equal`,
      equal: found.attributes.count === 0,
      ...noteOf(found.attributes, undefined),
    },
  ];
}

function noteOf({ count: number, examples }: Differences, otherwise: string | undefined): { note?: string } {
  if (number === 0) return otherwise === undefined ? {} : { note: otherwise };
  const more = number > examples.length ? `, and ${number - examples.length} more` : '';
  return { note: `${number} differ: ${examples.join('; ')}${more}.` };
}
