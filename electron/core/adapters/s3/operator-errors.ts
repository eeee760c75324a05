import { AppError, type ErrorCode } from '#shared/model/errors';
import { classifyS3Error, type FailurePlace } from './classify';
import type { StoreClient } from './store-client';

/** What an operator who browses does next, where the copy's own advice speaks of a run. */
const hints: Partial<Record<ErrorCode, string>> = {
  SOURCE_LOST: 'Check that the service is up and reachable, then try again.',
  TARGET_LOST: 'Check that the service is up and reachable, then try again.',
  OBJECTS_BUCKET_NOT_FOUND: 'It may have been deleted a moment ago. Reload the list of buckets.',
  OBJECTS_CHANGED_DURING_COPY: 'Someone else has changed it. Reload, look at it, and try again.',
  OBJECTS_THROTTLED: 'Wait a minute, then try again.',
  OBJECTS_QUOTA_EXCEEDED: 'Raise the limit or free space, then try again.',
  OBJECTS_DAMAGED: 'Try again. If it stays so, look at the network between this machine and the service.',
};

/** {@link classifyS3Error} for one store, with advice that fits the browser of buckets. */
export function forOperator(
  error: unknown,
  client: StoreClient,
  place: FailurePlace,
  signal: AbortSignal,
): AppError {
  const { endpoint } = client.config;
  const classified = classifyS3Error(error, { source: { endpoint }, target: { endpoint } }, place, signal);
  if (error instanceof AppError) return classified;
  const hint = hints[classified.code];
  const shape = classified.toShape();
  const message =
    classified.code === 'OBJECTS_CHANGED_DURING_COPY'
      ? `The object ${place.key ?? ''} in bucket ${place.bucket ?? ''} is not what it was a moment ago.`
      : shape.message;
  // A service may repeat what it was sent.
  const redact = (text: string) => text.replaceAll(client.config.secretAccessKey, '•••');
  const details: Record<string, string> = {};
  for (const [name, text] of Object.entries(shape.details ?? {})) details[name] = redact(text);
  return AppError.fromShape({
    ...shape,
    message: redact(message),
    details,
    ...(hint === undefined ? {} : { hint }),
  });
}
