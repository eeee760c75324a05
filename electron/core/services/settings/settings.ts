import { AppError } from '#shared/model/errors';
import { endTitles, settingDefinitions, settingNames, type SettingName } from '#shared/model/settings';
import type { Settings } from '../../ports/settings';
import { createRedactor, secretPartsOf } from './redact';
import { normaliseSetting, r2EndpointOf } from './validate';
import type { SettingValues } from './variables';

/** {@link Settings} with what forms and tests need to know besides the values. */
export interface WorkspaceSettings extends Settings {
  /** Whether a value is there, be it locked or of the wrong form. */
  has(name: SettingName): boolean;
  /** Where the value comes from; environment beats workspace. */
  origin(name: SettingName): 'environment' | 'workspace' | undefined;
  /** The value as it was given, without a check of its form; undefined when it is not set or locked. */
  given(name: SettingName): string | undefined;
}

export interface SettingSources {
  /** From the process environment and the env file. */
  environment: SettingValues;
  /** From the workspace and its secrets store. */
  workspace: SettingValues;
  /** Secrets that the store holds and can't read yet. */
  locked: readonly SettingName[];
  /** Why they can't be read: `SECRETS_LOCKED` or `SECRETS_STORE_UNAVAILABLE`. */
  lockedError: () => AppError;
  /** Further texts to redact: passphrases, and secrets that were in use before. */
  secretTexts: readonly string[];
}

/** A snapshot of a workspace's settings. */
export function createSettings(sources: SettingSources): WorkspaceSettings {
  const given = (name: SettingName): string | undefined =>
    sources.environment[name] ?? sources.workspace[name];
  const isLocked = (name: SettingName): boolean => given(name) === undefined && sources.locked.includes(name);
  const redact = createRedactor([
    ...secretTextsOf(sources.environment),
    ...secretTextsOf(sources.workspace),
    ...sources.secretTexts,
  ]);

  const get = (name: SettingName): string | undefined => {
    if (isLocked(name)) throw sources.lockedError();
    const value = given(name);
    if (value !== undefined) return normaliseSetting(name, value);
    if (name !== 'R2_ENDPOINT') return undefined;
    const account = get('R2_ACCOUNT_ID');
    return account === undefined ? undefined : r2EndpointOf(account);
  };

  return {
    get,
    require: (name) => {
      const value = get(name);
      if (value === undefined) throw settingMissing(name === 'R2_ENDPOINT' ? 'R2_ACCOUNT_ID' : name);
      return value;
    },
    redact,
    has: (name) => given(name) !== undefined || isLocked(name),
    origin: (name) => {
      if (sources.environment[name] !== undefined) return 'environment';
      return sources.workspace[name] !== undefined || isLocked(name) ? 'workspace' : undefined;
    },
    given,
  };
}

/** Every text in the values that must not be shown: secrets, and the passwords inside them. */
export function secretTextsOf(values: SettingValues): string[] {
  return settingNames.flatMap((name) => {
    const value = values[name];
    return value !== undefined && settingDefinitions[name].secret ? secretPartsOf(value) : [];
  });
}

/** The failure that names a setting which has no value. */
export function settingMissing(name: SettingName): AppError {
  const { end, label } = settingDefinitions[name];
  return new AppError('SETTING_MISSING', `${name} is not set.`, {
    hint: `Set it in the environment or an env file, or enter "${label}" under ${end === 'health' ? 'Health, Settings' : `Connections, ${endTitles[end]}`}.`,
    details: { setting: name },
  });
}
