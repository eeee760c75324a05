/**
 * A signal that aborts with `signal`, or with a `TimeoutError` after so many milliseconds. Node throws away an `AbortSignal.timeout` that only
 * an `AbortSignal.any` knows of before it fires; the timer here keeps hold of its signal.
 */
export function withDeadline(signal: AbortSignal, milliseconds: number): AbortSignal {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException('The operation took too long.', 'TimeoutError'));
  }, milliseconds);
  timer.unref();
  return AbortSignal.any([signal, late.signal]);
}
