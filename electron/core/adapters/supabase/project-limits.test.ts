import { afterEach, expect, it, vi } from 'vitest';
import type { Settings } from '../../ports/settings';
import { readProjectLimits } from './project-limits';

const { signal } = new AbortController();
const values: Record<string, string> = {
  SUPABASE_URL: 'https://abcdefghijklmnopqrst.supabase.co',
  SUPABASE_ACCESS_TOKEN: 'sbp_only-for-this-test',
};
const settings: Settings = {
  get: (name) => values[name],
  require: (name) => values[name] ?? '',
  redact: (text) => text,
};

const answers = (byPath: Record<string, Response>) =>
  vi.stubGlobal('fetch', (url: string) => {
    const path = Object.keys(byPath).find((end) => url.endsWith(end)) ?? '';
    return Promise.resolve(byPath[path] ?? Response.json({ message: 'not found' }, { status: 404 }));
  });
afterEach(() => vi.unstubAllGlobals());

it('reads pool size and free disk', async () => {
  answers({
    '/v1/projects/abcdefghijklmnopqrst/config/database/pooler': Response.json([
      { database_type: 'READ_REPLICA', default_pool_size: 3, pool_mode: 'session' },
      { database_type: 'PRIMARY', default_pool_size: 15, pool_mode: 'transaction' },
    ]),
    '/v1/projects/abcdefghijklmnopqrst/config/disk/util': Response.json({
      timestamp: '2026-01-01T00:00:00Z',
      metrics: { fs_size_bytes: 1000, fs_avail_bytes: 400, fs_used_bytes: 600 },
    }),
  });
  expect(await readProjectLimits(settings, signal)).toEqual({ poolSize: 15, freeDiskBytes: 400 });
});

it('goes without what is refused, missing or of another shape', async () => {
  answers({
    '/config/database/pooler': Response.json([{ database_type: 'PRIMARY', default_pool_size: null }]),
  });
  expect(await readProjectLimits(settings, signal)).toEqual({});
  expect(await readProjectLimits({ ...settings, get: () => undefined }, signal)).toEqual({});
});
