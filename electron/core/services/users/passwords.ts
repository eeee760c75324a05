import { hash } from 'bcryptjs';
import { AppError } from '#shared/model/errors';

/** The cost that the service itself uses. */
const cost = 10;
/** The service's own defaults; a project may ask for more, which only the service knows. */
const minimumLength = 6;
/** Bytes; bcrypt reads no more. */
const maximumBytes = 72;

/** A hash that the service accepts. Throws `USER_REFUSED` for a password that it would refuse too. */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < minimumLength || Buffer.byteLength(password) > maximumBytes) {
    throw new AppError(
      'USER_REFUSED',
      `A password has ${minimumLength} characters to ${maximumBytes} bytes.`,
      {
        hint: 'Choose another password. Nothing was changed.',
      },
    );
  }
  return hash(password, cost);
}
