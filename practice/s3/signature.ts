import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors';
import { encodeUri, type Target } from './uri';

const algorithm = 'AWS4-HMAC-SHA256';
const maxSkewMs = 15 * 60_000;
const maxExpirySeconds = 604_800;
const emptyHash = createHash('sha256').digest('hex');

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** What the signature says of the body. */
export interface SignedPayload {
  /** `x-amz-content-sha256` as sent: a hex digest or one of the literal markers. */
  contentHash: string;
  /** Checks a chunk's signature in a signed `aws-chunked` body; call it in order, the empty last chunk included. */
  checkChunk(signature: string, chunk: Buffer): void;
  /** Checks the signature over the trailing headers as they were sent. */
  checkTrailer(signature: string, trailer: string): void;
}

interface Claim {
  accessKeyId: string;
  day: string;
  region: string;
  signedHeaders: string[];
  signature: string;
  timestamp: string;
  contentHash: string;
  query: ReadonlyMap<string, string>;
}

/**
 * Verifies a SigV4 request, header or presigned. Throws the S3Error that S3 answers with; the comparison of signatures
 * takes constant time. `regions` lists the accepted ones.
 */
export function verifySignature(
  request: { method: string; headers: IncomingHttpHeaders; target: Target },
  credentials: Credentials,
  regions: readonly string[],
  now: number,
): SignedPayload {
  const { headers, method, target } = request;
  const claim =
    headers.authorization === undefined
      ? queryClaim(target, headers, now)
      : headerClaim(target, headers, now);
  if (!regions.includes(claim.region)) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The region '${claim.region}' is wrong; expecting '${regions[0] ?? ''}'.`,
    );
  }
  if (!claim.timestamp.startsWith(claim.day))
    throw new S3Error('AuthorizationHeaderMalformed', 'Date in credential scope is wrong.');
  checkSignedHeaders(headers, claim.signedHeaders);
  if (!sameText(claim.accessKeyId, credentials.accessKeyId)) throw new S3Error('InvalidAccessKeyId');

  const key = signingKey(credentials.secretAccessKey, claim.day, claim.region);
  const scope = `${claim.day}/${claim.region}/s3/aws4_request`;
  const canonical = [
    method,
    target.canonicalPath,
    canonicalQuery(claim.query),
    ...claim.signedHeaders.map((name) => `${name}:${headerText(headers, name)}`),
    '',
    claim.signedHeaders.join(';'),
    claim.contentHash,
  ].join('\n');
  const seed = sign(key, [algorithm, claim.timestamp, scope, sha256(Buffer.from(canonical, 'latin1'))]);
  if (!sameText(seed, claim.signature)) throw new S3Error('SignatureDoesNotMatch');

  let previous = seed;
  const chain = (signature: string, kind: string, hashes: string[]): void => {
    const expected = sign(key, [`${algorithm}-${kind}`, claim.timestamp, scope, previous, ...hashes]);
    if (!sameText(expected, signature)) throw new S3Error('SignatureDoesNotMatch');
    previous = expected;
  };
  return {
    contentHash: claim.contentHash,
    checkChunk: (signature, chunk) => chain(signature, 'PAYLOAD', [emptyHash, sha256(chunk)]),
    checkTrailer: (signature, trailer) =>
      chain(signature, 'TRAILER', [sha256(Buffer.from(trailer, 'latin1'))]),
  };
}

/** The headers of a request with its signature; all of them are signed, and `x-amz-content-sha256` must be among them. */
export function signHeaders(
  request: { method: string; path: string; query: string; headers: Readonly<Record<string, string>> },
  credentials: Credentials,
  region: string,
  now: number,
): Record<string, string> {
  const timestamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = timestamp.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': timestamp };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.path,
    request.query,
    ...names.map((name) => `${name}:${headerText(headers, name)}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'] ?? '',
  ].join('\n');
  const key = signingKey(credentials.secretAccessKey, day, region);
  const signature = sign(key, [algorithm, timestamp, scope, sha256(Buffer.from(canonical, 'latin1'))]);
  const credential = `${credentials.accessKeyId}/${scope}`;
  return {
    ...headers,
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

function headerClaim(target: Target, headers: IncomingHttpHeaders, now: number): Claim {
  const match =
    /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,]*)\/s3\/aws4_request,\s*SignedHeaders=([a-z0-9;_.-]+),\s*Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  if (match === null) throw new S3Error('AuthorizationHeaderMalformed');
  const [, accessKeyId = '', day = '', region = '', signedHeaders = '', signature = ''] = match;
  const timestamp = headerText(headers, 'x-amz-date');
  if (Math.abs(parseTimestamp(timestamp) - now) > maxSkewMs) throw new S3Error('RequestTimeTooSkewed');
  const contentHash = headerText(headers, 'x-amz-content-sha256');
  if (contentHash === '')
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256.');
  return {
    accessKeyId,
    day,
    region,
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    contentHash,
    query: target.query,
  };
}

function queryClaim(target: Target, headers: IncomingHttpHeaders, now: number): Claim {
  const { query } = target;
  if (!query.has('X-Amz-Signature')) throw new S3Error('AccessDenied');
  const scope = /^([^/]+)\/(\d{8})\/([^/]*)\/s3\/aws4_request$/.exec(query.get('X-Amz-Credential') ?? '');
  const expires = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  const timestamp = query.get('X-Amz-Date') ?? '';
  if (
    scope === null ||
    query.get('X-Amz-Algorithm') !== algorithm ||
    !Number.isInteger(expires) ||
    expires < 1 ||
    expires > maxExpirySeconds
  ) {
    throw new S3Error('AuthorizationQueryParametersError');
  }
  const [, accessKeyId = '', day = '', region = ''] = scope;
  const signedAt = parseTimestamp(timestamp);
  if (signedAt - now > maxSkewMs) throw new S3Error('AccessDenied', 'Request is not valid yet.');
  if (now > signedAt + expires * 1000) throw new S3Error('AccessDenied', 'Request has expired.');
  const fromHeader = headerText(headers, 'x-amz-content-sha256');
  return {
    accessKeyId,
    day,
    region,
    timestamp,
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    contentHash: query.get('X-Amz-Content-Sha256') ?? (fromHeader === '' ? 'UNSIGNED-PAYLOAD' : fromHeader),
    query: new Map([...query].filter(([name]) => name !== 'X-Amz-Signature')),
  };
}

/** `host` and every `x-amz-*` header that was sent must be signed, and nothing may be signed that was not sent. */
function checkSignedHeaders(headers: IncomingHttpHeaders, signed: readonly string[]): void {
  const needed = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  if (needed.some((name) => !signed.includes(name))) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed.');
  }
  if (signed.some((name) => headers[name] === undefined)) throw new S3Error('SignatureDoesNotMatch');
}

function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text.trim().replace(/ +/g, ' ');
}

function canonicalQuery(query: ReadonlyMap<string, string>): string {
  return [...query]
    .map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('&');
}

function parseTimestamp(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) throw new S3Error('AccessDenied', 'AWS authentication requires a valid date.');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

function sign(key: Buffer, lines: readonly string[]): string {
  return hmac(key, lines.join('\n')).toString('hex');
}

let cachedKey: { id: string; key: Buffer } | undefined;

/** The derived key of a day; the last one is kept, because nearly every request uses it. */
function signingKey(secret: string, day: string, region: string): Buffer {
  const id = `${secret}\n${day}\n${region}`;
  if (cachedKey?.id !== id) {
    cachedKey = { id, key: hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), 's3'), 'aws4_request') };
  }
  return cachedKey.key;
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
