import { expect, it } from 'vitest';
import type { ConnectionView } from '#shared/contract/connections';
import { ends } from '#shared/model/settings';
import { isConfigured, openPoints } from './readiness.logic';

const all = (changes: Partial<ConnectionView>): ConnectionView[] =>
  ends.map((end) => ({ end, state: 'configured', missing: [], summary: '', settings: [], ...changes }));

it('names what is missing, the hindrances first', () => {
  const connections = all({}).map((connection) =>
    connection.end === 'r2'
      ? {
          ...connection,
          state: 'incomplete' as const,
          missing: ['R2_ACCESS_KEY_ID' as const, 'R2_SECRET_ACCESS_KEY' as const],
        }
      : connection,
  );
  expect(openPoints(connections, ['database', 'objects']).map((point) => point.text)).toEqual([
    'Cloudflare R2: Access key ID and Secret access key are missing.',
    'Source PostgreSQL has not been tested.',
    'Source MinIO has not been tested.',
    'Supabase has not been tested.',
  ]);
});

it('asks only for the ends that the lanes need', () => {
  const connections = all({}).map((connection) =>
    connection.end === 'r2' || connection.end === 'easypanel'
      ? { ...connection, state: 'empty' as const }
      : connection,
  );
  expect(isConfigured(connections, ['database', 'users'])).toBe(true);
  expect(isConfigured(connections, ['objects'])).toBe(false);
  expect(openPoints(connections, ['users']).some((point) => point.end === 'r2')).toBe(false);
});

it('lets the users go by the admin API when only the database URL of the project is missing', () => {
  const connections = all({}).map((connection) =>
    connection.end === 'supabase'
      ? { ...connection, state: 'incomplete' as const, missing: ['SUPABASE_DB_URL' as const] }
      : connection,
  );
  expect(isConfigured(connections, ['users'])).toBe(true);
  expect(isConfigured(connections, ['database', 'users'])).toBe(false);
  const point = openPoints(connections, ['users']).find(({ end }) => end === 'supabase');
  expect(point?.weight).toBe('check');
  expect(point?.text).toContain('admin API');
});
