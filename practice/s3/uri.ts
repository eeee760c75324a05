import { S3Error } from './errors';

const unreserved = new Set(
  Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~', 'latin1'),
);
const hexOf = Array.from(
  { length: 256 },
  (_unused, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);

/** Percent-encodes every UTF-8 byte that is not unreserved; `keep` names further characters that stay as they are. */
export function encodeUri(text: string, keep = ''): string {
  if (/^[A-Za-z0-9._~-]*$/.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += unreserved.has(byte) || keep.includes(character) ? character : (hexOf[byte] ?? '');
  }
  return encoded;
}

/** Undoes percent-encoding byte by byte. Throws `InvalidURI` for a bad escape or bytes that are not UTF-8. */
export function decodeUri(raw: string, plusIsSpace = false): string {
  const source = Buffer.from(raw, 'latin1');
  const bytes = Buffer.alloc(source.length);
  let length = 0;
  for (let index = 0; index < source.length; index += 1) {
    let byte = source[index] ?? 0;
    if (byte === 0x25) {
      const hex = source.toString('latin1', index + 1, index + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) throw new S3Error('InvalidURI');
      byte = Number.parseInt(hex, 16);
      index += 2;
    } else if (byte === 0x2b && plusIsSpace) {
      byte = 0x20;
    }
    bytes[length] = byte;
    length += 1;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length));
  } catch {
    throw new S3Error('InvalidURI');
  }
}

/** The request line taken apart without normalising anything: a key with `//` or `..` stays as it was sent. */
export interface Target {
  /** Decoded; empty for the service itself. */
  bucket: string;
  /** Decoded; empty for the bucket itself. */
  key: string;
  /** The path as SigV4 signs it. */
  canonicalPath: string;
  query: ReadonlyMap<string, string>;
}

/** Takes a raw request target apart. Throws `InvalidURI`. */
export function parseTarget(raw: string): Target {
  const target = raw.replace(/^https?:\/\/[^/]*/, '');
  const mark = target.indexOf('?');
  const path = decodeUri(mark === -1 ? target : target.slice(0, mark));
  if (!path.startsWith('/')) throw new S3Error('InvalidURI');
  const slash = path.indexOf('/', 1);
  const query = new Map<string, string>();
  for (const pair of mark === -1 ? [] : target.slice(mark + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeUri(equals === -1 ? pair : pair.slice(0, equals), true);
    if (query.has(name)) throw new S3Error('InvalidArgument', 'A query parameter was given twice.');
    query.set(name, equals === -1 ? '' : decodeUri(pair.slice(equals + 1), true));
  }
  return {
    bucket: slash === -1 ? path.slice(1) : path.slice(1, slash),
    key: slash === -1 ? '' : path.slice(slash + 1),
    canonicalPath: encodeUri(path, '/'),
    query,
  };
}
