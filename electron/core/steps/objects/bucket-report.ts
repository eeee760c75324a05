import type { BucketReport, ObjectsEstimate } from '#shared/contract/inspect-objects';
import type { ObjectEntry } from '../../ports/objects';

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;

/** Upper ends, in bytes; the last class has none. */
const classEnds: readonly (readonly [string, number])[] = [
  ['empty', 0],
  ['to 64 KiB', 64 * kib],
  ['to 1 MiB', mib],
  ['to 64 MiB', 64 * mib],
  ['to 5 GiB', 5 * gib],
  ['larger', Infinity],
];
const largestKept = 5;

/** Collects size classes and the largest objects of one bucket in constant memory. */
export function createBucketReport(): {
  visit: (entry: ObjectEntry) => void;
  report: () => Pick<BucketReport, 'classes' | 'largest'>;
} {
  const classes = classEnds.map(([label]) => ({ label, objects: 0, bytes: 0 }));
  const largest: { key: string; bytes: number }[] = [];
  return {
    visit: ({ key, size }) => {
      const found = classes[classEnds.findIndex(([, end]) => size <= end)];
      if (found !== undefined) {
        found.objects += 1;
        found.bytes += size;
      }
      const least = largest.at(-1);
      if (largest.length === largestKept && least !== undefined && least.bytes >= size) return;
      largest.push({ key, bytes: size });
      largest.sort((a, b) => b.bytes - a.bytes);
      largest.length = Math.min(largest.length, largestKept);
    },
    report: () => ({ classes: classes.filter(({ objects }) => objects > 0), largest }),
  };
}

/** Cloudflare's list prices in US dollars, as of 2026-11-22: storage a GB-month, and a million of each kind of operation. */
const prices = { asOf: '2026-11-22', storage: 0.015, writes: 4.5, reads: 0.36 };
/** What a line of 100 Mbit/s carries, and how many small objects a second a distant store takes: an assumption, not a measurement. */
const assumed = { bytesPerSecond: 12_500_000, objectsPerSecond: 200 };
const singlePut = 64 * mib;
const partSize = 16 * mib;
const keysPerPage = 1000;

/** Counts what a copy asks of R2, object by object. */
export function createEstimate(): { visit: (entry: ObjectEntry) => void; estimate: () => ObjectsEstimate } {
  let objects = 0;
  let bytes = 0;
  let writes = 0;
  return {
    visit: ({ size }) => {
      objects += 1;
      bytes += size;
      // A large object is begun, sent in parts and completed.
      writes += size > singlePut ? Math.ceil(size / partSize) + 2 : 1;
    },
    estimate: () => {
      // Verification lists the target and asks for each object once.
      const reads = objects + Math.ceil(objects / keysPerPage);
      return {
        seconds: Math.ceil(Math.max(bytes / assumed.bytesPerSecond, objects / assumed.objectsPerSecond)),
        assumes: '100 Mbit/s and 200 objects a second',
        writes,
        reads,
        operationsUsd: (writes * prices.writes + reads * prices.reads) / 1_000_000,
        storageUsdPerMonth: (bytes / 1_000_000_000) * prices.storage,
        pricesAsOf: prices.asOf,
      };
    },
  };
}
