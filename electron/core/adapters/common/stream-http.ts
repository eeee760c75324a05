import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';

export interface StreamRequest {
  method: string;
  path: string;
  /** The name in the request's `Host`. */
  host: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
}

/** An answer that was longer than its reader takes. */
export class AnswerTooLongError extends Error {}

/** Sends one request over a connection of the caller's, such as a channel inside SSH. Rejects with what broke the connection. */
export function requestOver(
  stream: Duplex,
  { method, path, host, headers = {}, body }: StreamRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        method,
        path,
        host,
        headers: {
          ...headers,
          connection: 'close',
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': content.length }),
        },
        createConnection: () => withSocketMethods(stream),
        signal,
      },
      resolve,
    );
    request.on('error', reject);
    request.end(content);
  });
}

/** An SSH channel is a stream without the methods of a socket that node:http calls. */
function withSocketMethods(stream: Duplex): Duplex {
  const self = () => stream;
  for (const name of ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref']) {
    if (!(name in stream)) Object.defineProperty(stream, name, { value: self });
  }
  return stream;
}

/** The whole answer as text. Rejects with {@link AnswerTooLongError} beyond the limit. */
export async function readText(answer: IncomingMessage, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const buffer = z.instanceof(Buffer).parse(chunk);
    length += buffer.length;
    if (length > limitBytes) throw new AnswerTooLongError();
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The text as JSON; itself when it is none, null when it is empty. */
export function jsonOrText(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
