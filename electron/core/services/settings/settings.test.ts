import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toAppError } from '#shared/model/errors';
import { settingDefinitions, settingNames, type SettingName } from '#shared/model/settings';
import { vaultLocked } from '../secrets/store-errors';
import { createSettings, type SettingSources } from './settings';
import { normaliseSetting } from './validate';
import { applyChanges, settingsFromVariables } from './variables';

const sources = (changes: Partial<SettingSources> = {}): SettingSources => ({
  environment: {},
  workspace: {},
  locked: [],
  lockedError: vaultLocked,
  secretTexts: [],
  ...changes,
});

function failureOf(call: () => unknown) {
  try {
    call();
  } catch (error) {
    return toAppError(error);
  }
  throw new Error('It did not fail.');
}

describe('createSettings', () => {
  test('environment beats workspace and tells where a value comes from', () => {
    const settings = createSettings(
      sources({
        environment: { SUPABASE_URL: 'https://a.supabase.co' },
        workspace: { SUPABASE_URL: 'https://b.supabase.co', R2_BUCKET_PREFIX: 'acme-' },
      }),
    );
    expect(settings.get('SUPABASE_URL')).toBe('https://a.supabase.co');
    expect(settings.origin('SUPABASE_URL')).toBe('environment');
    expect(settings.origin('R2_BUCKET_PREFIX')).toBe('workspace');
    expect(settings.origin('R2_PUBLIC_URL')).toBeUndefined();
  });

  test('require names the variable and the form field', () => {
    const error = failureOf(() => createSettings(sources()).require('SUPABASE_DB_URL'));
    expect(error.code).toBe('SETTING_MISSING');
    expect(error.message).toContain('SUPABASE_DB_URL');
    expect(error.hint).toContain('Database URL');
    expect(error.details?.setting).toBe('SUPABASE_DB_URL');
  });

  test('the R2 endpoint follows from the account ID', () => {
    const id = '0123456789abcdef0123456789ABCDEF';
    const settings = createSettings(sources({ workspace: { R2_ACCOUNT_ID: id } }));
    expect(settings.require('R2_ENDPOINT')).toBe(`https://${id.toLowerCase()}.r2.cloudflarestorage.com`);
    expect(failureOf(() => createSettings(sources()).require('R2_ENDPOINT')).message).toContain(
      'R2_ACCOUNT_ID',
    );
  });

  test('a locked secret is set, and reading it fails with SECRETS_LOCKED', () => {
    const settings = createSettings(sources({ locked: ['SUPABASE_SECRET_KEY'] }));
    expect(settings.has('SUPABASE_SECRET_KEY')).toBe(true);
    expect(failureOf(() => settings.get('SUPABASE_SECRET_KEY')).code).toBe('SECRETS_LOCKED');
    const given = createSettings(
      sources({ locked: ['SUPABASE_SECRET_KEY'], environment: { SUPABASE_SECRET_KEY: 'sb_secret_x' } }),
    );
    expect(given.get('SUPABASE_SECRET_KEY')).toBe('sb_secret_x');
  });

  test('redacts the workspace value too when the environment beats it', () => {
    const settings = createSettings(
      sources({
        environment: { SUPABASE_SECRET_KEY: 'sb_secret_environment' },
        workspace: { SUPABASE_SECRET_KEY: 'sb_secret_workspace' },
      }),
    );
    expect(settings.redact('sb_secret_workspace sb_secret_environment')).toBe('••• •••');
  });
});

describe('normaliseSetting', () => {
  test.each<[SettingName, string, string]>([
    ['SOURCE_DATABASE_URL', ' postgres://u:p@h/d ', 'postgres://u:p@h/d'],
    ['SOURCE_S3_ENDPOINT', 'http://minio:9000/', 'http://minio:9000'],
    ['SOURCE_S3_BUCKETS', 'a-a, bbb ,a-a', 'a-a,bbb'],
    ['EASYPANEL_SSH_PORT', '0022', '22'],
    ['EASYPANEL_SSH_HOST_KEY', `SHA256:${'a'.repeat(43)}=`, `SHA256:${'a'.repeat(43)}`],
    ['EASYPANEL_SSH_HOST', '[::1]', '::1'],
  ])('%s: %j', (name, given, normal) => {
    expect(normaliseSetting(name, given)).toBe(normal);
  });

  test.each<[SettingName, string]>([
    ['SOURCE_DATABASE_URL', 'mysql://u:p@h/d'],
    ['SOURCE_DATABASE_URL', 'postgresql://u:p@h'],
    ['SUPABASE_URL', 'abcdefgh.supabase.co'],
    ['SUPABASE_URL', 'https://user:pw@host'],
    ['R2_ACCOUNT_ID', 'my-account'],
    ['R2_BUCKET_PREFIX', 'Acme_'],
    ['EASYPANEL_SSH_PORT', '65536'],
    ['EASYPANEL_SSH_HOST', '-oProxyCommand=x'],
    ['EASYPANEL_SSH_HOST_KEY', 'MD5:00:11'],
    ['SUPABASE_SECRET_KEY', 'two words'],
  ])('refuses %s: %j', (name, given) => {
    const error = failureOf(() => normaliseSetting(name, given));
    expect(error.code).toBe('SETTING_INVALID');
    expect(error.message).toContain(name);
  });

  test('never repeats a value that it refuses, and is its own fixed point', () => {
    const value = fc.string({ minLength: 6, maxLength: 40 }).map((text) => `~${text}`);
    fc.assert(
      fc.property(fc.constantFrom(...settingNames), value, (name, text) => {
        let normal: string;
        try {
          normal = normaliseSetting(name, text);
        } catch (error) {
          const shape = JSON.stringify(toAppError(error).toShape());
          expect(shape).not.toContain(JSON.stringify(text.trim()).slice(1, -1));
          return;
        }
        expect(normaliseSetting(name, normal)).toBe(normal);
      }),
    );
  });
});

test('variables: own names beat aliases, empty ones count as not set', () => {
  expect(
    settingsFromVariables({
      SUPABASE_SERVICE_ROLE_KEY: 'old',
      SUPABASE_SECRET_KEY: '',
      SUPABASE_ANON_KEY: 'anon',
      SUPABASE_PUBLISHABLE_KEY: 'publishable',
      UNRELATED: 'x',
    }),
  ).toEqual({ SUPABASE_SECRET_KEY: 'old', SUPABASE_PUBLISHABLE_KEY: 'publishable' });
});

test('applyChanges sets, removes and keeps', () => {
  expect(
    applyChanges({ SUPABASE_URL: 'a', R2_ENDPOINT: 'b' }, { SUPABASE_URL: null, R2_PUBLIC_URL: 'c' }),
  ).toEqual({ R2_ENDPOINT: 'b', R2_PUBLIC_URL: 'c' });
});

test('every setting that names a password or a key secret is marked as one', () => {
  const secret = settingNames.filter((name) => settingDefinitions[name].secret);
  expect(secret.sort()).toEqual([
    'APP_REDIS_URL',
    'HEALTH_CANARY_PASSWORD',
    'HEALTH_SMTP_URL',
    'HEALTH_WEBHOOK_URL',
    'LOAD_CHECK_TOKEN',
    'R2_SECRET_ACCESS_KEY',
    'SOURCE_DATABASE_URL',
    'SOURCE_S3_SECRET_ACCESS_KEY',
    'SUPABASE_ACCESS_TOKEN',
    'SUPABASE_DB_URL',
    'SUPABASE_SECRET_KEY',
  ]);
});
