import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { type Incident, incidentSchema } from '#shared/model/health';

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), incident: incidentSchema }),
  z.object({
    type: z.literal('worse'),
    id: z.string(),
    code: z.string(),
    cause: z.string(),
    remedy: z.string(),
  }),
  z.object({ type: z.literal('close'), id: z.string(), at: z.string() }),
  z.object({ type: z.literal('note'), id: z.string(), at: z.string(), by: z.string(), text: z.string() }),
]);
type IncidentEvent = z.infer<typeof eventSchema>;

const keptMs = 90 * 86_400_000;

/** The incidents of a workspace: an append-only file of events, folded when it is read. */
export interface IncidentLog {
  /** The newest first. */
  list(): Promise<Incident[]>;
  open(incident: Omit<Incident, 'id' | 'notes'>): Promise<Incident>;
  worsen(id: string, what: Pick<Incident, 'code' | 'cause' | 'remedy'>): Promise<void>;
  close(id: string, at: string): Promise<void>;
  /** Throws `NOT_FOUND`. */
  note(id: string, note: { at: string; by: string; text: string }): Promise<void>;
  /** Drops what ended before the time that is kept. */
  tidy(now: number): Promise<void>;
}

export function openIncidentLog(folder: string): IncidentLog {
  const file = path.join(folder, 'incidents.jsonl');
  let queue: Promise<void> = Promise.resolve();

  const append = (event: IncidentEvent): Promise<void> => {
    const done = queue.then(async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const handle = await open(file, 'a', 0o600);
      try {
        // A line that a kill tore stays alone.
        await handle.appendFile(`${(await endsWhole(file)) ? '' : '\n'}${JSON.stringify(event)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
    queue = done.catch(() => undefined);
    return done;
  };
  const list = async (): Promise<Incident[]> => {
    await queue;
    return fold(await readFile(file, 'utf8').catch(() => ''));
  };

  return {
    list,
    open: async (given) => {
      const incident = { ...given, id: `${given.startedAt}-${randomBytes(4).toString('hex')}`, notes: [] };
      await append({ type: 'open', incident });
      return incident;
    },
    worsen: (id, what) => append({ type: 'worse', id, ...what }),
    close: (id, at) => append({ type: 'close', id, at }),
    note: async (id, note) => {
      if (!(await list()).some((incident) => incident.id === id)) {
        throw new AppError('NOT_FOUND', 'There is no such incident any more.', {
          hint: 'Incidents are kept for 90 days. Load the page again.',
        });
      }
      await append({ type: 'note', id, ...note });
    },
    tidy: async (now) => {
      const all = await list();
      const kept = all.filter(({ endedAt }) => endedAt === undefined || now - Date.parse(endedAt) < keptMs);
      if (kept.length === all.length) return;
      const lines = kept.toReversed().map((incident) => JSON.stringify({ type: 'open', incident }));
      await writeFile(`${file}.tmp`, `${lines.join('\n')}\n`, { mode: 0o600 });
      await rename(`${file}.tmp`, file);
    },
  };
}

async function endsWhole(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    return size === 0 || last.toString() === '\n';
  } finally {
    await handle.close();
  }
}

/** The incidents that the lines make, the newest first. */
function fold(text: string): Incident[] {
  const incidents = new Map<string, Incident>();
  for (const line of text.split('\n')) {
    const parsed = eventSchema.safeParse(jsonOf(line));
    if (!parsed.success) continue;
    const event = parsed.data;
    if (event.type === 'open') {
      incidents.set(event.incident.id, event.incident);
      continue;
    }
    const known = incidents.get(event.id);
    if (known === undefined) continue;
    incidents.set(event.id, applied(known, event));
  }
  return [...incidents.values()].reverse();
}

function applied(incident: Incident, event: Exclude<IncidentEvent, { type: 'open' }>): Incident {
  switch (event.type) {
    case 'worse':
      return { ...incident, state: 'down', code: event.code, cause: event.cause, remedy: event.remedy };
    case 'close':
      return { ...incident, endedAt: event.at };
    case 'note':
      return { ...incident, notes: [...incident.notes, { at: event.at, by: event.by, text: event.text }] };
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
