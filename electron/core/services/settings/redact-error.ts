import { AppError, toAppError } from '#shared/model/errors';
import { redactShape } from '../../engine/redact-event';

type Redact = (text: string) => string;

/** Services repeat what they were sent in their messages: whatever a call throws leaves as an AppError without secrets. */
export async function redactingFailures<T>(redact: Redact, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw AppError.fromShape(redactShape(redact, toAppError(error).toShape()));
  }
}
