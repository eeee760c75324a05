import { once } from 'node:events';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { ObjectPreview } from '#shared/model/buckets';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import type { ObjectHead } from '../../ports/objects';
import { mediaKindOf, type MediaKind } from './media-type';

/** Bytes that are read of an object to see what it is. */
const sampleBytes = 256 * 1024;
/** What a browser decodes whole in memory. */
const largestImage = 64 * 1024 * 1024;

/**
 * What can be shown of an object. `open` gives out the way to the bytes of a medium. An unpacked text never grows beyond the
 * sample, whatever it was packed from.
 */
export async function previewObject(
  reader: BucketReader,
  head: ObjectHead,
  place: { bucket: string; key: string; versionId?: string | undefined },
  open: (media: MediaKind) => string,
  signal: AbortSignal,
): Promise<ObjectPreview> {
  if (head.size === 0) return { kind: 'none', reason: 'The object is empty.' };
  const sample = await readSample(reader, head, place, signal);
  const encoding = (head.headers['content-encoding'] ?? '').trim().toLowerCase();
  const packed = encoding !== '' && encoding !== 'identity' && encoding !== 'aws-chunked';
  const media = packed ? undefined : mediaKindOf(sample);
  if (media !== undefined) {
    if (media.kind === 'image' && head.size > largestImage) {
      return { kind: 'none', reason: 'The image is larger than 64 MB. Download it to see it.' };
    }
    return { kind: media.kind, mediaType: media.mediaType, transferId: open(media) };
  }
  const unpacked = packed ? await unpack(sample, encoding) : sample;
  if (unpacked === undefined) return { kind: 'none', reason: `Its bytes are not ${encoding}, as it says.` };
  const text = asText(unpacked);
  if (text === undefined)
    return { kind: 'none', reason: 'It is neither text nor a medium that can be shown.' };
  return {
    kind: 'text',
    form: formOf(place.key, head.headers['content-type'] ?? ''),
    text,
    truncated: head.size > sample.length || unpacked.length >= sampleBytes,
    ...(packed ? { unpacked: encoding } : {}),
  };
}

async function readSample(
  reader: BucketReader,
  head: ObjectHead,
  { bucket, key, versionId }: { bucket: string; key: string; versionId?: string | undefined },
  signal: AbortSignal,
): Promise<Buffer> {
  const end = Math.min(head.size, sampleBytes);
  const { body } = await reader.read(bucket, key, { range: { start: 0, end }, versionId }, signal);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    // A store that knows no ranges sends the whole.
    if (length >= end) break;
  }
  return Buffer.concat(chunks).subarray(0, end);
}

/** Undoes a content encoding up to the size of the sample; undefined when the bytes have another form. */
async function unpack(sample: Buffer, encoding: string): Promise<Buffer | undefined> {
  const stream = decoderOf(encoding);
  if (stream === undefined) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length >= sampleBytes) return;
    chunks.push(chunk.subarray(0, sampleBytes - length));
    length += chunk.length;
    // What a small object unpacks to has no bound: the rest of it is not unpacked.
    if (length >= sampleBytes) stream.destroy();
  });
  const closed = once(stream, 'close').catch(() => undefined);
  stream.on('error', () => undefined);
  stream.end(sample);
  await closed;
  return chunks.length === 0 ? undefined : Buffer.concat(chunks);
}

function decoderOf(encoding: string) {
  // The sample ends in the middle of the stream, which is no failure.
  const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip(zlib);
    case 'deflate':
      return createInflate(zlib);
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    default:
      return undefined;
  }
}

/** Text in UTF-8 or UTF-16 with its mark; undefined for anything else. */
function asText(bytes: Buffer): string | undefined {
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (wide) return bytes.subarray(2).toString('utf16le');
  if (bytes.subarray(0, 8192).includes(0)) return undefined;
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  // A character that the sample cuts apart is at the end; anything else that does not decode is no text.
  const odd = text.replace(/\ufffd{1,3}$/, '').match(/\ufffd/g)?.length ?? 0;
  return odd * 100 > text.length ? undefined : text;
}

function formOf(key: string, type: string): 'plain' | 'json' | 'csv' {
  const name = key.toLowerCase();
  if (/\.(json|geojson|webmanifest)$/.test(name) || /^application\/([\w.+-]*\+)?json\b/.test(type))
    return 'json';
  return /\.(csv|tsv)$/.test(name) || /^text\/(csv|tab-separated-values)\b/.test(type) ? 'csv' : 'plain';
}
