import { AppError } from '#shared/model/errors';
import { journalEventSchema, type JournalEvent } from '#shared/model/run';
import { redactData } from './redact-event';
import { removeFile, toWriteError, type AppendFile, type OpenAppendFile } from './run-files';

type WithoutPlace<E> = E extends JournalEvent ? Omit<E, 'seq' | 'at'> : never;
/** An event before the journal gives it its number and time. */
export type NewJournalEvent = WithoutPlace<JournalEvent>;

export interface JournalWriterOptions {
  path: string;
  open: OpenAppendFile;
  /** The number of the first event to be written. */
  nextSeq: number;
  /** Bytes of whole lines; a torn line after them is cut off. */
  bytes: number;
  redact(text: string): string;
  /** A file whose space is given up when the disk is full, so that the journal can still tell how the run ended. */
  reserve: string;
  /** Asked before each write; throws when the run's lock is lost. */
  guard(): Promise<void>;
  now(): Date;
}

interface Pending {
  text: string;
  durable: boolean;
  resolve(): void;
  reject(error: AppError): void;
}

/**
 * Appends to a journal. Numbers are given in the order of calls; calls that come while a write is under way share the
 * next write and the next flush. The first failure ends the writer: every later call rejects with the same error.
 */
export class JournalWriter {
  #file: AppendFile;
  #seq: number;
  #bytes: number;
  #queue: Pending[] = [];
  #writing: Promise<void> | undefined;
  #failure: AppError | undefined;
  readonly #failed = new AbortController();

  private constructor(
    private readonly options: JournalWriterOptions,
    file: AppendFile,
  ) {
    this.#file = file;
    this.#seq = options.nextSeq;
    this.#bytes = options.bytes;
  }

  /** Opens the journal and cuts off a torn last line. Throws `DISK_FULL_LOCAL` or `WORKSPACE_UNREADABLE`. */
  static async open(options: JournalWriterOptions): Promise<JournalWriter> {
    try {
      const file = await options.open(options.path);
      await file.truncate(options.bytes);
      await file.sync();
      return new JournalWriter(options, file);
    } catch (error) {
      throw toWriteError(error, 'The journal');
    }
  }

  /** Aborted, with the AppError as its reason, once the journal can't be written any more. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** A text as it gets into the journal. */
  redact(text: string): string {
    return this.options.redact(text);
  }

  /**
   * Writes events behind each other in one piece. Resolves when they are on the disk, for progress and log lines when
   * they are written. Rejects with `DISK_FULL_LOCAL`, `WORKSPACE_UNREADABLE` or the guard's error.
   */
  append(...events: NewJournalEvent[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const at = this.options.now().toISOString();
    const lines = events.map((event, index) => {
      const data = redactData(event, (text) => this.redact(text));
      return `${JSON.stringify(journalEventSchema.parse({ ...event, data, seq: this.#seq + index, at }))}\n`;
    });
    this.#seq += lines.length;
    const durable = events.some((event) => event.type !== 'progress' && event.type !== 'log');
    const written = new Promise<void>((resolve, reject) => {
      this.#queue.push({ text: lines.join(''), durable, resolve, reject });
    });
    this.#writing ??= this.#drain();
    return written;
  }

  /** Waits for what is under way and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    this.#fail(new AppError('CANCELLED', 'The journal is closed.'), { silent: true });
    await this.#file.close();
  }

  /**
   * Writes the last word of a run whose journal ran out of disk: gives up the reserved space, cuts off what was torn,
   * and appends. Does nothing when that fails too; readers then see the run as interrupted.
   */
  async lastWord(events: NewJournalEvent[]): Promise<void> {
    if (this.#failure?.code !== 'DISK_FULL_LOCAL') return;
    try {
      await removeFile(this.options.reserve);
      const rest = await JournalWriter.open({ ...this.options, nextSeq: this.#seq, bytes: this.#bytes });
      await rest.append(...events);
      await rest.close();
    } catch {
      // The disk is still full: the run's lock goes, and that alone tells readers that it stopped.
    }
  }

  async #drain(): Promise<void> {
    // Lets calls of the same turn share one write.
    await Promise.resolve();
    for (;;) {
      const batch = this.#queue.splice(0);
      if (batch.length === 0) break;
      const text = batch.map((pending) => pending.text).join('');
      try {
        await this.options.guard();
        await this.#file.append(text);
        if (batch.some((pending) => pending.durable)) await this.#file.sync();
      } catch (error) {
        this.#queue.unshift(...batch);
        this.#fail(toWriteError(error, 'The journal'), { silent: false });
        break;
      }
      this.#bytes += Buffer.byteLength(text);
      for (const pending of batch) pending.resolve();
    }
    this.#writing = undefined;
  }

  #fail(error: AppError, { silent }: { silent: boolean }): void {
    this.#failure ??= error;
    const queue = this.#queue.splice(0);
    // The numbers of unwritten events are free again.
    this.#seq -= queue.reduce((count, pending) => count + pending.text.split('\n').length - 1, 0);
    for (const pending of queue) pending.reject(this.#failure);
    if (!silent) this.#failed.abort(this.#failure);
  }
}
