import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#shared/model/errors';
import { journalEventSchema, type JournalEvent } from '#shared/model/run';
import { systemCode } from './run-files';

const newline = 0x0a;
/** How often a line that looks damaged is read before it counts as damaged. */
const looks = 4;
const lookAgainMs = 25;

function damaged(line: number): AppError {
  return new AppError('JOURNAL_DAMAGED', `The journal of the run is damaged at line ${line}.`, {
    hint: 'Start a new run. Restore the journal from a backup if the run must be kept.',
  });
}

function parseLine(text: string): JournalEvent | undefined {
  try {
    return journalEventSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Reads a journal as it grows, each byte once. A last line without its end, or that can't be read, is torn: it is left
 * until it is whole or cut off. Any other line that can't be read, or that breaks the count of `seq`, is `JOURNAL_DAMAGED`.
 */
export class JournalTail {
  #bytes = 0;
  #next = 0;

  constructor(private readonly path: string) {}

  /** Bytes of whole, read lines; what stands after them is torn. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The sequence number that comes next. */
  get nextSeq(): number {
    return this.#next;
  }

  /** The events since the last call, oldest first; none when there is no file. */
  async read(): Promise<JournalEvent[]> {
    for (let attempt = 1; ; attempt++) {
      const { events, bytes, damagedLine } = parseFrom(await readFrom(this.path, this.#bytes), this.#next);
      if (damagedLine === undefined) {
        this.#bytes += bytes;
        this.#next += events.length;
        return events;
      }
      // A torn line that is cut off while it is being read looks like damage for a moment; damage stays.
      if (attempt === looks) throw damaged(damagedLine);
      await sleep(lookAgainMs);
    }
  }
}

/** Takes whole lines for as long as they are events in order. */
function parseFrom(
  text: Buffer,
  nextSeq: number,
): { events: JournalEvent[]; bytes: number; damagedLine?: number } {
  const events: JournalEvent[] = [];
  let start = 0;
  for (;;) {
    const end = text.indexOf(newline, start);
    if (end === -1) break;
    const event = parseLine(text.toString('utf8', start, end));
    const seq = nextSeq + events.length;
    if (event === undefined && end === text.length - 1) break;
    if (event?.seq !== seq || (seq === 0) !== (event.type === 'run.header')) {
      return { events, bytes: start, damagedLine: seq + 1 };
    }
    events.push(event);
    start = end + 1;
  }
  return { events, bytes: start };
}

/** In one read, so that it shows the file as it was at one moment. */
async function readFrom(path: string, from: number): Promise<Buffer> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.max(0, size - from));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Every event of a journal. Throws `JOURNAL_DAMAGED`; empty when there is none. */
export async function readJournal(path: string): Promise<JournalEvent[]> {
  return new JournalTail(path).read();
}
