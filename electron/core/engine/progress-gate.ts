import type { Progress } from '#shared/model/run';

export interface ProgressItem {
  step: string;
  unit?: string;
  progress: Progress;
}

/** The shortest time between two progress events of a run. */
const intervalMs = 250;

/** Thins progress out to four events a second; each event holds the newest value of whatever changed. */
export class ProgressGate {
  readonly #waiting = new Map<string, ProgressItem>();
  #timer: NodeJS.Timeout | undefined;
  #last = -Infinity;

  constructor(private readonly write: (items: ProgressItem[]) => void) {}

  report(item: ProgressItem): void {
    this.#waiting.set(JSON.stringify([item.step, item.unit]), item);
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, this.#last + intervalMs - performance.now()));
  }

  /** Writes what waits, now: before a step's end, so that its last values stand before it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = [...this.#waiting.values()];
    this.#waiting.clear();
    if (items.length === 0) return;
    this.#last = performance.now();
    this.write(items);
  }

  /** Drops what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }
}
