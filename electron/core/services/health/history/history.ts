import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { jsonFile } from '../../workspaces/json-file';
import type { Sample } from '../monitor';
import { type Bucket, bucketsOf } from './bucket';
import { bytesOf, readWholeDay, type Resolution, resolutions, withDayFile, writeDayFile } from './day-file';
import { decodeSamples, encodeSample, sampleBytes } from './format';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Days that are kept, today not counted. */
export const keptDays = { raw: 2, minute: 14, quarter: 90 } as const;

const tableSchema = z.object({ version: z.literal(1), checks: z.array(z.string()).max(0xffff) });
const dayPattern = /^(\d{4}-\d{2}-\d{2})\.(raw|minute|quarter)$/;

/**
 * What checks found, in the workspace's `health/`. Samples are appended to a file a day as they come; whole days are rolled up by the
 * minute and by the quarter of an hour, and the samples are dropped after two days. A kill costs the sample that was being written.
 */
export interface History {
  /** Appends; answers when the system has taken it. Throws what the file system throws. */
  add(sample: Sample): Promise<void>;
  /** A check's buckets within a time, oldest first; `stepMs` is made a multiple of what is kept. */
  buckets(check: string, from: number, to: number, stepMs: number): Promise<Bucket[]>;
  /** How long every check was in each state, by the hour, oldest first. */
  hours(from: number, to: number): Promise<Map<string, Bucket[]>>;
  /** Rolls whole days up and drops what is older than is kept. */
  tidy(now: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens the history in a folder; one process at a time may add. */
export function openHistory(folder: string): History {
  const table = jsonFile(path.join(folder, 'checks.json'), tableSchema);
  let known: string[] | undefined;
  let current: { day: string; handle: FileHandle } | undefined;
  let queue: Promise<void> = Promise.resolve();

  const numbers = async (): Promise<string[]> => {
    known ??= (await table.read())?.checks ?? [];
    return known;
  };
  const numberOf = async (check: string): Promise<number> => {
    const found = (await numbers()).indexOf(check);
    if (found >= 0) return found;
    const { checks } = await table.update((before) => ({
      version: 1,
      checks: [...(before?.checks ?? []).filter((id) => id !== check), check],
    }));
    known = checks;
    return checks.indexOf(check);
  };

  const openDay = async (day: string): Promise<FileHandle> => {
    if (current?.day === day) return current.handle;
    await current?.handle.close();
    current = undefined;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(path.join(folder, `${day}.raw`), 'a', 0o600);
    const { size } = await handle.stat();
    // What a kill left of a record would shift all that follow.
    if (size % sampleBytes !== 0) await handle.truncate(size - (size % sampleBytes));
    current = { day, handle };
    return handle;
  };

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = queue.then(work);
    queue = done.catch(() => undefined);
    return done;
  };

  return {
    add: (sample) =>
      inTurn(async () => {
        const check = await numberOf(sample.check);
        const handle = await openDay(dayOf(sample.at));
        await handle.write(encodeSample({ ...sample, check }));
      }),
    buckets: async (check, from, to, stepMs) => {
      const number = (await numbers()).indexOf(check);
      if (number < 0) return [];
      const gathered = bucketsOf(stepMs);
      const resolution: Resolution = stepMs >= resolutions.quarter ? 'quarter' : 'minute';
      for (const day of daysBetween(from, to)) {
        await addDay(folder, day, number, resolution, (item) => {
          const at = 'at' in item ? item.at : item.start;
          if (at < from || at >= to) return;
          if ('at' in item) gathered.sample(item);
          else gathered.bucket(item);
        });
      }
      return gathered.all();
    },
    hours: async (from, to) => {
      const checks = (await numbers()).map((check) => ({ check, gathered: bucketsOf(hourMs) }));
      for (const day of daysBetween(from, to)) {
        await addWholeDay(folder, day, (number, item) => {
          const at = 'at' in item ? item.at : item.start;
          const gathered = checks[number]?.gathered;
          if (gathered === undefined || at < from || at >= to) return;
          if ('at' in item) gathered.sample(item);
          else gathered.bucket(item);
        });
      }
      return new Map(checks.map(({ check, gathered }) => [check, gathered.all()]));
    },
    tidy: (now) =>
      inTurn(async () => {
        const today = dayOf(now);
        if (current !== undefined && current.day < today) {
          await current.handle.close();
          current = undefined;
        }
        const names = await readdir(folder).catch(() => []);
        for (const name of names.toSorted()) {
          const [, day = '', kind = ''] = dayPattern.exec(name) ?? [];
          if (kind !== 'raw' || day >= today) continue;
          await rollUp(folder, day);
          const old = now - Date.parse(day) > (keptDays.raw + 1) * dayMs;
          if (old) await rm(path.join(folder, name), { force: true });
        }
        for (const name of names) {
          const [, day = '', kind = ''] = dayPattern.exec(name) ?? [];
          if (kind !== 'minute' && kind !== 'quarter') continue;
          if (now - Date.parse(day) > (keptDays[kind] + 1) * dayMs)
            await rm(path.join(folder, name), { force: true });
        }
      }),
    close: () =>
      inTurn(async () => {
        await current?.handle.sync();
        await current?.handle.close();
        current = undefined;
      }),
  };
}

type Item = Bucket | (Omit<Sample, 'check'> & { at: number });

/** Gives everything of a check in a day: samples while they are there, else the finest roll-up. */
async function addDay(
  folder: string,
  day: string,
  check: number,
  resolution: Resolution,
  give: (item: Item) => void,
): Promise<void> {
  const raw = await bytesOf(path.join(folder, `${day}.raw`));
  const wanted: Resolution[] = resolution === 'quarter' ? ['quarter'] : ['minute', 'quarter'];
  for (const kind of wanted) {
    const file = path.join(folder, `${day}.${kind}`);
    const rolled = await withDayFile(file, resolutions[kind], async (rollUpOfDay) => {
      // A clock that was set back may begin a day anew whose samples are gone: then both count.
      const complete = raw.length >= rollUpOfDay.header.rawBytes;
      return complete ? [] : rollUpOfDay.buckets(check);
    });
    if (rolled === undefined) continue;
    rolled.forEach(give);
    break;
  }
  for (const sample of decodeSamples(raw, check)) give(sample);
}

/** Gives everything of all checks in a day, as {@link addDay} does, in no order. */
async function addWholeDay(
  folder: string,
  day: string,
  give: (check: number, item: Item) => void,
): Promise<void> {
  const raw = await bytesOf(path.join(folder, `${day}.raw`));
  const file = path.join(folder, `${day}.quarter`);
  const rolled = await withDayFile(file, resolutions.quarter, ({ header }) =>
    Promise.resolve(header.rawBytes),
  );
  if (rolled !== undefined && rolled > raw.length) {
    for (const [check, buckets] of await readWholeDay(file, resolutions.quarter))
      for (const bucket of buckets) give(check, bucket);
  }
  for (const sample of decodeSamples(raw)) give(sample.check, sample);
}

/** Makes a day's roll-ups unless they hold all its samples. */
async function rollUp(folder: string, day: string): Promise<void> {
  const raw = await bytesOf(path.join(folder, `${day}.raw`));
  for (const [kind, stepMs] of Object.entries(resolutions)) {
    const file = path.join(folder, `${day}.${kind}`);
    const rolled = await withDayFile(file, stepMs, ({ header }) => Promise.resolve(header.rawBytes));
    if (rolled === raw.length) continue;
    const earlier =
      rolled !== undefined && rolled > raw.length
        ? await readWholeDay(file, stepMs)
        : new Map<number, Bucket[]>();
    await writeDayFile(file, stepMs, raw, earlier);
  }
}

/** The day of a moment, in UTC: `2026-03-31`. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function daysBetween(from: number, to: number): string[] {
  const days: string[] = [];
  for (let at = Date.parse(dayOf(from)); at < to; at += dayMs) days.push(dayOf(at));
  return days;
}
