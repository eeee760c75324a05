import type { Dispatcher } from 'undici';
import type { HeldAnswer } from './store-client';

/** More than any answer that is held, so that a store can't fill the memory, in bytes. */
const mostHeld = 64 * 1024 * 1024;

/** Response headers with each name once; values are byte strings. */
export function plainHeaders(
  given: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in given) {
    const value = given[name];
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

/**
 * One exchange with the whole answer in memory. It leaves out the streams that undici makes of an answer, which cost more than the
 * exchange itself when objects are small. Rejects with the errors of undici, and with the signal's reason.
 */
export function dispatchHeld(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<HeldAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let ended = false;
    let status = 0;
    let headers: Record<string, string> = {};
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (error: Error): void => {
      if (ended) return;
      ended = true;
      signal.removeEventListener('abort', onAbort);
      controller?.abort(error);
      reject(error);
    };
    const onAbort = (): void => {
      const reason: unknown = signal.reason;
      fail(reason instanceof Error ? reason : new Error('It was stopped.'));
    };
    signal.addEventListener('abort', onAbort);
    dispatcher.dispatch(options, {
      onRequestStart: (given) => {
        controller = given;
        // Stopped while it waited for a connection.
        if (ended) given.abort(new Error('It was stopped.'));
      },
      onResponseStart: (_controller, statusCode, given) => {
        status = statusCode;
        headers = plainHeaders(given);
      },
      onResponseData: (_controller, chunk) => {
        length += chunk.length;
        if (length > mostHeld) fail(new Error(`The answer has more than ${mostHeld} bytes.`));
        else chunks.push(chunk);
      },
      onResponseEnd: () => {
        if (ended) return;
        ended = true;
        signal.removeEventListener('abort', onAbort);
        const [only = Buffer.alloc(0)] = chunks;
        resolve({ status, headers, body: chunks.length > 1 ? Buffer.concat(chunks, length) : only });
      },
      onResponseError: (_controller, error) => fail(error),
    });
  });
}
