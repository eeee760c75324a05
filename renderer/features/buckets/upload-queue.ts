import { isCancelled, toAppError, type AppError } from '#shared/model/errors';

/** A file on its way to a bucket. */
export interface UploadFile {
  bucket: string;
  key: string;
  file: Blob;
}

export type Begun =
  { state: 'ready'; uploadId: string; partSize: number; parts: number } | { state: 'exists' };

/** What the queue asks of the host. */
export interface UploadEnds {
  begin(file: UploadFile, replace: boolean, signal: AbortSignal): Promise<Begun>;
  /** `sent` is called with the bytes of this part that have left. */
  part(id: string, bytes: Blob, sent: (bytes: number) => void, signal: AbortSignal): Promise<void>;
  finish(uploadId: string, signal: AbortSignal): Promise<void>;
  abort(uploadId: string): Promise<void>;
}

export interface UploadItem extends UploadFile {
  id: number;
  state: 'waiting' | 'running' | 'exists' | 'done' | 'skipped' | 'failed';
  /** Bytes that have left. */
  sent: number;
  error?: AppError | undefined;
}

interface Held extends UploadItem {
  replace: boolean;
  begun: Extract<Begun, { state: 'ready' }> | undefined;
  doneParts: Set<number>;
  stop: AbortController | undefined;
}

/** The queue as a page shows it. A new one whenever something changed. */
export interface UploadState {
  files: number;
  done: number;
  skipped: number;
  bytes: number;
  sent: number;
  paused: boolean;
  running: readonly UploadItem[];
  /** Those whose name is taken: replace, or leave out. */
  asking: readonly UploadItem[];
  failed: readonly UploadItem[];
  /** Counts the times that the queue has run empty. */
  rounds: number;
}

const filesAtOnce = 3;
const partsAtOnce = 3;

/** Uploads files, several at once and large ones in parts. A failure stops no other file, and a pause keeps the parts that have arrived. */
export function createUploadQueue(ends: UploadEnds) {
  let items: Held[] = [];
  let paused = false;
  let rounds = 0;
  let nextId = 1;
  const listeners = new Set<() => void>();

  const stateNow = (): UploadState => {
    const of = (state: UploadItem['state']) => items.filter((item) => item.state === state);
    return {
      files: items.length,
      done: of('done').length,
      skipped: of('skipped').length,
      bytes: items.reduce((sum, { file }) => sum + file.size, 0),
      sent: items.reduce((sum, { sent }) => sum + sent, 0),
      paused,
      running: of('running').map((item) => ({ ...item })),
      asking: of('exists').map((item) => ({ ...item })),
      failed: of('failed').map((item) => ({ ...item })),
      rounds,
    };
  };
  let snapshot = stateNow();
  const changed = (): void => {
    snapshot = stateNow();
    for (const listener of listeners) listener();
  };

  const sendParts = async (item: Held, signal: AbortSignal): Promise<void> => {
    const { begun, file, doneParts } = item;
    if (begun === undefined) return;
    const waiting = Array.from({ length: begun.parts }, (_unused, index) => index + 1).filter(
      (part) => !doneParts.has(part),
    );
    const bytesOf = (part: number) => file.slice((part - 1) * begun.partSize, part * begun.partSize);
    const underWay = new Map<number, number>();
    const count = () => {
      const arrived = [...doneParts].reduce((sum, part) => sum + bytesOf(part).size, 0);
      item.sent = [...underWay.values()].reduce((sum, bytes) => sum + bytes, arrived);
      changed();
    };
    const worker = async (): Promise<void> => {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
        const number = part;
        await ends.part(
          `${begun.uploadId}.${number}`,
          bytesOf(number),
          (bytes) => {
            underWay.set(number, bytes);
            count();
          },
          signal,
        );
        underWay.delete(number);
        doneParts.add(number);
        count();
      }
    };
    await Promise.all(Array.from({ length: partsAtOnce }, worker));
  };

  const run = async (item: Held, stop: AbortController): Promise<void> => {
    try {
      if (item.begun === undefined) {
        const begun = await ends.begin(item, item.replace, stop.signal);
        if (begun.state === 'exists') {
          item.state = 'exists';
          return;
        }
        item.begun = begun;
      }
      await sendParts(item, stop.signal);
      await ends.finish(item.begun.uploadId, stop.signal);
      item.state = 'done';
      item.sent = item.file.size;
    } catch (thrown) {
      const error = toAppError(thrown);
      const stopped = stop.signal.aborted && isCancelled(error);
      // The other parts of this file end with it.
      stop.abort();
      // The host has forgotten the upload: the next try begins anew.
      if (error.code === 'NOT_FOUND') {
        item.begun = undefined;
        item.doneParts.clear();
      }
      item.state = stopped ? 'waiting' : 'failed';
      item.error = stopped ? undefined : error;
    }
  };

  const pump = (): void => {
    const free = filesAtOnce - items.filter(({ state }) => state === 'running').length;
    for (const item of paused ? [] : items.filter(({ state }) => state === 'waiting').slice(0, free)) {
      const stop = new AbortController();
      Object.assign(item, { state: 'running', stop, error: undefined });
      void run(item, stop).then(() => {
        item.stop = undefined;
        if (!items.some(({ state }) => state === 'waiting' || state === 'running')) rounds += 1;
        pump();
      });
    }
    changed();
  };

  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => snapshot,
    add: (files: readonly UploadFile[]): void => {
      items = items.concat(
        files.map((file) => ({
          ...file,
          id: nextId++,
          state: 'waiting' as const,
          sent: 0,
          replace: false,
          begun: undefined,
          doneParts: new Set<number>(),
          stop: undefined,
        })),
      );
      pump();
    },
    pause: (): void => {
      paused = true;
      for (const { stop } of items) stop?.abort();
      changed();
    },
    resume: (): void => {
      paused = false;
      pump();
    },
    /** Answers for those whose name is taken. */
    answer: (ids: readonly number[], replace: boolean): void => {
      for (const item of items) {
        if (item.state !== 'exists' || !ids.includes(item.id)) continue;
        item.replace = replace;
        item.state = replace ? 'waiting' : 'skipped';
      }
      pump();
    },
    retry: (): void => {
      for (const item of items) if (item.state === 'failed') item.state = 'waiting';
      pump();
    },
    /** Forgets all files: those that are stored stay, of the others nothing stays. */
    clear: (): void => {
      const open = items.filter(({ state }) => state !== 'done');
      items = [];
      paused = false;
      for (const { stop, begun } of open) {
        stop?.abort();
        if (begun !== undefined) void ends.abort(begun.uploadId).catch(() => undefined);
      }
      rounds += 1;
      changed();
    },
  };
}
