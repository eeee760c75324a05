import type { IncomingHttpHeaders } from 'node:http';
import { checksumAlgorithms, hasherOf, type ChecksumAlgorithm, type Hasher } from './checksums';
import { S3Error } from './errors';
import type { SignedPayload } from './signature';

/** What was learnt of a body that has been read to its end and found undamaged. */
export interface BodySummary {
  size: number;
  /** Hex, without quotes. */
  md5: string;
  /** Checksums that the client sent and that held, base64. */
  checksums: Partial<Record<ChecksumAlgorithm, string>>;
}

const streaming = new Set([
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
]);

/**
 * Reads a request body: undoes `aws-chunked`, hands the data to `sink`, and checks length, payload hash, Content-MD5
 * and every checksum that the client sent, in a header or a trailer. Throws an S3Error when one does not hold.
 */
export async function readBody(
  source: AsyncIterable<Buffer>,
  headers: IncomingHttpHeaders,
  payload: SignedPayload,
  sink: (chunk: Buffer) => Promise<void> | void,
): Promise<BodySummary> {
  const { contentHash } = payload;
  const chunked = streaming.has(contentHash);
  const declared = chunked ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (declared === undefined && (chunked || headers['transfer-encoding'] !== undefined)) {
    throw new S3Error('MissingContentLength');
  }

  const expected = expectedChecksums(headers);
  const hashers = new Map<ChecksumAlgorithm, Hasher>();
  for (const name of [...expected.keys(), ...announcedTrailers(headers)]) hashers.set(name, hasherOf(name));
  const signedHash = /^[0-9a-f]{64}$/.test(contentHash) ? hasherOf('sha256') : undefined;
  if (signedHash === undefined && !chunked && contentHash !== 'UNSIGNED-PAYLOAD') {
    throw new S3Error(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.',
    );
  }
  const md5 = hasherOf('md5');
  let size = 0;
  const take = async (chunk: Buffer): Promise<void> => {
    size += chunk.length;
    md5.update(chunk);
    signedHash?.update(chunk);
    for (const hasher of hashers.values()) hasher.update(chunk);
    await sink(chunk);
  };

  if (chunked) {
    for (const [name, value] of await readChunked(source, payload, take)) expected.set(name, value);
  } else {
    for await (const chunk of source) await take(chunk);
  }
  if (size !== Number(declared ?? 0)) throw new S3Error('IncompleteBody');
  if (signedHash !== undefined && signedHash.digest().toString('hex') !== contentHash) {
    throw new S3Error('XAmzContentSHA256Mismatch');
  }
  const digest = md5.digest();
  checkMd5(headers, digest);
  const checksums: BodySummary['checksums'] = {};
  for (const [name, value] of expected) {
    if (hashers.get(name)?.digest().toString('base64') !== value) throw new S3Error('BadDigest');
    checksums[name] = value;
  }
  return { size, md5: digest.toString('hex'), checksums };
}

function checkMd5(headers: IncomingHttpHeaders, digest: Buffer): void {
  const sent = headers['content-md5'];
  if (sent === undefined) return;
  const value = Buffer.from(String(sent), 'base64');
  if (value.length !== 16) throw new S3Error('InvalidDigest');
  if (!value.equals(digest)) throw new S3Error('BadDigest');
}

function expectedChecksums(headers: IncomingHttpHeaders): Map<ChecksumAlgorithm, string> {
  const expected = new Map<ChecksumAlgorithm, string>();
  for (const name of checksumAlgorithms) {
    const value = headers[`x-amz-checksum-${name}`];
    if (typeof value === 'string') expected.set(name, value);
  }
  return expected;
}

function announcedTrailers(headers: IncomingHttpHeaders): ChecksumAlgorithm[] {
  return String(headers['x-amz-trailer'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
    .map((name) => {
      const algorithm = checksumAlgorithms.find((known) => name === `x-amz-checksum-${known}`);
      if (algorithm === undefined)
        throw new S3Error('NotImplemented', `The trailer ${name} is not implemented.`);
      return algorithm;
    });
}

const maxLine = 16_384;

/** Undoes `aws-chunked` framing and answers with the checksums of the trailer. */
async function readChunked(
  source: AsyncIterable<Buffer>,
  payload: SignedPayload,
  take: (chunk: Buffer) => Promise<void>,
): Promise<Map<ChecksumAlgorithm, string>> {
  const signed = payload.contentHash.startsWith('STREAMING-AWS4');
  const reader = byteReader(source);
  for (;;) {
    const header = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await reader.line());
    if (header === null) throw new S3Error('IncompleteBody', 'The aws-chunked framing is damaged.');
    const [, hex = '', signature] = header;
    const size = Number.parseInt(hex, 16);
    const pieces: Buffer[] = [];
    for (let left = size; left > 0;) {
      const piece = await reader.upTo(left);
      left -= piece.length;
      if (signed) pieces.push(piece);
      else await take(piece);
    }
    if (signed) {
      const chunk = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
      payload.checkChunk(signature ?? '', chunk);
      if (size > 0) await take(chunk);
    }
    if (size === 0) break;
    if ((await reader.line()) !== '')
      throw new S3Error('IncompleteBody', 'The aws-chunked framing is damaged.');
  }
  return readTrailer(reader, payload, signed);
}

async function readTrailer(
  reader: ByteReader,
  payload: SignedPayload,
  signed: boolean,
): Promise<Map<ChecksumAlgorithm, string>> {
  const found = new Map<ChecksumAlgorithm, string>();
  let text = '';
  let signature: string | undefined;
  for (let line = await reader.line(true); line !== ''; line = await reader.line(true)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      signature = value;
      continue;
    }
    text += `${name}:${value}\n`;
    const algorithm = checksumAlgorithms.find((known) => name === `x-amz-checksum-${known}`);
    if (algorithm !== undefined) found.set(algorithm, value);
  }
  if (signed && payload.contentHash.endsWith('-TRAILER')) payload.checkTrailer(signature ?? '', text);
  return found;
}

interface ByteReader {
  /** The next line without its CRLF; at the end of the body an empty one when `endIsEmpty`. */
  line(endIsEmpty?: boolean): Promise<string>;
  /** At least one and at most `limit` bytes. */
  upTo(limit: number): Promise<Buffer>;
}

function byteReader(source: AsyncIterable<Buffer>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let buffer: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    buffer = buffer.length === 0 ? next.value : Buffer.concat([buffer, next.value]);
    return true;
  };
  return {
    line: async (endIsEmpty = false) => {
      for (;;) {
        const end = buffer.indexOf('\r\n');
        if (end !== -1) {
          const line = buffer.toString('latin1', 0, end);
          buffer = buffer.subarray(end + 2);
          return line;
        }
        if (buffer.length > maxLine)
          throw new S3Error('IncompleteBody', 'The aws-chunked framing is damaged.');
        if (!(await more())) {
          if (endIsEmpty && buffer.length === 0) return '';
          throw new S3Error('IncompleteBody');
        }
      }
    },
    upTo: async (limit) => {
      if (buffer.length === 0 && !(await more())) throw new S3Error('IncompleteBody');
      const piece = buffer.subarray(0, limit);
      buffer = buffer.subarray(piece.length);
      return piece;
    },
  };
}
