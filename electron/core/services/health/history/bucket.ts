import { healthStates, type HealthState } from '#shared/model/health';
import { numberReader, pushNumber, type StoredSample } from './format';

/** What happened in a span of time, in little room: how long each state lasted, and how the latencies were spread. */
export interface Bucket {
  /** Milliseconds since 1970. */
  start: number;
  /** Milliseconds by state. */
  covered: Record<HealthState, number>;
  /** Count by {@link latencyBin}. */
  latencies: Map<number, number>;
  maxMs: number;
}

export function emptyBucket(start: number): Bucket {
  return { start, covered: { healthy: 0, degraded: 0, down: 0, unknown: 0 }, latencies: new Map(), maxMs: 0 };
}

const base = Math.log(1.1);
const smallestMs = 0.1;

/** Bins grow by a tenth, so a percentile is off by a twentieth at most. 0.1 ms to ten minutes fit into a byte. */
function latencyBin(ms: number): number {
  return Math.min(255, Math.max(0, Math.round(Math.log(Math.max(smallestMs, ms) / smallestMs) / base)));
}

function binMs(bin: number): number {
  return smallestMs * Math.exp(bin * base);
}

export function addSample(bucket: Bucket, sample: Omit<StoredSample, 'check'>): void {
  bucket.covered[sample.covered.state] += sample.covered.ms;
  const { latencyMs } = sample;
  if (latencyMs === undefined) return;
  const bin = latencyBin(latencyMs);
  bucket.latencies.set(bin, (bucket.latencies.get(bin) ?? 0) + 1);
  bucket.maxMs = Math.max(bucket.maxMs, latencyMs);
}

export function mergeInto(bucket: Bucket, other: Bucket): void {
  for (const state of healthStates) bucket.covered[state] += other.covered[state];
  for (const [bin, count] of other.latencies)
    bucket.latencies.set(bin, (bucket.latencies.get(bin) ?? 0) + count);
  bucket.maxMs = Math.max(bucket.maxMs, other.maxMs);
}

/** A percentile of the latencies, `share` from 0 to 1; undefined without any. Milliseconds, never above the largest seen. */
export function percentile(bucket: Bucket, share: number): number | undefined {
  const bins = [...bucket.latencies].sort(([a], [b]) => a - b);
  const total = bins.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [bin, count] of bins) {
    seen += count;
    if (seen >= share * total) return Math.min(binMs(bin), bucket.maxMs);
  }
  return bucket.maxMs;
}

/** The share of the known time in which it answered, from 0 to 1; undefined when nothing is known. */
export function uptime({ covered }: Bucket): number | undefined {
  const up = covered.healthy + covered.degraded;
  return up + covered.down === 0 ? undefined : up / (up + covered.down);
}

/** Gathers what comes into buckets of one length, by their start. */
export function bucketsOf(stepMs: number): {
  sample(sample: Omit<StoredSample, 'check'>): void;
  bucket(bucket: Bucket): void;
  all(): Bucket[];
} {
  const buckets = new Map<number, Bucket>();
  const at = (time: number): Bucket => {
    const start = Math.floor(time / stepMs) * stepMs;
    const known = buckets.get(start) ?? emptyBucket(start);
    buckets.set(start, known);
    return known;
  };
  return {
    sample: (sample) => addSample(at(sample.at), sample),
    bucket: (bucket) => mergeInto(at(bucket.start), bucket),
    all: () => [...buckets.values()].sort((a, b) => a.start - b.start),
  };
}

/** Buckets in order of time as bytes. `stepMs` divides every start. */
export function encodeBuckets(buckets: readonly Bucket[], stepMs: number): Buffer {
  const numbers: number[] = [];
  let before = 0;
  for (const { start, covered, latencies, maxMs } of buckets) {
    pushNumber(numbers, start / stepMs - before);
    before = start / stepMs;
    for (const state of healthStates) pushNumber(numbers, covered[state]);
    pushNumber(numbers, maxMs * 10);
    pushNumber(numbers, latencies.size);
    for (const [bin, count] of latencies) {
      pushNumber(numbers, bin);
      pushNumber(numbers, count);
    }
  }
  return Buffer.from(numbers);
}

/** Reads what {@link encodeBuckets} made with the same step. */
export function decodeBuckets(bytes: Uint8Array, stepMs: number): Bucket[] {
  const reader = numberReader(bytes);
  const buckets: Bucket[] = [];
  let at = 0;
  while (!reader.done()) {
    at += reader.next();
    const bucket = emptyBucket(at * stepMs);
    for (const state of healthStates) bucket.covered[state] = reader.next();
    bucket.maxMs = reader.next() / 10;
    for (let left = reader.next(); left > 0; left -= 1) {
      const bin = reader.next();
      bucket.latencies.set(bin, reader.next());
    }
    buckets.push(bucket);
  }
  return buckets;
}
