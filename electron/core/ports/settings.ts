import type { SettingName } from '#shared/model/settings';

/**
 * The values of a workspace's settings, secrets included: never sent to a page, never logged, never put on a command line.
 * Made by the workspaces service from the environment, an env file and the secrets store.
 */
export interface Settings {
  get(name: SettingName): string | undefined;
  /** Throws `SETTING_MISSING`, naming the variable and the form field. */
  require(name: SettingName): string;
  /** The text with every secret value (and passwords inside connection URLs) replaced by `•••`. */
  redact(text: string): string;
}
