import type { ObjectEntry, ObjectStore } from '../../ports/objects';
import type { PlannedRange } from './plan';

/** One page of a listing, so that a range is listed by one request. */
const keysPerRange = 1000;
const bytesPerRange = 1024 * 1024 * 1024;

/** What one pass over a bucket's listing found. */
export interface BucketScan {
  name: string;
  objects: number;
  bytes: number;
  ranges: PlannedRange[];
}

/** Lists a bucket once: counts it, cuts it into ranges, and shows every entry to `visit`. */
export async function scanBucket(
  store: ObjectStore,
  name: string,
  visit: (entry: ObjectEntry) => void,
  signal: AbortSignal,
): Promise<BucketScan> {
  const scan: BucketScan = { name, objects: 0, bytes: 0, ranges: [] };
  let open: PlannedRange | undefined;
  let last: string | undefined;
  for await (const entry of store.list(name, {}, signal)) {
    visit(entry);
    const full: boolean =
      open !== undefined && (open.objects >= keysPerRange || open.bytes + entry.size > bytesPerRange);
    if (open === undefined || full) {
      if (open !== undefined) open.through = last;
      const id = `${name}/${String(scan.ranges.length + 1).padStart(5, '0')}`;
      open = {
        id,
        firstKey: entry.key,
        objects: 0,
        bytes: 0,
        ...(last === undefined ? {} : { after: last }),
      };
      scan.ranges.push(open);
    }
    open.objects += 1;
    open.bytes += entry.size;
    scan.objects += 1;
    scan.bytes += entry.size;
    last = entry.key;
  }
  return scan;
}
