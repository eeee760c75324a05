import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { connectionTestSchema } from '#shared/contract/connections';
import { createCore } from '#core/core';
import { errorOf } from '../support/cli';
import { runSource } from './cli-from-source';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'cutover-cli-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const env = (extra: Record<string, string> = {}) => ({ CUTOVER_HOME: path.join(home, 'data'), ...extra });
const folder = (name: string) => path.join(home, name);
/** Ends that refuse at once: nothing listens on the discard port. */
const closed = {
  SOURCE_DATABASE_URL: 'postgresql://shop:planted-password-1@127.0.0.1:9/shop',
  SOURCE_S3_ENDPOINT: 'http://127.0.0.1:9',
  SOURCE_S3_ACCESS_KEY_ID: 'key',
  SOURCE_S3_SECRET_ACCESS_KEY: 'planted-secret-2',
  SUPABASE_URL: 'http://127.0.0.1:9',
  SUPABASE_DB_URL: 'postgresql://postgres:planted-password-3@127.0.0.1:9/postgres',
  SUPABASE_SECRET_KEY: 'sb_secret_planted_4',
  R2_ENDPOINT: 'http://127.0.0.1:9',
  R2_ACCESS_KEY_ID: 'key',
  R2_SECRET_ACCESS_KEY: 'planted-secret-5',
};

describe('usage', () => {
  test('help names the commands, examples and exit codes', async () => {
    const { code, stdout } = await runSource(['--help'], env());
    expect(code).toBe(0);
    for (const word of ['practice', 'check', 'inspect', 'verify', 'Examples:', 'Exit codes: 0 done']) {
      expect(stdout).toContain(word);
    }
    expect(stdout).not.toContain('or-practice');
  });

  test.each([
    [['frobnicate'], /unknown command/],
    [['check', '--nope'], /unknown option/],
    [['plan', '--only', 'tables'], /Choose from database, users, objects/],
    [['open', '--port', '70000'], /port number/],
  ])('%j ends with 2 and says why', async (args, message) => {
    const plain = await runSource(args, env());
    expect([plain.code, plain.stdout]).toEqual([2, '']);
    expect(plain.stderr).toMatch(message);
    const json = await runSource([...args, '--json'], env());
    expect(json).toMatchObject({ code: 2, stderr: '' });
    expect(errorOf(json)).toMatchObject({ code: 'INVALID_INPUT' });
    expect(errorOf(json).message).toMatch(message);
  });

  test('a run without a terminal and without --yes is refused before anything is opened', async () => {
    const { code, stderr } = await runSource(['run', '--workspace', folder('untouched')], env(closed));
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect(await readdir(home)).not.toContain('untouched');
  });
});

describe('settings and workspaces', () => {
  test('nothing given: names the first setting', async () => {
    const result = await runSource(['check', '--json'], env());
    expect(result.code).toBe(2);
    expect(errorOf(result)).toMatchObject({ code: 'SETTING_MISSING' });
    expect(errorOf(result).message).toContain('SOURCE_DATABASE_URL');
    expect(errorOf(result).hint).toContain('--env-file');
  });

  test('a missing setting is named on stderr too, without a stack', async () => {
    const { SUPABASE_DB_URL: _gone, ...rest } = closed;
    const { code, stderr, stdout } = await runSource(['plan', '--only', 'database'], env(rest));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^SETTING_MISSING.*SUPABASE_DB_URL/);
    expect(stderr + stdout).not.toMatch(/\n\s+at /);
  });

  test('the same target finds its workspace again; another one gets its own', async () => {
    const data = folder('implied');
    const list = async (extra: Record<string, string>) => {
      const result = await runSource(['runs', '--json'], { ...env(closed), CUTOVER_HOME: data, ...extra });
      expect(result).toMatchObject({ code: 0, stdout: '[]\n' });
      return readdir(path.join(data, 'workspaces'));
    };
    expect(await list({})).toHaveLength(1);
    expect(await list({ SUPABASE_SECRET_KEY: 'rotated', SOURCE_S3_BUCKETS: 'uploads' })).toHaveLength(1);
    expect(await list({ R2_BUCKET_PREFIX: 'other-' })).toHaveLength(2);
  });

  test('a folder that is no workspace, a damaged workspace, an env file that is not there', async () => {
    await mkdir(folder('documents'));
    await writeFile(path.join(folder('documents'), 'letter.txt'), 'x');
    const wrong = await runSource(['runs', '--json', '--workspace', folder('documents')], env());
    expect([wrong.code, errorOf(wrong).code]).toEqual([2, 'WORKSPACE_NOT_FOUND']);
    await mkdir(folder('damaged'));
    await writeFile(path.join(folder('damaged'), 'workspace.json'), '{"version":1,');
    const damaged = await runSource(['runs', '--json', '--workspace', folder('damaged')], env());
    expect([damaged.code, errorOf(damaged).code]).toEqual([1, 'WORKSPACE_UNREADABLE']);
    const noFile = await runSource(['runs', '--json', '--env-file', folder('nowhere.env')], env());
    expect([noFile.code, errorOf(noFile).code]).toEqual([2, 'INVALID_INPUT']);
  });

  test('check tests every end, tells each failure with its remedy, and repeats no secret', async () => {
    const workspace = folder('checked');
    const result = await runSource(['check', '--json', '--workspace', workspace], env(closed));
    expect(result.code).toBe(1);
    const { tests } = z.object({ tests: z.array(connectionTestSchema) }).parse(JSON.parse(result.stdout));
    expect(tests.map(({ end, ok }) => [end, ok])).toEqual([
      ['sourceDatabase', false],
      ['sourceObjects', false],
      ['supabase', false],
      ['r2', false],
    ]);
    expect(tests.map(({ error }) => error?.code)).toEqual([
      'CONNECTION_REFUSED',
      'CONNECTION_REFUSED',
      'SUPABASE_AUTH_UNAVAILABLE',
      'CONNECTION_REFUSED',
    ]);
    for (const { error } of tests) expect(error?.hint ?? '').not.toBe('');
    const plain = await runSource(['check', '--only', 'objects', '--workspace', workspace], env(closed));
    expect(plain.code).toBe(1);
    expect(plain.stdout).toContain('Cloudflare R2');
    expect(plain.stdout).not.toContain('Source PostgreSQL');
    const files = await Promise.all(
      (await readdir(workspace, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(path.join(entry.parentPath, entry.name), 'utf8')),
    );
    expect([result.stdout, result.stderr, plain.stdout, plain.stderr, ...files].join('\n')).not.toContain(
      'planted',
    );
  });

  test('an env file gives settings, and the environment beats it', async () => {
    const file = folder('settings.env');
    await writeFile(
      file,
      'SOURCE_S3_ENDPOINT=not a url\nSOURCE_S3_ACCESS_KEY_ID=a\nSOURCE_S3_SECRET_ACCESS_KEY=b\n',
    );
    const args = [
      'check',
      '--json',
      '--only',
      'objects',
      '--workspace',
      folder('layers'),
      '--env-file',
      file,
    ];
    const codes = async (extra: Record<string, string>) => {
      const { stdout } = await runSource(args, env(extra));
      return z
        .object({ tests: z.array(connectionTestSchema) })
        .parse(JSON.parse(stdout))
        .tests.map(({ error }) => error?.code);
    };
    expect(await codes({})).toEqual(['SETTING_INVALID', 'SETTING_MISSING']);
    expect(await codes({ SOURCE_S3_ENDPOINT: 'http://127.0.0.1:9' })).toEqual([
      'CONNECTION_REFUSED',
      'SETTING_MISSING',
    ]);
  });
});

describe('secrets of a workspace', () => {
  const passphrase = 'planted correct horse';

  test('open with CUTOVER_PASSPHRASE, and stay locked without it', async () => {
    const workspace = folder('vault');
    const core = await createCore({
      dataDir: folder('data'),
      host: 'cli',
      env: {},
      workspace,
      version: '0',
      practice: false,
    });
    await core.workspaces.unlock(passphrase);
    await core.connections.update(closed);
    await core.close();

    const args = ['check', '--json', '--only', 'objects', '--workspace', workspace];
    const locked = await runSource(args, env());
    expect([locked.code, locked.stdout.includes('SECRETS_LOCKED')]).toEqual([2, true]);
    expect(locked.stdout).toContain('CUTOVER_PASSPHRASE');
    const wrong = await runSource(args, env({ CUTOVER_PASSPHRASE: 'planted wrong horse' }));
    expect([wrong.code, errorOf(wrong).code]).toEqual([1, 'SECRETS_PASSPHRASE_WRONG']);
    const right = await runSource(args, env({ CUTOVER_PASSPHRASE: passphrase }));
    expect(right.stdout.match(/CONNECTION_REFUSED/g)?.length).toBeGreaterThanOrEqual(2);
    expect([locked, wrong, right].map(({ stdout, stderr }) => stdout + stderr).join('')).not.toContain(
      'planted',
    );
  });
});

describe('runs', () => {
  test('cancel and verify say that there is no run', async () => {
    const workspace = folder('no-runs');
    const cancelled = await runSource(['cancel', '--json', '--workspace', workspace], env());
    expect([cancelled.code, errorOf(cancelled).code]).toEqual([1, 'RUN_NOT_RUNNING']);
    const verified = await runSource(['verify', '--json', '--workspace', workspace], env());
    expect([verified.code, errorOf(verified).code]).toEqual([2, 'NOT_FOUND']);
    const resumed = await runSource(
      ['run', '--yes', '--json', '--resume', '20260102T030405Z-abc123', '--workspace', workspace],
      env(),
    );
    expect([resumed.code, errorOf(resumed).code]).toEqual([2, 'NOT_FOUND']);
    const both = await runSource(
      ['run', '--yes', '--json', '--only', 'users', '--resume', 'x', '--workspace', workspace],
      env(),
    );
    expect([both.code, errorOf(both).code]).toEqual([2, 'INVALID_INPUT']);
  });

  test('text for a person has no escape codes outside of a terminal', async () => {
    const { code, stdout } = await runSource(['runs', '--workspace', folder('plain')], {
      ...env(),
      NO_COLOR: '',
    });
    expect(code).toBe(0);
    expect(stdout).toBe(`There are no runs in ${folder('plain')} yet.\n`);
  });
});
