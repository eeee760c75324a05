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
  let ended = false;
  /** Not yet thrown: an iterator throws an error once, and is done after it. */
  let failure: Error | undefined;

  const settle = (error?: Error) => {
    if (ended) return;
    ended = true;
    failure = error;
    for (const waiter of waiters.splice(0)) {
      if (failure === undefined) {
        waiter.resolve({ done: true, value: undefined });
      } else {
        waiter.reject(failure);
        failure = undefined;
      }
    }
  };

  return {
    get size() {
      return values.length;
    },
    push(value) {
      if (ended) return;
      const waiter = waiters.shift();
      if (waiter === undefined) {
        values.push(value);
      } else {
        waiter.resolve({ done: false, value });
        taken();
      }
    },
    end: () => settle(),
    fail: (error) => settle(error),
    next() {
      const value = values.shift();
      if (value !== undefined) {
        taken();
        return Promise.resolve({ done: false, value });
      }
      if (failure !== undefined) {
        const error = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
    },
    return() {
      const early = !ended;
      values.length = 0;
      failure = undefined;
      settle();
      if (early) returned();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
