import type { IncomingHttpHeaders } from 'node:http';
import type { BlobWriter } from './blobs';
import { readBody, type BodySummary } from './body';
import { S3Error } from './errors';
import type { SignedPayload } from './signature';
import type { Blob } from './blobs';
import type { Bucket, Store } from './store';

/** Which service the server stands in for. */
export type S3Profile = 'minio' | 'r2';

/** A request whose signature has been verified. */
export interface Call {
  method: string;
  bucket: string;
  key: string;
  query: ReadonlyMap<string, string>;
  headers: IncomingHttpHeaders;
  payload: SignedPayload;
  body: AsyncIterable<Buffer>;
  store: Store;
  profile: S3Profile;
  /** Whether a lock keeps an object from being deleted. */
  locked: (bucket: string, key: string) => boolean;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | { length: number; data: AsyncIterable<Buffer> };
}

/** An XML answer. */
export function xml(text: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/xml' }, body: text };
}

/** One header as text. */
export function header(call: Call, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

const maxDocument = 4 * 1024 * 1024;

/** Reads a small body into memory. Throws `MalformedXML` when it is larger than a document can be. */
export async function readDocument(call: Call): Promise<{ text: Buffer; summary: BodySummary }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const summary = await readBody(call.body, call.headers, call.payload, (chunk) => {
    size += chunk.length;
    if (size > maxDocument) throw new S3Error('MalformedXML');
    chunks.push(chunk);
  });
  return { text: Buffer.concat(chunks), summary };
}

/** Stores a body as a blob; nothing is kept when it turns out to be damaged or the store is full. */
export async function storeBody(call: Call): Promise<{ blob: Blob; summary: BodySummary }> {
  const writer = await call.store.blobs.create();
  return finishOrDiscard(writer, async () =>
    readBody(call.body, call.headers, call.payload, (chunk) => writer.write(chunk)),
  );
}

/** Runs what fills a writer, then finishes it; discards it on failure. */
export async function finishOrDiscard<T>(
  writer: BlobWriter,
  fill: () => Promise<T>,
): Promise<{ blob: Blob; summary: T }> {
  try {
    const summary = await fill();
    return { summary, blob: await writer.finish() };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** The bucket that a call names. */
export function bucketOf(call: Call): Bucket {
  return call.store.bucket(call.bucket);
}

/** An integer from the query. Throws `InvalidArgument` outside its limits. */
export function integerQuery(
  call: Call,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = call.query.get(name);
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least)
    throw new S3Error('InvalidArgument', `${name} must be an integer of at least ${least}.`);
  return Math.min(value, most);
}
