import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Side } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import { zipOf, type ZipOrder } from './zip';

/** A file on its way out of the host, beside the contract. */
export interface TransferDownload {
  fileName: string;
  mediaType: string;
  /** Shown in the page rather than saved. Only media that hold no script are. */
  inline: boolean;
  /** Bytes of the whole, when known; only then ranges can be asked for. */
  size?: number;
  /** What `body` holds of it, when a range was asked for. */
  range?: { start: number; end: number };
  body: Readable;
}

/** A range as an HTTP request names it: the last bytes, or those from `start` to before `end` or the end. */
export type RequestedRange = { last: number } | { start: number; end?: number | undefined };

interface FileTicket {
  kind: 'file';
  side: Side;
  bucket: string;
  key: string;
  versionId?: string | undefined;
  etag: string;
  size: number;
  fileName: string;
  mediaType: string;
  inline: boolean;
}
type ZipTicket = { kind: 'zip'; side: Side; fileName: string } & ZipOrder;
export type DownloadTicket = FileTicket | ZipTicket;

/** Tickets that are remembered; a page that stays open longer asks for a new one. */
const ticketsKept = 2000;

/** Gives out ids for what may be read beside the contract, and reads it. An id can't be guessed, and names one object or choice. */
export function createDownloads(reader: (side: Side) => Promise<BucketReader>) {
  const tickets = new Map<string, DownloadTicket>();
  return {
    issue: (ticket: DownloadTicket): string => {
      const id = randomUUID();
      tickets.set(id, ticket);
      const [oldest] = tickets.keys();
      if (tickets.size > ticketsKept && oldest !== undefined) tickets.delete(oldest);
      return id;
    },
    /** Throws `NOT_FOUND` for an id that was not given out, or whose object is gone, and `INVALID_INPUT` for a range outside of it. */
    open: async (
      id: string,
      signal: AbortSignal,
      range: RequestedRange | undefined,
    ): Promise<TransferDownload> => {
      const ticket = tickets.get(id);
      if (ticket === undefined) {
        throw new AppError('NOT_FOUND', 'This address is not good any more.', {
          hint: 'Reload the page and try again.',
        });
      }
      const from = await reader(ticket.side);
      if (ticket.kind === 'file') return openFile(from, ticket, range, signal);
      const { fileName } = ticket;
      return { fileName, mediaType: 'application/zip', inline: false, body: zipOf(from, ticket, signal) };
    },
  };
}

async function openFile(
  from: BucketReader,
  ticket: FileTicket,
  asked: RequestedRange | undefined,
  signal: AbortSignal,
): Promise<TransferDownload> {
  const { bucket, key, versionId, etag, size, fileName, mediaType, inline } = ticket;
  const range = asked === undefined ? undefined : rangeWithin(asked, size);
  const { body } = await from.read(bucket, key, { range, ifMatch: etag, versionId }, signal);
  return {
    fileName,
    mediaType,
    inline,
    size,
    ...(range === undefined ? {} : { range }),
    body: Readable.from(body, { objectMode: false }),
  };
}

function rangeWithin(asked: RequestedRange, size: number): { start: number; end: number } {
  const range =
    'last' in asked
      ? { start: Math.max(0, size - asked.last), end: size }
      : { start: asked.start, end: Math.min(size, asked.end ?? size) };
  if (range.start >= range.end) throw new AppError('INVALID_INPUT', 'The object has no such bytes.');
  return range;
}
