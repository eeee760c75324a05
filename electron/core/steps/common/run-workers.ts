/**
 * Works through items in their order, up to `limit` at a time. After the first failure nothing new begins; what is under way
 * ends before the returned promise rejects with that failure.
 */
export async function runWorkers<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async (index: number): Promise<void> => {
    for (;;) {
      const item = items[next];
      if (failures.length > 0 || next >= items.length || item === undefined) return;
      next += 1;
      try {
        await work(item, index);
      } catch (error) {
        failures.push(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, (_, index) => worker(index)));
  if (failures.length > 0) throw failures[0];
}
