import { AppError } from '#shared/model/errors';
import type { TemplateVariable } from './env-template';

const encodedMark = 'base64:';

/**
 * What every reader of environment files takes as it stands: `docker stack` knows no quotes, Compose replaces `$` and cuts at ` #`, panels
 * have rules of their own.
 */
const plain = /^[A-Za-z0-9_.,:/@%+=?&~!*;-]*$/;

/** The value as it is written: itself, or encoded, which the backend's `environment.py` takes back. */
export function encodeValue(value: string): string {
  if (plain.test(value) && !value.startsWith(encodedMark)) return value;
  return `${encodedMark}${Buffer.from(value, 'utf8').toString('base64')}`;
}

/** The value behind what is written. */
export function decodeValue(written: string): string {
  if (!written.startsWith(encodedMark)) return written;
  return Buffer.from(written.slice(encodedMark.length), 'base64').toString('utf8');
}

/** The environment file in the template's order and groups. Throws `SETTING_INVALID` for a value that no process can be given. */
export function writeEnvFile(
  variables: readonly TemplateVariable[],
  values: ReadonlyMap<string, string>,
): string {
  const lines = ['# Rendered by Cutover. Holds secrets: mode 600, outside of every repository.'];
  let group = '';
  for (const variable of variables) {
    const value = values.get(variable.name) ?? '';
    if (/[\0\p{Surrogate}]/u.test(value)) {
      throw new AppError(
        'SETTING_INVALID',
        `${variable.name} holds a character that no environment can carry.`,
        {
          hint: 'Take out NUL characters and halves of surrogate pairs.',
          details: { setting: variable.name },
        },
      );
    }
    if (variable.group !== group) lines.push('', `# == ${variable.group} ==`);
    group = variable.group;
    lines.push(`${variable.name}=${encodeValue(value)}`);
  }
  return `${lines.join('\n')}\n`;
}
