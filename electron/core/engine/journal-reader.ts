import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '#shared/model/errors';
import { journalEventSchema, type JournalEvent } from '#shared/model/run';
import { systemCode } from './run-files';

const newline = 0x0a;
const chunkBytes = 256 * 1024;

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
    const rest = await readFrom(this.path, this.#bytes);
    const events: JournalEvent[] = [];
    let start = 0;
    for (;;) {
      const end = rest.indexOf(newline, start);
      if (end === -1) break;
      const event = parseLine(rest.toString('utf8', start, end));
      if (event === undefined) {
        if (end === rest.length - 1) break;
        throw damaged(this.#next + 1);
      }
      if (event.seq !== this.#next || (event.seq === 0) !== (event.type === 'run.header')) {
        throw damaged(this.#next + 1);
      }
      events.push(event);
      start = end + 1;
      this.#next += 1;
    }
    this.#bytes += start;
    return events;
  }
}

async function readFrom(path: string, from: number): Promise<Buffer> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const chunks: Buffer[] = [];
    let position = from;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Every event of a journal. Throws `JOURNAL_DAMAGED`; empty when there is none. */
export async function readJournal(path: string): Promise<JournalEvent[]> {
  return new JournalTail(path).read();
}
