import type { ObjectAttributes, ObjectHead } from '../../ports/objects';
import type { AnswerHead } from './http/connection-pool';

const kept = [
  'content-type',
  'cache-control',
  'content-encoding',
  'content-disposition',
  'content-language',
  'expires',
] as const;
const metadataPrefix = 'x-amz-meta-';

/** An ETag header or listing value without its quotes. */
export function plainEtag(value: string | undefined): string {
  return (value ?? '').replace(/^W\//, '').replaceAll('"', '');
}

/** Reads what an answer to GET or HEAD says of the object. `size` is the whole object's, also for a range. */
export function readHead(key: string, { headers }: Pick<AnswerHead, 'headers'>): ObjectHead {
  const attributes: Record<string, string> = {};
  for (const name of kept) {
    const value = headers[name];
    if (value !== undefined && value !== '') attributes[name] = value;
  }
  const metadata: Record<string, string> = {};
  for (const name in headers) {
    if (name.startsWith(metadataPrefix)) metadata[name.slice(metadataPrefix.length)] = headers[name] ?? '';
  }
  const range = headers['content-range'];
  const whole = range === undefined ? null : /\/(\d+)$/.exec(range);
  const modified = Date.parse(headers['last-modified'] ?? '');
  return {
    key,
    size: Number(whole?.[1] ?? headers['content-length'] ?? 0),
    etag: plainEtag(headers['etag']),
    modifiedAt: Number.isNaN(modified) ? '' : new Date(modified).toISOString(),
    headers: attributes,
    metadata,
  };
}

/** The headers that give an upload the same attributes. */
export function writeAttributes({ headers, metadata }: ObjectAttributes): Record<string, string> {
  const sent: Record<string, string> = { ...headers };
  for (const [name, value] of Object.entries(metadata)) sent[`${metadataPrefix}${name}`] = value;
  return sent;
}
