import { AppError } from '#shared/model/errors';
import { listedDetails } from '#shared/model/failed-objects';
import { shown } from './key-findings';

/** Failures that the next object would meet as well. */
const hopelessCodes: readonly AppError['code'][] = [
  'SOURCE_LOST',
  'TARGET_LOST',
  'HOST_NOT_FOUND',
  'HOST_UNREACHABLE',
  'CONNECTION_REFUSED',
  'TLS_UNTRUSTED',
  'OBJECTS_AUTH_FAILED',
  'OBJECTS_BUCKET_NOT_FOUND',
  'OBJECTS_QUOTA_EXCEEDED',
  'OBJECTS_THROTTLED',
];

/** Whether the next object would fail in the same way. */
export function isHopeless({ code }: AppError): boolean {
  return hopelessCodes.includes(code);
}

/** An object with what its copy failed with. */
export interface ObjectFailure {
  /** On the source. */
  bucket: string;
  key: string;
  failure: AppError;
}

/**
 * One failure for all objects that could not be copied: the one that would meet every object, if there is one, else the
 * first. Its details list up to `most` of the objects, so that page and command line can show them.
 */
export function failureOfObjects(
  failed: readonly ObjectFailure[],
  most = Number.POSITIVE_INFINITY,
): AppError {
  const worst = failed.find(({ failure }) => isHopeless(failure)) ?? failed[0];
  if (worst === undefined) return new AppError('INTERNAL', 'Objects failed without a failure.');
  const { bucket, key, failure } = worst;
  if (failed.length === 1 || isHopeless(failure)) return failure;
  const listed = failed.slice(0, most).map((one) => ({ ...one, code: one.failure.code }));
  return new AppError(
    failure.code,
    `${failed.length} objects could not be copied, ${shown(key)} of ${bucket} first: ${failure.message}`,
    {
      hint: `${failure.hint ?? ''} Resuming the run takes these objects again and no others.`.trim(),
      retryable: failure.retryable,
      details: { ...failure.details, ...listedDetails(listed), failed: String(failed.length) },
      cause: failure,
    },
  );
}
