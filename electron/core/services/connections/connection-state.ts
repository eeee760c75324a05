import type { ConnectionView, SettingView } from '#shared/contract/connections';
import { AppError } from '#shared/model/errors';
import type { Lane } from '#shared/model/run';
import { type End, ends, settingDefinitions, settingsOf, type SettingName } from '#shared/model/settings';
import { settingMissing, type WorkspaceSettings } from '../settings/settings';
import { describeConnectionUrl } from '../settings/connection-url';
import { r2EndpointOf } from '../settings/validate';

/** Settings without which an end can't be used, and which have no value. */
export function missingSettings(end: End, settings: WorkspaceSettings): SettingName[] {
  const missing = settingsOf(end).filter((name) => settingDefinitions[name].required && !settings.has(name));
  switch (end) {
    case 'sourceDatabase':
    case 'sourceObjects':
    case 'supabase':
      return missing;
    case 'r2':
      return settings.has('R2_ACCOUNT_ID') || settings.has('R2_ENDPOINT')
        ? missing
        : ['R2_ACCOUNT_ID', ...missing];
    case 'easypanel':
      return (['EASYPANEL_SSH_HOST', 'EASYPANEL_SSH_USER'] as const).filter((name) => !settings.has(name));
  }
}

const endsOfLane: Record<Lane, readonly End[]> = {
  database: ['sourceDatabase', 'supabase'],
  users: ['sourceDatabase', 'supabase'],
  objects: ['sourceObjects', 'r2'],
  links: ['sourceDatabase', 'sourceObjects', 'supabase', 'r2'],
};

/** The ends that a migration of these lanes connects to, in their usual order. */
export function endsOfLanes(only: readonly Lane[]): End[] {
  return ends.filter((end) => only.some((lane) => endsOfLane[lane].includes(end)));
}

/** The users alone can go by the admin API where the project's database is not set up. */
const goesWithoutDatabase = (only: readonly Lane[]): boolean =>
  !only.includes('database') && !only.includes('links');

/**
 * Fails before anything is connected to when a migration of these lanes can't have its settings: `SETTING_MISSING` (names all that are
 * missing), `SETTING_INVALID`, `SECRETS_LOCKED`.
 */
export function requireSettingsFor(only: readonly Lane[], settings: WorkspaceSettings): void {
  const needed = endsOfLanes(only);
  const missing = needed
    .flatMap((end) => missingSettings(end, settings))
    .filter((name) => !(name === 'SUPABASE_DB_URL' && goesWithoutDatabase(only)));
  const [first] = missing;
  if (first !== undefined) {
    const one = settingMissing(first);
    throw missing.length === 1
      ? one
      : new AppError('SETTING_MISSING', `${missing.join(', ')} are not set.`, {
          hint: 'Set them in the environment or an env file, or enter them under Connections.',
          details: one.details,
        });
  }
  for (const name of needed.flatMap(settingsOf)) settings.get(name);
}

/** What a page may know of an end: no secret. */
export function connectionView(end: End, settings: WorkspaceSettings): Omit<ConnectionView, 'lastTest'> {
  const missing = missingSettings(end, settings);
  const names = settingsOf(end);
  const empty = names.every((name) => !settings.has(name));
  return {
    end,
    state: empty ? 'empty' : missing.length === 0 ? 'configured' : 'incomplete',
    missing,
    summary: settings.redact(summaryOf(end, settings)),
    settings: settingViews(names, settings),
  };
}

/** What a page may know of some settings: secrets only whether they are set. */
export function settingViews(names: readonly SettingName[], settings: WorkspaceSettings): SettingView[] {
  return names.map((name) => {
    const origin = settings.origin(name);
    const value = settingDefinitions[name].secret ? undefined : settings.given(name);
    return {
      name,
      set: settings.has(name),
      ...(origin === undefined ? {} : { origin }),
      ...(value === undefined ? {} : { value }),
    };
  });
}

function summaryOf(end: End, settings: WorkspaceSettings): string {
  const shown = (name: SettingName): string => settings.given(name) ?? '';
  switch (end) {
    case 'sourceDatabase':
      return describeConnectionUrl(shown('SOURCE_DATABASE_URL')) ?? '';
    case 'sourceObjects':
      return [hostOf(shown('SOURCE_S3_ENDPOINT')), shown('SOURCE_S3_BUCKETS')]
        .filter((text) => text !== '')
        .join(' · ');
    case 'supabase':
      return [hostOf(shown('SUPABASE_URL')), describeConnectionUrl(shown('SUPABASE_DB_URL')) ?? '']
        .filter((text) => text !== '')
        .join(' · ');
    case 'r2': {
      const account = shown('R2_ACCOUNT_ID');
      const endpoint = shown('R2_ENDPOINT') || (account === '' ? '' : r2EndpointOf(account));
      const prefix = shown('R2_BUCKET_PREFIX');
      return [hostOf(endpoint), prefix === '' ? '' : `${prefix}…`].filter((text) => text !== '').join(' · ');
    }
    case 'easypanel': {
      const host = shown('EASYPANEL_SSH_HOST');
      if (host === '') return '';
      const user = shown('EASYPANEL_SSH_USER');
      const port = shown('EASYPANEL_SSH_PORT');
      return `${user === '' ? '' : `${user}@`}${host}${port === '' || port === '22' ? '' : `:${port}`}`;
    }
  }
}

/** Host and port of a web address; nothing when it is not one, because it could hold anything then. */
function hostOf(text: string): string {
  return URL.canParse(text) ? new URL(text).host : '';
}
