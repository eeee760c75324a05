import { open, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { type Bucket, bucketsOf, decodeBuckets, encodeBuckets } from './bucket';
import { decodeSamples } from './format';

/** Two roll-ups of a day: by the minute for a near look, by the quarter of an hour for a far one. */
export const resolutions = { minute: 60_000, quarter: 15 * 60_000 } as const;
export type Resolution = keyof typeof resolutions;

const headerSchema = z.object({
  version: z.literal(1),
  /** Bytes of samples that went in, to tell whether more have come since. */
  rawBytes: z.number(),
  /** Where each check's buckets lie behind the header. */
  checks: z.record(z.string(), z.object({ from: z.number(), length: z.number() })),
});
type Header = z.infer<typeof headerSchema>;

const lengthBytes = 4;

interface DayFile {
  header: Header;
  buckets(check: number): Promise<Bucket[]>;
}

/** Opens a roll-up for as long as `use` runs; undefined when there is none or it is damaged. */
export async function withDayFile<T>(
  file: string,
  stepMs: number,
  use: (day: DayFile) => Promise<T>,
): Promise<T | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const head = Buffer.alloc(lengthBytes);
    await handle.read(head, 0, lengthBytes, 0);
    const text = Buffer.alloc(Math.min(head.readUInt32LE(0), 1024 * 1024));
    await handle.read(text, 0, text.length, lengthBytes);
    const parsed = headerSchema.safeParse(jsonOf(text.toString('utf8')));
    if (!parsed.success) return undefined;
    const header = parsed.data;
    return await use({
      header,
      buckets: async (check) => {
        const place = header.checks[String(check)];
        if (place === undefined) return [];
        const bytes = Buffer.alloc(place.length);
        await handle.read(bytes, 0, place.length, lengthBytes + text.length + place.from);
        return decodeBuckets(bytes, stepMs);
      },
    });
  } finally {
    await handle.close();
  }
}

/** Writes the roll-up of a day's samples, together with an earlier one whose samples are gone. Whole or not at all. */
export async function writeDayFile(
  file: string,
  stepMs: number,
  raw: Buffer,
  earlier: ReadonlyMap<number, readonly Bucket[]>,
): Promise<void> {
  const gathered = new Map<number, ReturnType<typeof bucketsOf>>();
  const of = (check: number) => {
    const known = gathered.get(check) ?? bucketsOf(stepMs);
    gathered.set(check, known);
    return known;
  };
  for (const [check, buckets] of earlier) for (const bucket of buckets) of(check).bucket(bucket);
  for (const sample of decodeSamples(raw)) of(sample.check).sample(sample);
  const checks: Header['checks'] = {};
  const bodies: Buffer[] = [];
  let from = 0;
  for (const [check, buckets] of gathered) {
    const body = encodeBuckets(buckets.all(), stepMs);
    checks[String(check)] = { from, length: body.length };
    bodies.push(body);
    from += body.length;
  }
  const text = Buffer.from(JSON.stringify({ version: 1, rawBytes: raw.length, checks } satisfies Header));
  const head = Buffer.alloc(lengthBytes);
  head.writeUInt32LE(text.length, 0);
  const temporary = `${file}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(Buffer.concat([head, text, ...bodies]));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Every bucket of a roll-up, by check. */
export async function readWholeDay(file: string, stepMs: number): Promise<Map<number, Bucket[]>> {
  const read = await withDayFile(file, stepMs, async (day) => {
    const all = new Map<number, Bucket[]>();
    for (const check of Object.keys(day.header.checks).map(Number)) all.set(check, await day.buckets(check));
    return all;
  });
  return read ?? new Map<number, Bucket[]>();
}

/** A file's bytes; none when it is not there. */
export async function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch(() => Buffer.alloc(0));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
