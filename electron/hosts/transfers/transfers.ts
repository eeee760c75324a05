import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { strictHeaders } from '#shared/page/page-policy';
import { transferPathPattern } from '#shared/page/transfers';
import { toAppError, type AppError } from '#shared/model/errors';

/** A file on its way out. */
interface Download {
  fileName: string;
  mediaType: string;
  /** Bytes of the whole, when known. */
  size?: number;
  /** Shown by the page that asked for it; everything else is saved. */
  inline?: boolean;
  /** What `body` holds, when a range was asked for and is given: from `start` up to, not including, `end`. */
  range?: { start: number; end: number };
  body: Readable;
}

/** A range as a request names it: the last bytes, or those from `start` to before `end` or the end. */
export type RequestedRange = { last: number } | { start: number; end?: number };

/** What a page says of a file that it sends. */
export interface UploadMeta {
  mediaType: string;
  /** Bytes, when the page named them. */
  size?: number;
}

/**
 * File bytes, which go beside the contract as HTTP streams. An id is whatever the core handed out for one transfer; it holds
 * letters, digits, `.`, `_` and `-`. Both reject with an AppError; `NOT_FOUND` for an id that is not known.
 */
export interface TransferHandlers {
  download(id: string, signal: AbortSignal, range?: RequestedRange): Promise<Download>;
  /** Reads the body to its end, at its own pace. The signal aborts when the page goes away. */
  upload(id: string, body: Readable, meta: UploadMeta, signal: AbortSignal): Promise<void>;
}

/** The id in a path, or undefined when the path is not one of a transfer. */
export function transferId(requestPath: string): string | undefined {
  return transferPathPattern.exec(requestPath)?.[1];
}

function statusOf({ code }: AppError): number {
  if (code === 'NOT_FOUND') return 404;
  return code === 'INVALID_INPUT' ? 400 : 500;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...strictHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

/** RFC 6266: a plain name for old clients, and the exact one. */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\w .-]/g, '_');
  // A name from elsewhere can hold half a surrogate pair, which encodeURIComponent refuses.
  const wellFormed = Buffer.from(fileName).toString();
  const exact = encodeURIComponent(wellFormed).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

function parseSize(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** One range of bytes; several, or another unit, count as none, as HTTP allows. */
function requestedRange(text: string | undefined): RequestedRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (from === '') return to === '' ? undefined : { last: Number(to) };
  return { start: Number(from), ...(to === '' ? {} : { end: Number(to) + 1 }) };
}

async function sendDownload(
  response: ServerResponse,
  download: Download,
  signal: AbortSignal,
): Promise<void> {
  const { fileName, mediaType, size, inline, range, body } = download;
  const length = range === undefined ? size : range.end - range.start;
  response.writeHead(range === undefined ? 200 : 206, {
    ...strictHeaders,
    // What is downloaded is not ours: should a browser show it after all, it may do nothing.
    'content-security-policy': "default-src 'none'; sandbox",
    'content-type': mediaType,
    'content-disposition': inline === true ? 'inline' : attachment(fileName),
    'cache-control': 'no-store',
    ...(size === undefined ? {} : { 'accept-ranges': 'bytes' }),
    ...(range === undefined
      ? {}
      : { 'content-range': `bytes ${range.start}-${range.end - 1}/${size ?? '*'}` }),
    ...(length === undefined ? {} : { 'content-length': length }),
  });
  await pipeline(body, response, { signal });
}

/**
 * Answers `GET /transfer/<id>` with a download and `PUT` with an upload. Errors before the first byte arrive as an
 * ErrorShape in JSON; later ones break the connection off, so that a short file never looks whole.
 */
export async function serveTransfer(
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  handlers: TransferHandlers,
): Promise<void> {
  const controller = new AbortController();
  response.on('close', () => controller.abort());
  try {
    if (request.method === 'GET') {
      const range = requestedRange(request.headers.range);
      const download = await handlers.download(id, controller.signal, range);
      await sendDownload(response, download, controller.signal);
      return;
    }
    const size = parseSize(request.headers['content-length']);
    await handlers.upload(
      id,
      request,
      {
        mediaType: request.headers['content-type'] ?? 'application/octet-stream',
        ...(size === undefined ? {} : { size }),
      },
      controller.signal,
    );
    response.writeHead(204, { ...strictHeaders, 'cache-control': 'no-store' }).end();
  } catch (thrown) {
    const error = toAppError(thrown);
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // The rest of an upload that failed is not read.
    response.setHeader('connection', 'close');
    sendJson(response, statusOf(error), error.toShape());
  }
}
