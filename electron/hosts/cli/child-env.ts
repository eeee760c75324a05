import { settingForVariable } from '#shared/model/settings';

const own = new Set(['CUTOVER_PASSPHRASE', 'CUTOVER_SSH_KEY_PASSPHRASE']);

/** The environment without Cutover's settings and passphrases: for child processes, which need none of them. */
export function withoutSettings(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || own.has(name) || settingForVariable(name) !== undefined ? [] : [[name, value]],
    ),
  );
}
