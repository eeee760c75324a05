import type { ConnectionTest, ConnectionView } from '#shared/contract/connections';
import type { WorkspaceView } from '#shared/contract/workspaces';
import type { ErrorShape } from '#shared/model/errors';
import { ends, settingDefinitions, settingsOf, type End, type SettingName } from '#shared/model/settings';

export const workspace: WorkspaceView = {
  path: '/home/operator/acme-shop',
  name: 'acme-shop',
  practice: false,
  secrets: { kind: 'passphrase', state: 'open' },
};

const values: Partial<Record<SettingName, string>> = {
  SOURCE_S3_ENDPOINT: 'http://minio:9000',
  SOURCE_S3_ACCESS_KEY_ID: 'AKIDSOURCE',
  SUPABASE_URL: 'https://abcdefgh.supabase.co',
  SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_abc',
  R2_ACCOUNT_ID: '0123456789abcdef0123456789abcdef',
  R2_ACCESS_KEY_ID: 'AKIDR2',
  EASYPANEL_SSH_HOST: '203.0.113.7',
  EASYPANEL_SSH_USER: 'deploy',
};

const summaries: Record<End, string> = {
  sourceDatabase: 'db.internal:5432/shop',
  sourceObjects: 'minio:9000',
  supabase: 'abcdefgh.supabase.co',
  r2: '0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com',
  easypanel: 'deploy@203.0.113.7',
};

/** A successful test of an end. */
export function passedTest(end: End): ConnectionTest {
  return {
    end,
    ok: true,
    at: '2026-11-22T13:58:12.000Z',
    latencyMs: 12.4,
    facts:
      end === 'sourceDatabase'
        ? [
            { label: 'Server', value: 'PostgreSQL 15.4' },
            { label: 'Role', value: 'shop (reads every table)' },
            { label: 'Size', value: '184 MB' },
          ]
        : [{ label: 'Reached', value: summaries[end] }],
    warnings:
      end === 'r2'
        ? [
            {
              code: 'R2_NO_PUBLIC_URL',
              message: 'No public URL is set.',
              hint: 'Links to files will need signed addresses.',
            },
          ]
        : [],
  };
}

/** A failed test of an end. */
export function failedTest(end: End, error: ErrorShape, setting?: SettingName): ConnectionTest {
  return {
    ...passedTest(end),
    ok: false,
    facts: [],
    warnings: [],
    error,
    ...(setting === undefined ? {} : { setting }),
  };
}

/** All five ends, set up and reachable. */
export function connectedEnds(): ConnectionView[] {
  return ends.map((end) => ({
    end,
    state: 'configured',
    missing: [],
    summary: summaries[end],
    settings: settingsOf(end).map((name) => {
      const { secret } = settingDefinitions[name];
      const value = values[name];
      if (secret) return { name, set: true, origin: 'workspace' as const };
      return value === undefined
        ? { name, set: false }
        : { name, set: true, origin: 'workspace' as const, value };
    }),
    lastTest: passedTest(end),
  }));
}

/** All five ends of a new workspace. */
export function emptyEnds(): ConnectionView[] {
  return ends.map((end) => ({
    end,
    state: 'empty',
    missing: settingsOf(end).filter((name) => settingDefinitions[name].required),
    summary: '',
    settings: settingsOf(end).map((name) => ({ name, set: false })),
  }));
}
