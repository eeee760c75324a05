import { AppError, type AppErrorOptions, type ErrorCode } from '#shared/model/errors';
import type { SettingName } from '#shared/model/settings';
import { isTlsCode, S3DamageError, S3NetworkError, S3ResponseError } from './failure';
import type { StoreConfig } from './store-client';

/** What was being done when it failed; for messages. */
export interface FailurePlace {
  bucket?: string | undefined;
  key?: string | undefined;
}

type Stores = Record<'source' | 'target', Pick<StoreConfig, 'endpoint'>>;

const names = { source: 'the source object store', target: 'R2' } as const;
const settings = {
  source: {
    endpoint: 'SOURCE_S3_ENDPOINT',
    key: 'SOURCE_S3_ACCESS_KEY_ID',
    secret: 'SOURCE_S3_SECRET_ACCESS_KEY',
    buckets: 'SOURCE_S3_BUCKETS',
  },
  target: {
    endpoint: 'R2_ENDPOINT',
    key: 'R2_ACCESS_KEY_ID',
    secret: 'R2_SECRET_ACCESS_KEY',
    buckets: 'R2_BUCKET_NAMES',
  },
} as const satisfies Record<'source' | 'target', Record<string, SettingName>>;

/** What a store or the network reported, as the operator's situation. AppErrors pass through; an aborted signal makes `CANCELLED`. */
export function classifyS3Error(
  error: unknown,
  stores: Stores,
  place: FailurePlace,
  signal: AbortSignal,
): AppError {
  if (error instanceof AppError) return error;
  if (signal.aborted) return new AppError('CANCELLED', 'The operation was cancelled.');
  if (error instanceof S3NetworkError) return fromNetwork(error, stores[error.side].endpoint);
  if (error instanceof S3ResponseError) return fromResponse(error, stores[error.side].endpoint, place);
  if (error instanceof S3DamageError) {
    return new AppError('OBJECTS_DAMAGED', `${subject(place)} does not arrive undamaged: ${error.message}`, {
      hint: 'Read the object on the source with another client. If it is whole there, resume the run.',
      retryable: true,
      details: placeDetails(place),
    });
  }
  return new AppError(
    'OBJECTS_FAILED',
    error instanceof Error ? error.message : 'An object store request failed.',
    {
      hint: 'This is a defect in Cutover. Copy the details and report it.',
      details: placeDetails(place),
    },
  );
}

function fromNetwork(error: S3NetworkError, endpoint: string): AppError {
  const { side, code } = error;
  const setting = settings[side].endpoint;
  const details = { setting, code, endpoint };
  const { hostname } = new URL(endpoint);
  const make = (errorCode: ErrorCode, message: string, hint: string, retryable: boolean): AppError =>
    new AppError(errorCode, message, { hint, retryable, details });
  if (isTlsCode(code)) {
    return make(
      'TLS_UNTRUSTED',
      `The certificate of ${endpoint} is not trusted.`,
      'Use an address with a valid certificate. For a private authority start Cutover with NODE_EXTRA_CA_CERTS set to its certificate.',
      false,
    );
  }
  if (error.answeredBefore) {
    return make(
      side === 'source' ? 'SOURCE_LOST' : 'TARGET_LOST',
      `The connection to ${names[side]} at ${endpoint} was lost.`,
      'Check that the service is up and reachable, then resume the run: what is finished is kept.',
      true,
    );
  }
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return make(
        'HOST_NOT_FOUND',
        `The name ${hostname} can't be resolved.`,
        `Check ${setting}. A name of a Compose service is known inside Docker only: use the host's name or address.`,
        code === 'EAI_AGAIN',
      );
    case 'ECONNREFUSED':
      return make(
        'CONNECTION_REFUSED',
        `Nothing accepts connections at ${endpoint}.`,
        `Check the port in ${setting}, and that the service is running and published on this address.`,
        true,
      );
    default:
      return make(
        'HOST_UNREACHABLE',
        `${endpoint} can't be reached.`,
        `Check ${setting}, the scheme (http or https) and the port, and that a firewall lets this machine through.`,
        true,
      );
  }
}

function fromResponse(error: S3ResponseError, endpoint: string, place: FailurePlace): AppError {
  const { side, status } = error;
  const code = error.code === '' ? codeOfStatus(status) : error.code;
  const fields = settings[side];
  const at = subject(place);
  const facts = { ...placeDetails(place), endpoint, status: String(status), code, answer: error.message };
  const make = (errorCode: ErrorCode, message: string, options: AppErrorOptions): AppError =>
    new AppError(errorCode, message, { ...options, details: { ...facts, ...options.details } });
  switch (code) {
    case 'InvalidAccessKeyId':
    case 'Unauthorized':
      return make('OBJECTS_AUTH_FAILED', `${capital(names[side])} does not know the access key.`, {
        hint: `Check ${fields.key} and ${fields.secret}.`,
        details: { setting: fields.key },
      });
    case 'SignatureDoesNotMatch':
    case 'AuthorizationHeaderMalformed':
    case 'InvalidToken':
    case 'ExpiredToken':
      return make(
        'OBJECTS_AUTH_FAILED',
        `${capital(names[side])} refuses the signature: the secret key does not fit the access key.`,
        {
          hint: `Check ${fields.secret}: it must belong to ${fields.key}.`,
          details: { setting: fields.secret },
        },
      );
    case 'RequestTimeTooSkewed':
      return make(
        'OBJECTS_AUTH_FAILED',
        `The clocks of this machine and of ${names[side]} differ by more than 15 minutes.`,
        {
          hint: 'Set both clocks by a time server, then try again.',
        },
      );
    case 'AccessDenied':
    case 'AllAccessDisabled':
      return make(
        'OBJECTS_PERMISSION_DENIED',
        `The access key of ${names[side]} is not allowed to do this with ${at}.`,
        {
          hint:
            side === 'source'
              ? 'Give the access key a policy that lists and reads the buckets, or name those that it may read in SOURCE_S3_BUCKETS.'
              : 'Use an R2 API token that may read and write objects. Creating buckets needs Admin Read & Write; or create the buckets first.',
          details: { setting: fields.key },
        },
      );
    case 'NoSuchBucket':
      return make('OBJECTS_BUCKET_NOT_FOUND', `There is no bucket ${place.bucket ?? ''} on ${names[side]}.`, {
        hint:
          side === 'source'
            ? 'Check SOURCE_S3_BUCKETS, or plan again.'
            : 'Resume the run: missing buckets are created.',
        details: { setting: fields.buckets },
      });
    case 'NoSuchKey':
    case 'NotFound':
      return make('NOT_FOUND', `There is no ${at} on ${names[side]}.`, {
        hint: 'It may have been deleted a moment ago. Try again.',
      });
    case 'InvalidBucketName':
    case 'BucketAlreadyExists':
      return make(
        'OBJECTS_BUCKET_NAME_REFUSED',
        `${capital(names[side])} does not take the bucket name ${place.bucket ?? ''}.`,
        {
          hint: 'Names have 3 to 63 characters of a-z, 0-9 and hyphen. Give it another one with R2_BUCKET_PREFIX or R2_BUCKET_NAMES.',
          details: { setting: fields.buckets },
        },
      );
    case 'PreconditionFailed':
      return make('OBJECTS_CHANGED_DURING_COPY', `${capital(at)} changed while it was copied.`, {
        hint: 'Something still writes to the source. Resume the run to take it again.',
        retryable: true,
      });
    case 'SlowDown':
    case 'TooManyRequests':
      return make(
        'OBJECTS_THROTTLED',
        `${capital(names[side])} asks to slow down, and did so for every try.`,
        {
          hint: 'Wait a minute, then resume the run: what is finished is kept.',
          retryable: true,
        },
      );
    case 'QuotaExceeded':
    case 'XMinioStorageFull':
    case 'XMinioAdminBucketQuotaExceeded':
    case 'InsufficientStorage':
      return make('OBJECTS_QUOTA_EXCEEDED', `${capital(names[side])} is full: it takes no more data.`, {
        hint: 'Raise the limit or free space, then resume the run: what is finished is kept.',
      });
    case 'BadDigest':
    case 'IncompleteBody':
    case 'XAmzContentSHA256Mismatch':
      return make('OBJECTS_DAMAGED', `${capital(at)} does not arrive undamaged at ${names[side]}.`, {
        hint: 'Read the object on the source with another client. If it is whole there, resume the run.',
        retryable: true,
      });
    default:
      return make('OBJECTS_FAILED', `${capital(names[side])} answered ${status} ${code} for ${at}.`, {
        hint:
          status >= 500
            ? 'The service has a fault of its own. Look at its log, then resume the run.'
            : 'Check the endpoint: it must be an S3 service. The details hold its answer.',
        retryable: status >= 500,
      });
  }
}

function codeOfStatus(status: number): string {
  switch (status) {
    case 401:
      return 'Unauthorized';
    case 403:
      return 'AccessDenied';
    case 404:
      return 'NotFound';
    case 412:
      return 'PreconditionFailed';
    case 429:
      return 'TooManyRequests';
    case 507:
      return 'InsufficientStorage';
    default:
      return 'Unknown';
  }
}

function subject(place: FailurePlace): string {
  if (place.key !== undefined) return `the object ${place.key} in bucket ${place.bucket ?? ''}`;
  return place.bucket === undefined ? 'its buckets' : `the bucket ${place.bucket}`;
}

function placeDetails(place: FailurePlace): Record<string, string> {
  return {
    ...(place.bucket === undefined ? {} : { bucket: place.bucket }),
    ...(place.key === undefined ? {} : { key: place.key }),
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
