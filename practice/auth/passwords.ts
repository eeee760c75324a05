import { compare, hash } from 'bcryptjs';
import { AuthError, unexpectedFailure, validationFailed } from './http-error';

const minimumLength = 6;
/** bcrypt reads no more than this; the service refuses what is longer. */
const maximumLength = 72;

/** The cost that the service hashes new passwords with. */
const cost = 10;

const bcryptHash = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const otherAcceptedHash =
  /^\$argon2(i|id)\$v=19\$m=\d+,t=\d+,p=\d+(,keyid=[^,$]+)?(,data=[^$]+)?\$[^$]+\$[^$]+$|^\$fbscrypt\$v=1,n=\d+,r=\d+,p=\d+/;

/** @throws AuthError `weak_password` or `validation_failed`. */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < minimumLength) {
    const message = `Password should be at least ${minimumLength} characters.`;
    throw new AuthError(422, 'weak_password', message, { weak_password: { reasons: ['length'] } });
  }
  if (Buffer.byteLength(password) > maximumLength) {
    throw validationFailed(`Password cannot be longer than ${maximumLength} characters`);
  }
  return hash(password, cost);
}

/** @throws AuthError with status 500, as the service does, when the hash is of a kind that it can't check. */
export function acceptHash(passwordHash: string): string {
  if (!bcryptHash.test(passwordHash) && !otherAcceptedHash.test(passwordHash)) {
    throw unexpectedFailure('Error creating user: unsupported password hash');
  }
  return passwordHash;
}

/** Compares for real; Argon2 and Firebase scrypt, which the real service knows as well, are beyond this stand-in. */
export async function passwordMatches(password: string, stored: string): Promise<boolean> {
  if (bcryptHash.test(stored)) return compare(password, stored);
  if (otherAcceptedHash.test(stored)) {
    throw unexpectedFailure('The practice Auth service checks bcrypt hashes only');
  }
  return false;
}
