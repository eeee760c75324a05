/** A refusal in the words of the Auth service: `errorCode` is the stable name that clients branch on. */
export class AuthError extends Error {
  constructor(
    readonly status: number,
    readonly errorCode: string,
    message: string,
    /** Further members of the body, such as `weak_password`. */
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The service hands some database errors on as they are, with the SQLSTATE as the code. */
export class RawDatabaseError extends Error {
  constructor(
    readonly sqlState: string,
    message: string,
    readonly detail: string,
  ) {
    super(message);
  }
}

export const validationFailed = (message: string): AuthError =>
  new AuthError(400, 'validation_failed', message);
export const unexpectedFailure = (message: string): AuthError =>
  new AuthError(500, 'unexpected_failure', message);
export const userNotFound = (): AuthError => new AuthError(404, 'user_not_found', 'User not found');
