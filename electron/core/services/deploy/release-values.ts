import { AppError } from '#shared/model/errors';
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

/** Where a value came from; shown instead of the value. */
export type ValueOrigin = 'given' | 'workspace' | 'template' | 'empty';

export interface ReleaseValue {
  value: string;
  origin: ValueOrigin;
}

/**
 * A value for every variable of the template: as given, else from the workspace, else the template's own. Throws `SETTING_MISSING` with
 * the names of all that are missing, and `INVALID_INPUT` for given names that the template does not have.
 */
export function collectValues(
  variables: readonly TemplateVariable[],
  given: ReadonlyMap<string, string>,
  settings: Settings,
): Map<string, ReleaseValue> {
  const known = new Set(variables.map(({ name }) => name));
  const strange = [...given.keys()].filter((name) => !known.has(name));
  if (strange.length > 0) {
    throw new AppError('INVALID_INPUT', `The environment template has no ${strange.join(', ')}.`, {
      hint: 'Add the variable with a line of explanation to .env.production.example, and name its folder with --from.',
    });
  }
  const values = new Map(
    variables.map((variable) => [variable.name, valueOf(variable, given, settings)] as const),
  );
  const missing = variables.filter(({ name, optional }) => !optional && values.get(name)?.value === '');
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new AppError('SETTING_MISSING', `No value for ${names}.`, {
      hint: missing.map(({ name, explanation }) => `${name}: ${explanation}`).join(' '),
      details: { settings: names },
    });
  }
  return values;
}

function valueOf(
  { name, preset }: TemplateVariable,
  given: ReadonlyMap<string, string>,
  settings: Settings,
): ReleaseValue {
  const own = given.get(name);
  if (own !== undefined && own !== '') return { value: own, origin: 'given' };
  const setting = fromSettings[name];
  const kept = setting === undefined ? undefined : settings.get(setting);
  if (kept !== undefined) return { value: kept, origin: 'workspace' };
  return { value: preset, origin: preset === '' ? 'empty' : 'template' };
}
