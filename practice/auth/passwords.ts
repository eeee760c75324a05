import { compare, hash } from 'bcryptjs';
import { argon2Verify } from 'hash-wasm';
import { AuthError, unexpectedFailure, validationFailed } from './http-error';

const minimumLength = 6;
/** bcrypt reads no more than this; the service refuses what is longer. */
const maximumLength = 72;

/** The cost that the service hashes new passwords with. */
const cost = 10;

const bcryptHash = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const argon2Hash =
  /^\$argon2(i|id)\$v=19\$m=(?<memory>\d+),t=(?<rounds>\d+),p=(?<lanes>\d+)(,keyid=[^,$]+)?(,data=[^$]+)?\$[^$]+\$[^$]+$/;
const firebaseHash = /^\$fbscrypt\$v=1,n=\d+,r=\d+,p=\d+/;

/** The service refuses to spend more on one sign-in: 1 GiB of memory, 20 rounds, 16 lanes. */
function isArgon2(stored: string): boolean {
  const { memory, rounds, lanes } = argon2Hash.exec(stored)?.groups ?? {};
  return Number(memory) <= 1_048_576 && Number(rounds) <= 20 && Number(lanes) <= 16;
}

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
  if (!bcryptHash.test(passwordHash) && !isArgon2(passwordHash) && !firebaseHash.test(passwordHash)) {
    throw unexpectedFailure('Error creating user: unsupported password hash');
  }
  return passwordHash;
}

/** Compares for real; Firebase's scrypt, which the real service knows as well, is beyond this stand-in. */
export async function passwordMatches(password: string, stored: string): Promise<boolean> {
  if (bcryptHash.test(stored)) return compare(password, stored);
  if (isArgon2(stored)) return argon2Verify({ password, hash: stored });
  if (firebaseHash.test(stored)) {
    throw unexpectedFailure('The practice Auth service does not check Firebase scrypt hashes');
  }
  return false;
}
