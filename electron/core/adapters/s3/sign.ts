import { createHmac, hash } from 'node:crypto';

/** The body is not part of the signature. */
export const unsignedPayload = 'UNSIGNED-PAYLOAD';
/** SHA-256 of nothing. */
export const emptyPayload = hash('sha256', '');

export interface SigningKeyOptions {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

export interface SignableRequest {
  method: string;
  /** Encoded, as it is sent. */
  path: string;
  /** Encoded and sorted, without the question mark. */
  query: string;
  /** Lower-case names; all of them are signed. Values are byte strings. */
  headers: Readonly<Record<string, string>>;
  /** Hex SHA-256 of the body, or {@link unsignedPayload}. */
  payload: string;
}

/** The key that signs a day's requests (`day` is YYYYMMDD). */
export function signingKey({ secretAccessKey, region }: SigningKeyOptions, day: string): Buffer {
  return ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secretAccessKey}`, day), region));
}

/** `YYYYMMDDTHHMMSSZ`, the time in the form of the signature. */
export function signingTime(now: Date): string {
  return now.toISOString().replace(/[-:]|\.\d+/g, '');
}

/** What a request is sent with, besides its own headers. */
export interface Signature {
  'x-amz-content-sha256': string;
  'x-amz-date': string;
  authorization: string;
}

/** Signs requests to one store with AWS Signature Version 4. The signing key is derived once a day. */
export type Signer = (request: SignableRequest, now: Date) => Signature;

export function createSigner(options: SigningKeyOptions): Signer {
  const { accessKeyId, region } = options;
  let cached: { day: string; mac: (text: string) => string } | undefined;
  // Thousands of requests are signed in the same second.
  let second = Number.NaN;
  let timestamp = '';
  const timeOf = (now: Date): string => {
    const seconds = Math.floor(now.getTime() / 1000);
    if (seconds !== second) timestamp = signingTime(now);
    second = seconds;
    return timestamp;
  };
  const macOf = (day: string): ((text: string) => string) => {
    if (cached?.day !== day) cached = { day, mac: createMac(signingKey(options, day)) };
    return cached.mac;
  };
  return ({ method, path, query, headers, payload }, now) => {
    const time = timeOf(now);
    const day = time.slice(0, 8);
    const scope = `${day}/${region}/s3/aws4_request`;
    const names = ['x-amz-content-sha256', 'x-amz-date'];
    for (const name in headers) names.push(name);
    names.sort();
    let lines = '';
    for (const name of names) {
      const value =
        name === 'x-amz-date' ? time : name === 'x-amz-content-sha256' ? payload : (headers[name] ?? '');
      lines += `${name}:${canonicalValue(value)}\n`;
    }
    const signedHeaders = names.join(';');
    const canonical = `${method}\n${path}\n${query}\n${lines}\n${signedHeaders}\n${payload}`;
    // Header values are byte strings, and all else is ASCII: the bytes signed are the bytes sent.
    const digest = hash('sha256', Buffer.from(canonical, 'latin1'));
    const signature = macOf(day)(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`);
    return {
      'x-amz-content-sha256': payload,
      'x-amz-date': time,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    };
  };
}

const macBlock = 64;

/** HMAC-SHA256 of ASCII texts with one key of 32 bytes, in hex. Two one-shot hashes cost half of what an Hmac object does. */
function createMac(key: Buffer): (text: string) => string {
  const padded = (fill: number): Buffer => {
    const block = Buffer.alloc(macBlock, fill);
    for (const [index, byte] of key.entries()) block.writeUInt8(byte ^ fill, index);
    return block;
  };
  const [inner, outer] = [padded(0x36).toString('latin1'), Buffer.concat([padded(0x5c), Buffer.alloc(32)])];
  return (text) => {
    hash('sha256', Buffer.from(inner + text, 'latin1'), 'buffer').copy(outer, macBlock);
    return hash('sha256', outer);
  };
}

function canonicalValue(value: string): string {
  // Not `trim`: to JavaScript the last byte of a UTF-8 “à” is white space.
  return /^[ \t]|[ \t]$| {2}/.test(value)
    ? value.replace(/^[ \t]+|[ \t]+$/g, '').replace(/ {2,}/g, ' ')
    : value;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}
