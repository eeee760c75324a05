import type { SettingName } from '#shared/model/settings';

/**
 * The values of a workspace's settings, secrets included: never sent to a page, never logged, never put on a command line.
 * Made by the workspaces service from the environment, an env file and the secrets store. A snapshot: later changes make a new one.
 */
export interface Settings {
  /**
   * The value in its normal form, or undefined when it is not set. `R2_ENDPOINT` follows from `R2_ACCOUNT_ID` when only that is set.
   * Throws `SETTING_INVALID` for a value of the wrong form and `SECRETS_LOCKED` for a stored secret that can't be read yet.
   */
  get(name: SettingName): string | undefined;
  /** As {@link get}; throws `SETTING_MISSING`, naming the variable and the form field, when it is not set. */
  require(name: SettingName): string;
  /** The text with every secret value, the passwords inside connection URLs and their usual encodings replaced by `•••`. */
  redact(text: string): string;
}
