import { AppError, toAppError } from '#shared/model/errors';

/** Another user has the address or the number. Nothing was written. */
export function userExists(what: 'email' | 'phone' | 'id'): AppError {
  const name = { email: 'address', phone: 'number', id: 'id' }[what];
  return new AppError('USER_EXISTS', `Another user already has this ${name}.`, {
    hint: `Look for that user, or use another ${name}. Nothing was changed.`,
    details: { field: what },
  });
}

/** What the operator saw is not what is there. Nothing was written. */
export function userChanged(fields: readonly string[]): AppError {
  return new AppError('USER_CHANGED', `Meanwhile somebody else changed ${fields.join(' and ')}.`, {
    hint: 'Nothing was changed. Look at the user as it is now, then change it again.',
    details: { fields: fields.join(', ') },
  });
}

/** What `work` fails with came before anything was written: it leaves no doubt. */
export async function beforeWriting<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code, message, hint, retryable, details } = toAppError(error);
    throw new AppError(code, message, { hint, retryable, details: { ...details, written: 'nothing' } });
  }
}

/** A path can't do something; says what would. */
export function pathLimit(message: string, hint: string): AppError {
  return new AppError('USERS_PATH_LIMIT', message, { hint });
}
