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

/** Signs requests to one store with AWS Signature Version 4. The signing key is derived once a day. */
export type Signer = (request: SignableRequest, now: Date) => Record<string, string>;

/** A signer that answers with the headers to send: those of the request with `x-amz-date`, `x-amz-content-sha256` and `authorization`. */
export function createSigner(options: SigningKeyOptions): Signer {
  const { accessKeyId, region } = options;
  let cached: { day: string; key: Buffer } | undefined;
  // Thousands of requests are signed in the same second.
  let second = Number.NaN;
  let timestamp = '';
  const timeOf = (now: Date): string => {
    const seconds = Math.floor(now.getTime() / 1000);
    if (seconds !== second) timestamp = signingTime(now);
    second = seconds;
    return timestamp;
  };
  const keyOf = (day: string): Buffer => {
    if (cached?.day !== day) {
      cached = { day, key: signingKey(options, day) };
    }
    return cached.key;
  };
  return (request, now) => {
    const timestamp = timeOf(now);
    const day = timestamp.slice(0, 8);
    const scope = `${day}/${region}/s3/aws4_request`;
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-content-sha256': request.payload,
      'x-amz-date': timestamp,
    };
    const names = Object.keys(headers).sort();
    const canonical =
      `${request.method}\n${request.path}\n${request.query}\n` +
      names.map((name) => `${name}:${canonicalValue(headers[name] ?? '')}\n`).join('') +
      `\n${names.join(';')}\n${request.payload}`;
    // Header values are byte strings, and all else is ASCII: the bytes signed are the bytes sent.
    const digest = hash('sha256', Buffer.from(canonical, 'latin1'));
    const signature = createHmac('sha256', keyOf(day))
      .update(`AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${digest}`)
      .digest('hex');
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    return headers;
  };
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ {2,}/g, ' ');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}
