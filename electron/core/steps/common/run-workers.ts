/**
 * Works through items in their order, up to `limit` at a time; an item is asked for when a worker is free. After the first failure nothing new
 * begins; what is under way ends before the returned promise rejects with that failure.
 */
export async function runWorkers<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (index: number): Promise<void> => {
    while (failures.length === 0) {
      const next = waiting.next();
      if (next.done === true) return;
      try {
        await work(next.value, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, (_, index) => worker(index)));
  if (failures.length > 0) throw failures[0];
}
