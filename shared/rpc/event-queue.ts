/** A queue that its producer fills and one consumer reads as an async iterator. */
export interface EventQueue<T> extends AsyncIterableIterator<T, undefined> {
  readonly size: number;
  push(value: T): void;
  /** Ends the iteration once what is queued has been read. */
  end(): void;
  /** Rejects the iteration once what is queued has been read. */
  fail(error: Error): void;
  return(): Promise<IteratorResult<T, undefined>>;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

/** `taken` runs after each value that the consumer has read, `returned` once when the consumer stops early. */
export function createEventQueue<T>(taken: () => void, returned: () => void): EventQueue<T> {
  const values: T[] = [];
  const waiters: Waiter<T>[] = [];
  let outcome: { error?: Error } | undefined;

  const settle = (result: { error?: Error }) => {
    if (outcome !== undefined) return;
    outcome = result;
    for (const waiter of waiters.splice(0)) {
      if (result.error === undefined) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(result.error);
    }
  };

  return {
    get size() {
      return values.length;
    },
    push(value) {
      if (outcome !== undefined) return;
      const waiter = waiters.shift();
      if (waiter === undefined) {
        values.push(value);
      } else {
        waiter.resolve({ done: false, value });
        taken();
      }
    },
    end: () => settle({}),
    fail: (error) => settle({ error }),
    next() {
      const value = values.shift();
      if (value !== undefined) {
        taken();
        return Promise.resolve({ done: false, value });
      }
      if (outcome?.error !== undefined) {
        const { error } = outcome;
        // An error is thrown once; an iterator that has failed is done.
        outcome = {};
        return Promise.reject(error);
      }
      if (outcome !== undefined) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
    },
    return() {
      const early = outcome === undefined;
      values.length = 0;
      settle({});
      if (early) returned();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
