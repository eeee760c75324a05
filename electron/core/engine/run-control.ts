import { AppError, toAppError } from '#shared/model/errors';

/** Why a run stops before its end. */
export type StopReason =
  | { kind: 'cancelled' }
  /** The host closes, or the lock or the journal is lost. */
  | { kind: 'interrupted'; error?: AppError }
  | { kind: 'failed'; error: AppError };

/**
 * The one place that says whether a run goes on. `cancelled` and `interrupted` abort the signal at once; `failed` lets units
 * that are under way end and only keeps new ones from beginning. The first reason to abort stands over a failure.
 */
export class RunControl {
  readonly #abort = new AbortController();
  #reason: StopReason | undefined;
  #paused = false;
  #wake: (() => void)[] = [];

  /** Goes through everything that waits. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why the run stops; undefined while it goes on. A method, because the answer changes between two looks. */
  reason(): StopReason | undefined {
    return this.#reason;
  }

  get paused(): boolean {
    return this.#paused;
  }

  stop(reason: StopReason): void {
    if (this.#abort.signal.aborted) return;
    if (reason.kind === 'failed') {
      this.#reason ??= reason;
    } else {
      this.#reason = reason;
      this.#abort.abort(new AppError('CANCELLED', 'The run was stopped.'));
    }
    this.#wakeAll();
  }

  /** Returns whether this changed anything. */
  pause(paused: boolean): boolean {
    if (this.#paused === paused) return false;
    this.#paused = paused;
    if (!paused) this.#wakeAll();
    return true;
  }

  /** A unit's boundary: waits while the run is paused, and throws `CANCELLED` when it stops. */
  async boundary(): Promise<void> {
    for (;;) {
      if (this.#abort.signal.aborted) throw toAppError(this.#abort.signal.reason);
      if (this.#reason !== undefined)
        throw new AppError('CANCELLED', 'The run stops because another step failed.');
      if (!this.#paused) return;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
