/** An answer of a store with an error status. */
export class S3ResponseError extends Error {
  override readonly name = 'S3ResponseError';

  constructor(
    readonly side: 'source' | 'target',
    readonly status: number,
    /** The S3 code; empty when the answer has no error document (HEAD, a proxy's page). */
    readonly code: string,
    message: string,
    /** Milliseconds that the store asks to wait. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** A connection or body that broke. */
export class S3NetworkError extends Error {
  override readonly name = 'S3NetworkError';
  /** The innermost system or library code: `ECONNRESET`, `HTTP_CLOSED`, … */
  readonly code: string;

  constructor(
    readonly side: 'source' | 'target',
    cause: unknown,
    /** True when the store had answered before: it was there, and went away. */
    readonly answeredBefore: boolean,
  ) {
    const { code, message } = networkFacts(cause);
    super(message, { cause });
    this.code = code;
  }
}

/** What arrived is not what was sent; sending it again may help. */
export class S3DamageError extends Error {
  override readonly name = 'S3DamageError';
}

function networkFacts(error: unknown, depth = 0): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  if (depth < 4 && code === '' && inner instanceof Error) return networkFacts(inner, depth + 1);
  return { code: code === '' ? error.name : code, message: error.message };
}

const passingCodes = new Set([
  'InternalError',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
]);

/** Codes that mean a wrong address or a stopped service, unless the store had answered before. */
const unreachable = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EAI_AGAIN']);

/** The same request would meet the same end. */
const permanent = new Set(['ENOTFOUND', 'HTTP_REQUEST', 'HTTP_TOO_LARGE']);

/** Whether a network code means that the certificate or the protocol is not the expected one. */
export function isTlsCode(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code);
}

/** Whether the same request may succeed in a moment. */
export function isPassing(error: unknown): boolean {
  if (error instanceof S3ResponseError) {
    const overload = error.status >= 500 && error.status !== 501 && error.status !== 507;
    return overload || error.status === 429 || error.status === 408 || passingCodes.has(error.code);
  }
  if (error instanceof S3NetworkError) {
    if (isTlsCode(error.code) || permanent.has(error.code)) return false;
    return error.answeredBefore || !unreachable.has(error.code);
  }
  return error instanceof S3DamageError;
}

/** Whether the store asks for fewer requests: 429 and 503, also when a store says so with another status. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof S3ResponseError &&
    (error.status === 429 || error.status === 503 || error.code === 'SlowDown')
  );
}

/** Whether a store was there but said nothing for as long as the client waits: each try costs that time again. */
export function isSilence(error: unknown): boolean {
  return error instanceof S3NetworkError && error.code === 'HTTP_SILENT';
}
