import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cutover-desktop-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test('the core process serves a page’s port, keeps secrets through main and stops in order', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'tests/desktop/drive-core.ts', '--workspace', join(home, 'first')],
    {
      cwd: new URL('../..', import.meta.url),
      env: { ...process.env, CUTOVER_HOME: home, SUPABASE_SECRET_KEY: '' },
      timeout: 40_000,
    },
  );
  const seen: unknown = JSON.parse(stdout);
  expect(seen).toMatchObject({
    ready: { type: 'ready' },
    transfers: [404, 403],
    info: { host: 'desktop' },
    secrets: { kind: 'safeStorage', state: 'open' },
    setting: { name: 'SUPABASE_SECRET_KEY', set: true, origin: 'workspace' },
    operations: ['available', 'encrypt', 'decrypt'],
    storedPlain: false,
    storedSealed: true,
    wrong: 'WORKSPACE_NOT_FOUND',
  });
  // The pipe goes with the process.
  const { pipe } = z.object({ pipe: z.string() }).parse(seen);
  await expect(access(pipe)).rejects.toMatchObject({ code: 'ENOENT' });
});
