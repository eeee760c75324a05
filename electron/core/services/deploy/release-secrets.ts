import { createRedactor, secretPartsOf } from '../settings/redact';
import { decodeValue } from './env-file';

const secretName = /PASSWORD|SECRET|TOKEN|PRIVATE|CREDENTIAL|(^|_)KEY$/i;
/** Shorter values are numbers and switches: taking them out would only make a log unreadable. */
const shortestSecret = 6;

/** Whether a variable holds a secret, by its name. */
export const isSecretName = (name: string): boolean => secretName.test(name);

/** Takes the secrets of an environment out of texts: what containers print may hold what they were given. */
export function environmentRedactor(
  variables: Iterable<readonly [string, string]>,
): (text: string) => string {
  const secrets = [...variables].flatMap(([name, written]) =>
    [...new Set([written, decodeValue(written)])].flatMap((value) => {
      const [whole = '', ...parts] = secretPartsOf(value);
      return isSecretName(name) || parts.length > 0 ? [whole, ...parts] : [];
    }),
  );
  return createRedactor(secrets.filter((secret) => secret.length >= shortestSecret));
}
