import { request as send } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TransferAddress } from '#shared/desktop/core-messages';
import { AppError } from '#shared/model/errors';
import { sizeHeader, transferPathPattern } from '#shared/page/transfers';

/** Whether a path of the page's scheme is one of file bytes. */
export const isTransferPath = (pathname: string): boolean => transferPathPattern.test(pathname);

/**
 * Passes a request for file bytes on to the core's process, and its answer back, both at the pace of the slower end. A page that
 * goes away breaks the request off.
 */
export async function forwardTransfer(
  request: Request,
  address: Promise<TransferAddress>,
): Promise<Response> {
  try {
    const { pipe, key } = await address;
    return await forward(request, pipe, key);
  } catch (error) {
    const lost = new AppError('CONNECTION_LOST', 'The part of Cutover that does the work has ended.', {
      retryable: true,
      hint: 'Try again once it is back: what has arrived stays.',
      cause: error,
    });
    return Response.json(lost.toShape(), { status: 503, headers: { 'cache-control': 'no-store' } });
  }
}

function forward(request: Request, pipe: string, key: string): Promise<Response> {
  const { headers, method, body, url } = request;
  // A scheme of our own has no content-length: the page says in another header how much it sends.
  const size = headers.get(sizeHeader);
  const range = headers.get('range');
  return new Promise((resolve, reject) => {
    const outgoing = send(
      {
        socketPath: pipe,
        path: new URL(url).pathname,
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(range === null ? {} : { range }),
          ...(body === null ? {} : { 'content-type': 'application/octet-stream' }),
          ...(size !== null && /^\d{1,15}$/.test(size) ? { 'content-length': size } : {}),
        },
      },
      (incoming) => {
        const status = incoming.statusCode ?? 502;
        const answered = new Headers();
        for (const [name, value] of Object.entries(incoming.headers)) {
          if (typeof value === 'string' && name !== 'connection' && name !== 'keep-alive')
            answered.set(name, value);
        }
        if (status === 204) incoming.resume();
        resolve(
          new Response(status === 204 ? null : Readable.toWeb(incoming), { status, headers: answered }),
        );
      },
    );
    outgoing.on('error', reject);
    if (body === null) outgoing.end();
    else pipeline(Readable.fromWeb(body), outgoing).catch(reject);
  });
}
