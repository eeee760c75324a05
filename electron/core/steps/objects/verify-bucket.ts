import { createHash } from 'node:crypto';
import { toAppError } from '#shared/model/errors';
import type { Evidence } from '#shared/model/run';
import type { ObjectEntry, ObjectHead, ObjectPorts, ObjectStore } from '../../ports/objects';
import type { BucketPair } from './bucket-names';
import { compareEntries, provesContent } from './compare-entries';
import { shown } from './key-findings';
import { mergeListings, type ListedPair } from './merge-listings';
import { createSlots } from './slots';

const comparisonsAtOnce = 32;
const differencesShown = 5;

/** What was found out of one object, and by what. */
export interface ObjectComparison {
  key: string;
  /** Bytes, of the source where it has the object. */
  size: number;
  /** `presence`: one side lacks it. `checksum`: the same MD5 or part MD5s on both sides. `reading`: both were read, and their SHA-256 compared. */
  by: 'presence' | 'size' | 'checksum' | 'reading';
  /** Content, headers and metadata. */
  equal: boolean;
  /** What differs. */
  note?: string;
}

export interface VerifyBucketOptions {
  signal: AbortSignal;
  onProgress: (compared: number) => void;
  /** Share of the objects that are read on both sides although their ETags prove them, 0 to 1; the same ones each time. */
  read?: number;
  onObject?: (compared: ObjectComparison) => Promise<void> | void;
}

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
  /** Objects that were read on both sides. */
  byReading: number;
  content: Differences;
  attributes: Differences;
}

/** Compares a bucket with its copy by independent reads of both: keys, sizes, checksums, headers and metadata. */
export async function verifyBucket(
  ports: ObjectPorts,
  bucket: BucketPair,
  options: VerifyBucketOptions,
): Promise<Evidence[]> {
  const { signal, onProgress, onObject } = options;
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
  let compared = 0;
  const targets = (await ports.target.bucketExists(bucket.target, signal))
    ? ports.target.pages(bucket.target, {}, signal)
    : noPages();
  const compare = async (pair: ListedPair): Promise<void> => {
    const one = await compareObject(ports, bucket, pair, found, options);
    compared += 1;
    onProgress(compared);
    await onObject?.(one);
  };
  for await (const batch of mergeListings(ports.source.pages(bucket.source, {}, signal), targets)) {
    for (const pair of batch) {
      if (failures.length > 0) break;
      count(found.source, pair.source);
      count(found.target, pair.target);
      const giveBack = await slots.take();
      const task: Promise<void> = compare(pair)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          giveBack();
          tasks.delete(task);
        });
      tasks.add(task);
    }
    if (failures.length > 0) break;
  }
  await Promise.all(tasks);
  if (failures.length > 0) throw toAppError(failures[0]);
  return evidenceOf(bucket, found);
}

async function* noPages(): AsyncGenerator<readonly ObjectEntry[]> {
  await Promise.resolve();
  yield [];
}

async function compareObject(
  ports: ObjectPorts,
  bucket: BucketPair,
  { key, source, target }: ListedPair,
  found: Comparison,
  options: VerifyBucketOptions,
): Promise<ObjectComparison> {
  if (source === undefined || target === undefined) {
    const note = source === undefined ? 'is on the target only' : 'is missing on the target';
    differs(found.content, key, note);
    return { key, size: (source ?? target)?.size ?? 0, by: 'presence', equal: false, note };
  }
  const { signal } = options;
  const askSource = () => ports.source.head(bucket.source, key, signal);
  const hadThen = ports.copiedWith(bucket.source, source);
  const [early, targetHead] = await Promise.all([
    hadThen === undefined ? askSource() : undefined,
    ports.target.head(bucket.target, key, signal),
  ]);
  const asThen = targetHead !== undefined && hadThen?.(targetHead) === true;
  const sourceHead = asThen ? targetHead : hadThen === undefined ? early : await askSource();
  if (sourceHead === undefined || targetHead === undefined) {
    const note = 'was deleted while it was compared';
    differs(found.content, key, note);
    return { key, size: source.size, by: 'presence', equal: false, note };
  }
  const { by, note } = await compareContent(ports, bucket, source, target, options);
  if (note !== undefined) differs(found.content, key, note);
  else if (by === 'checksum') found.byEtag += 1;
  else found.byReading += 1;
  const attribute = differingAttribute(sourceHead, targetHead);
  if (attribute !== undefined) differs(found.attributes, key, `differs in ${attribute}`);
  const notes = [note, attribute === undefined ? undefined : `differs in ${attribute}`].filter(
    (text) => text !== undefined,
  );
  const equal = notes.length === 0;
  return { key, size: source.size, by, equal, ...(equal ? {} : { note: notes.join(', ') }) };
}

async function compareContent(
  ports: ObjectPorts,
  bucket: BucketPair,
  source: ObjectEntry,
  target: ObjectEntry,
  { signal, read = 0 }: VerifyBucketOptions,
): Promise<{ by: 'size' | 'checksum' | 'reading'; note?: string }> {
  const likeness = compareEntries(source, target);
  // A source that was written after the copy is the most likely reason, and needs another remedy than damage does.
  const writtenLater = Date.parse(source.modifiedAt) > Date.parse(target.modifiedAt);
  const later = writtenLater ? ' and was written on the source after the copy' : '';
  if (likeness.by === 'size')
    return { by: 'size', note: `has ${source.size} and ${target.size} bytes${later}` };
  // Two plain ETags are two MD5s, so they prove a difference too; encryption with a key service is the exception that reading settles.
  const proven = provesContent(source.etag) && likeness.by === 'checksum';
  if (proven && !likeness.same && writtenLater) return { by: 'checksum', note: `has another MD5${later}` };
  if (proven && likeness.same && !isSampled(source.key, read)) return { by: 'checksum' };
  if (await sameBytes(ports, bucket, source, target, signal)) return { by: 'reading' };
  return { by: 'reading', note: `has other bytes${later}` };
}

/** Chosen by the key's hash, so that the same share is read each time. */
function isSampled(key: string, share: number): boolean {
  if (share <= 0 || share >= 1) return share >= 1;
  return createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32 < share;
}

async function sameBytes(
  ports: ObjectPorts,
  bucket: BucketPair,
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

function differs(differences: Differences, key: string, how: string): void {
  differences.count += 1;
  if (differences.examples.length < differencesShown) differences.examples.push(`${shown(key)} ${how}`);
}

function evidenceOf(bucket: BucketPair, found: Comparison): Evidence[] {
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
