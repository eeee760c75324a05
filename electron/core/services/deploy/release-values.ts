import { AppError } from '#shared/model/errors';
import type { ValueOrigin } from '#shared/model/deploy';
import type { SettingName } from '#shared/model/settings';
import type { Settings } from '../../ports/settings';
import type { TemplateVariable } from './env-template';

/** Where the workspace knows a variable of the application. */
const fromSettings: Readonly<Record<string, SettingName>> = {
  SUPABASE_URL: 'SUPABASE_URL',
  NEXT_PUBLIC_SUPABASE_URL: 'SUPABASE_URL',
  SUPABASE_SECRET_KEY: 'SUPABASE_SECRET_KEY',
  NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY: 'SUPABASE_PUBLISHABLE_KEY',
  DATABASE_URL: 'SUPABASE_DB_URL',
  R2_ENDPOINT: 'R2_ENDPOINT',
  R2_ACCESS_KEY_ID: 'R2_ACCESS_KEY_ID',
  R2_SECRET_ACCESS_KEY: 'R2_SECRET_ACCESS_KEY',
  R2_PUBLIC_URL: 'R2_PUBLIC_URL',
};

export interface ReleaseValue {
  value: string;
  origin: ValueOrigin;
}

/** Where values come from, the first that has one: as given, the workspace, the files rendered before. */
export interface ValueSources {
  given: ReadonlyMap<string, string>;
  settings: Settings;
  previous?: ReadonlyMap<string, string> | undefined;
}

/**
 * A value for every variable of the template, else the template's own, which may be empty. Throws `INVALID_INPUT` for given names that the
 * template does not have.
 */
export function fillValues(
  variables: readonly TemplateVariable[],
  sources: ValueSources,
): Map<string, ReleaseValue> {
  const { given } = sources;
  const known = new Set(variables.map(({ name }) => name));
  const strange = [...given.keys()].filter((name) => !known.has(name));
  if (strange.length > 0) {
    throw new AppError('INVALID_INPUT', `The environment template has no ${strange.join(', ')}.`, {
      hint: 'Add the variable with a line of explanation to .env.production.example, and name its folder with --from.',
    });
  }
  return new Map(variables.map((variable) => [variable.name, valueOf(variable, sources)] as const));
}

/** The variables that need a value and have none. */
export function missingOf(
  variables: readonly TemplateVariable[],
  values: ReadonlyMap<string, ReleaseValue>,
): TemplateVariable[] {
  return variables.filter(({ name, optional }) => !optional && values.get(name)?.value === '');
}

/** Throws `SETTING_MISSING` with the names of all that are missing. */
export function requireValues(
  variables: readonly TemplateVariable[],
  values: ReadonlyMap<string, ReleaseValue>,
): void {
  const missing = missingOf(variables, values);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new AppError('SETTING_MISSING', `No value for ${names}.`, {
    hint: missing.map(({ name, explanation }) => `${name}: ${explanation}`).join(' '),
    details: { settings: names },
  });
}

function valueOf(
  { name, preset }: TemplateVariable,
  { given, settings, previous }: ValueSources,
): ReleaseValue {
  const own = given.get(name);
  if (own !== undefined && own !== '') return { value: own, origin: 'given' };
  const setting = fromSettings[name];
  const kept = setting === undefined ? undefined : settings.get(setting);
  if (kept !== undefined) return { value: kept, origin: 'workspace' };
  const before = previous?.get(name) ?? '';
  if (before !== '') return { value: before, origin: 'previous' };
  return { value: preset, origin: preset === '' ? 'empty' : 'template' };
}
