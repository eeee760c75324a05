/** A fixed number of slots that tasks share. */
export interface Slots {
  /** Waits for a free slot; the answer gives it back. */
  take(): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const giveBack = (): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    };
  };
  return {
    take: () =>
      new Promise((resolve) => {
        if (free > 0) {
          free -= 1;
          resolve(giveBack());
        } else {
          waiting.push(() => resolve(giveBack()));
        }
      }),
  };
}
