import { readFile } from 'node:fs/promises';
import { parse } from 'dotenv';
import { AppError } from '#shared/model/errors';
import { settingDefinitions, settingNames, type SettingName } from '#shared/model/settings';

export type SettingValues = Partial<Record<SettingName, string>>;

/** New values by setting; null removes one. */
export type Changes<T> = Partial<Record<SettingName, T | null>>;

/** The values after the changes. */
export function applyChanges<T>(
  values: Readonly<Partial<Record<SettingName, T>>>,
  changes: Changes<T>,
): Partial<Record<SettingName, T>> {
  const next: Partial<Record<SettingName, T>> = {};
  for (const name of settingNames) {
    const change = changes[name];
    const value = change === undefined ? values[name] : change;
    if (value !== undefined && value !== null) next[name] = value;
  }
  return next;
}

/** The settings that variables give, by their own names or else an alias. Empty variables count as not set. */
export function settingsFromVariables(
  variables: Readonly<Record<string, string | undefined>>,
): SettingValues {
  const values: SettingValues = {};
  for (const name of settingNames) {
    const value = [name, ...settingDefinitions[name].aliases]
      .map((variable) => variables[variable]?.trim() ?? '')
      .find((text) => text !== '');
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** The variables of an env file. Throws `INVALID_INPUT` when it can't be read. */
export async function readEnvFile(file: string): Promise<Record<string, string>> {
  try {
    return parse(await readFile(file));
  } catch (error) {
    throw new AppError('INVALID_INPUT', `The env file ${file} can't be read.`, {
      hint: 'Check the path given with --env-file and the permissions of the file.',
      details: { reason: error instanceof Error && 'code' in error ? String(error.code) : 'unknown' },
    });
  }
}
