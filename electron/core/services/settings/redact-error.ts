import { AppError, type ErrorShape, toAppError } from '#shared/model/errors';

type Redact = (text: string) => string;

/** The same failure with every text redacted, its causes included. */
export function redactShape(redact: Redact, error: ErrorShape): ErrorShape {
  return {
    ...error,
    message: redact(error.message),
    ...(error.hint === undefined ? {} : { hint: redact(error.hint) }),
    ...(error.unit === undefined ? {} : { unit: redact(error.unit) }),
    ...(error.details === undefined
      ? {}
      : {
          details: Object.fromEntries(
            Object.entries(error.details).map(([name, text]) => [name, redact(text)]),
          ),
        }),
    ...(error.cause === undefined ? {} : { cause: redactShape(redact, error.cause) }),
  };
}

/** Services repeat what they were sent in their messages: whatever a call throws leaves as an AppError without secrets. */
export async function redactingFailures<T>(redact: Redact, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw AppError.fromShape(redactShape(redact, toAppError(error).toShape()));
  }
}
