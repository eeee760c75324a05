import { isCancelled, toAppError } from '#shared/model/errors';

/** Throws what stopped workers that stop each other: those that were stopped only say that they were. */
export function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [toAppError(result.reason)] : [],
  );
  const first = failures.find((failure) => !isCancelled(failure)) ?? failures[0];
  if (first !== undefined) throw first;
}
