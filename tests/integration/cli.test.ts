import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { connectionTestSchema } from '#shared/contract/connections';
import { createCore } from '#core/core';
import { errorOf } from '../support/cli';
import { runInProcess, runSource } from './cli-from-source';

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

test('as a process of its own: help, a usage error, a missing setting', async () => {
  const help = await runSource(['--help'], env());
  expect([help.code, help.stderr]).toEqual([0, '']);
  const usage = await runSource(['frobnicate', '--json'], env());
  expect([usage.code, usage.stderr, errorOf(usage).code]).toEqual([2, '', 'INVALID_INPUT']);
  const missing = await runSource(['run', '--yes', '--json', '--env-file', folder('nowhere.env')], env());
  expect([missing.code, missing.stderr, errorOf(missing).code]).toEqual([2, '', 'INVALID_INPUT']);
});

describe('usage', () => {
  test('help names the commands, examples and exit codes', async () => {
    const { code, stdout } = await runInProcess(['--help'], env());
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
    const plain = await runInProcess(args, env());
    expect([plain.code, plain.stdout]).toEqual([2, '']);
    expect(plain.stderr).toMatch(message);
    const json = await runInProcess([...args, '--json'], env());
    expect(json).toMatchObject({ code: 2, stderr: '' });
    expect(errorOf(json)).toMatchObject({ code: 'INVALID_INPUT' });
    expect(errorOf(json).message).toMatch(message);
  });

  test('a run without a terminal and without --yes is refused before anything is opened', async () => {
    const { code, stderr } = await runInProcess(['run', '--workspace', folder('untouched')], env(closed));
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect(await readdir(home)).not.toContain('untouched');
  });
});

describe('settings and workspaces', () => {
  test('nothing given: names the first setting', async () => {
    const result = await runInProcess(['check', '--json'], env());
    expect(result.code).toBe(2);
    expect(errorOf(result)).toMatchObject({ code: 'SETTING_MISSING' });
    expect(errorOf(result).message).toContain('SOURCE_DATABASE_URL');
    expect(errorOf(result).hint).toContain('--env-file');
  });

  test('a missing setting is named on stderr too, without a stack', async () => {
    const { SUPABASE_DB_URL: _gone, ...rest } = closed;
    const { code, stderr, stdout } = await runInProcess(['plan', '--only', 'database'], env(rest));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^SETTING_MISSING.*SUPABASE_DB_URL/);
    expect(stderr + stdout).not.toMatch(/\n\s+at /);
  });

  test('the same target finds its workspace again; another one gets its own', async () => {
    const data = folder('implied');
    const list = async (extra: Record<string, string>) => {
      const result = await runInProcess(['runs', '--json'], { ...env(closed), CUTOVER_HOME: data, ...extra });
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
    const wrong = await runInProcess(['runs', '--json', '--workspace', folder('documents')], env());
    expect([wrong.code, errorOf(wrong).code]).toEqual([2, 'WORKSPACE_NOT_FOUND']);
    await mkdir(folder('damaged'));
    await writeFile(path.join(folder('damaged'), 'workspace.json'), '{"version":1,');
    const damaged = await runInProcess(['runs', '--json', '--workspace', folder('damaged')], env());
    expect([damaged.code, errorOf(damaged).code]).toEqual([1, 'WORKSPACE_UNREADABLE']);
    const noFile = await runInProcess(['runs', '--json', '--env-file', folder('nowhere.env')], env());
    expect([noFile.code, errorOf(noFile).code]).toEqual([2, 'INVALID_INPUT']);
  });

  test('check tests every end, tells each failure with its remedy, and repeats no secret', async () => {
    const workspace = folder('checked');
    const result = await runInProcess(['check', '--json', '--workspace', workspace], env(closed));
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
    const plain = await runInProcess(['check', '--only', 'objects', '--workspace', workspace], env(closed));
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
      const { stdout } = await runInProcess(args, env(extra));
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
    const locked = await runInProcess(args, env());
    expect([locked.code, locked.stdout.includes('SECRETS_LOCKED')]).toEqual([2, true]);
    expect(locked.stdout).toContain('CUTOVER_PASSPHRASE');
    const wrong = await runInProcess(args, env({ CUTOVER_PASSPHRASE: 'planted wrong horse' }));
    expect([wrong.code, errorOf(wrong).code]).toEqual([1, 'SECRETS_PASSPHRASE_WRONG']);
    const right = await runInProcess(args, env({ CUTOVER_PASSPHRASE: passphrase }));
    expect(right.stdout.match(/CONNECTION_REFUSED/g)?.length).toBeGreaterThanOrEqual(2);
    expect([locked, wrong, right].map(({ stdout, stderr }) => stdout + stderr).join('')).not.toContain(
      'planted',
    );
  });
});

describe('runs', () => {
  test('cancel and verify say that there is no run', async () => {
    const workspace = folder('no-runs');
    const cancelled = await runInProcess(['cancel', '--json', '--workspace', workspace], env());
    expect([cancelled.code, errorOf(cancelled).code]).toEqual([1, 'RUN_NOT_RUNNING']);
    const verified = await runInProcess(['verify', '--json', '--workspace', workspace], env());
    expect([verified.code, errorOf(verified).code]).toEqual([2, 'NOT_FOUND']);
    const resumed = await runInProcess(
      ['run', '--yes', '--json', '--resume', '20260102T030405Z-abc123', '--workspace', workspace],
      env(),
    );
    expect([resumed.code, errorOf(resumed).code]).toEqual([2, 'NOT_FOUND']);
    const both = await runInProcess(
      ['run', '--yes', '--json', '--only', 'users', '--resume', 'x', '--workspace', workspace],
      env(),
    );
    expect([both.code, errorOf(both).code]).toEqual([2, 'INVALID_INPUT']);
  });

  test('text for a person has no escape codes outside of a terminal', async () => {
    const { code, stdout } = await runInProcess(['runs', '--workspace', folder('plain')], {
      ...env(),
      NO_COLOR: '',
    });
    expect(code).toBe(0);
    expect(stdout).toBe(`There are no runs in ${folder('plain')} yet.\n`);
  });
});

describe('open', () => {
  test('serves the page on loopback until it is told to stop, and remembers the workspace', async () => {
    const pageDir = folder('page');
    await mkdir(pageDir);
    await writeFile(path.join(pageDir, 'index.html'), '<!doctype html><title>Cutover</title>');
    const told = new AbortController();
    const opened = async (args: string[]) => {
      let status = 0;
      const result = await runInProcess(
        ['open', '--no-open', '--json', ...args],
        env({ CUTOVER_HOME: folder('open-data') }),
        {
          signal: told.signal,
          installation: { pageDir },
          onStdout: (text) => {
            const { url } = z.object({ url: z.url() }).parse(JSON.parse(text));
            void fetch(url, { redirect: 'manual' }).then((answer) => {
              status = answer.status;
              told.abort();
            });
          },
        },
      );
      return { ...result, status };
    };
    const first = await opened(['--workspace', folder('console')]);
    expect([first.code, first.status]).toEqual([0, 303]);
    expect(JSON.parse(first.stdout)).toMatchObject({ workspace: folder('console') });
  });

  test('without a built page it says how to build it', async () => {
    const result = await runInProcess(['open', '--no-open', '--json'], env(), {
      installation: { pageDir: folder('nowhere') },
    });
    expect(result.code).toBe(1);
    expect(errorOf(result).hint).toContain('npm run build');
  });
});

describe('practice', () => {
  /** Speaks the protocol of the practice environment; its `env` tells which variables it was started with. */
  const child = (body: string) => `
    process.on('message', (message) => { if (message.type === 'stop') process.exit(0); });
    process.on('disconnect', () => process.exit(0));
    process.send({ type: 'progress', message: 'starting' });
    ${body}
  `;

  async function program(name: string, body: string): Promise<string> {
    const file = folder(`${name}.mjs`);
    await writeFile(file, child(body));
    return file;
  }

  test('an installation without it says so', async () => {
    const result = await runInProcess(['practice', '--json'], env(), {
      installation: { practice: undefined },
    });
    expect([result.code, errorOf(result).code]).toEqual([1, 'PRACTICE_UNAVAILABLE']);
    expect(errorOf(result).hint).not.toBe('');
  });

  test('prints one line when it is ready; the settings of the operator do not reach it', async () => {
    const pageDir = folder('practice-page');
    await mkdir(pageDir);
    await writeFile(path.join(pageDir, 'index.html'), '<!doctype html><title>Cutover</title>');
    const workspace = folder('practice-workspace');
    const practice = await program(
      'good',
      `process.send({ type: 'ready', workspace: ${JSON.stringify(workspace)}, envFile: 'x', env: {
        SUPABASE_URL: 'http://127.0.0.1:9', STARTED_WITH: Object.keys(process.env).join(), ARGS: process.argv.slice(2).join(' '),
      } });`,
    );
    const told = new AbortController();
    const args = ['practice', '--no-open', '--json', '--keep', 'kept'];
    const result = await runInProcess(args, env({ ...closed, CUTOVER_PASSPHRASE: 'planted' }), {
      signal: told.signal,
      installation: { pageDir, practice },
      onStdout: () => told.abort(),
    });
    expect([result.code, result.stderr]).toEqual([0, '']);
    const ready = z
      .object({
        url: z.url(),
        workspace: z.string(),
        envFile: z.string(),
        env: z.record(z.string(), z.string()),
      })
      .parse(JSON.parse(result.stdout));
    expect(ready.workspace).toBe(workspace);
    expect(ready.env.ARGS).toBe('--child --keep kept');
    expect(ready.env.STARTED_WITH).toContain('CUTOVER_HOME');
    expect(ready.env.STARTED_WITH).not.toMatch(/SOURCE_|SECRET|PASSPHRASE/);
    expect(JSON.parse(await readFile(path.join(workspace, 'workspace.json'), 'utf8'))).toMatchObject({
      practice: true,
    });
  });

  test('a failure of its own, and an end before it is ready', async () => {
    const failing = await program(
      'failing',
      `process.send({ type: 'failed', error: { code: 'PRACTICE_UNAVAILABLE', message: 'No room.', hint: 'Free some.', retryable: true } });`,
    );
    const failed = await runInProcess(['practice', '--json'], env(), { installation: { practice: failing } });
    expect([failed.code, errorOf(failed).message]).toEqual([1, 'No room.']);
    const dying = await program('dying', 'process.exit(7);');
    const died = await runInProcess(['practice', '--json'], env(), { installation: { practice: dying } });
    expect([died.code, errorOf(died).code]).toEqual([1, 'PRACTICE_UNAVAILABLE']);
    expect(errorOf(died).message).toContain('7');
  });
});
