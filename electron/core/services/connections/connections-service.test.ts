import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contract } from '#shared/contract/contract';
import { AppError, toAppError } from '#shared/model/errors';
import { ends } from '#shared/model/settings';
import { createWorkspacesService, type WorkspacesService } from '../workspaces/workspaces-service';
import { type ConnectionTester, createConnectionsService } from './connections-service';

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'cutover-connections-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const signal = new AbortController().signal;
const good: ConnectionTester = () =>
  Promise.resolve({ ok: true, facts: [{ label: 'Version', value: '15.8' }], warnings: [] });

async function opened(
  tester: ConnectionTester = good,
  env: Record<string, string> = {},
  testLimitMs = 5000,
): Promise<{ workspaces: WorkspacesService; connections: ReturnType<typeof createConnectionsService> }> {
  const workspaces = createWorkspacesService({ dataDir, env, envFileVariables: {}, broker: undefined });
  await workspaces.create({ name: 'Shop', path: path.join(dataDir, 'shop') });
  const testers = {
    sourceDatabase: tester,
    sourceObjects: tester,
    supabase: tester,
    r2: tester,
    easypanel: tester,
  };
  return { workspaces, connections: createConnectionsService({ workspaces, testers, testLimitMs }) };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => toAppError(error).code,
  );
const databaseUrl = 'postgresql://shop:planted-password@db.internal:5432/shop';

describe('list', () => {
  test('an empty workspace names what each end needs', async () => {
    const { connections } = await opened();
    const list = await connections.list();
    expect(list.map(({ end, state }) => [end, state])).toEqual(ends.map((end) => [end, 'empty']));
    expect(list.find(({ end }) => end === 'r2')?.missing).toEqual([
      'R2_ACCOUNT_ID',
      'R2_ACCESS_KEY_ID',
      'R2_SECRET_ACCESS_KEY',
    ]);
  });

  test('shows where an end points, and no secret anywhere', async () => {
    const { connections } = await opened(good, {
      SOURCE_DATABASE_URL: databaseUrl,
      SUPABASE_URL: 'https://abc.supabase.co',
      SUPABASE_SECRET_KEY: 'sb_secret_planted',
      SUPABASE_DB_URL: 'postgresql://postgres.abc:planted-password@pooler.supabase.com:5432/postgres',
      EASYPANEL_SSH_HOST: '203.0.113.7',
      EASYPANEL_SSH_USER: 'deploy',
      EASYPANEL_SSH_PORT: '2222',
    });
    const list = await connections.list();
    expect(JSON.stringify(list)).not.toContain('planted');
    expect(list.map(({ end, state, summary }) => [end, state, summary])).toEqual([
      ['sourceDatabase', 'configured', 'db.internal:5432/shop'],
      ['sourceObjects', 'empty', ''],
      ['supabase', 'configured', 'abc.supabase.co · pooler.supabase.com:5432/postgres'],
      ['r2', 'empty', ''],
      ['easypanel', 'configured', 'deploy@203.0.113.7:2222'],
    ]);
    expect(contract['connections.list'].output.safeParse(list).success).toBe(true);
  });
});

describe('update', () => {
  test('stores, normalises and removes', async () => {
    const { connections } = await opened();
    await connections.update({ SOURCE_S3_ENDPOINT: 'http://minio:9000/', SOURCE_S3_BUCKETS: 'uploads' });
    await connections.update({ SOURCE_S3_BUCKETS: null });
    const view = (await connections.list()).find(({ end }) => end === 'sourceObjects');
    expect(view?.settings.map(({ name, value }) => [name, value])).toContainEqual([
      'SOURCE_S3_ENDPOINT',
      'http://minio:9000',
    ]);
    expect(view?.settings.find(({ name }) => name === 'SOURCE_S3_BUCKETS')).toEqual({
      name: 'SOURCE_S3_BUCKETS',
      set: false,
    });
  });

  test('is all or nothing', async () => {
    const { connections } = await opened();
    expect(
      await codeOf(connections.update({ SOURCE_S3_ENDPOINT: 'http://minio:9000', EASYPANEL_SSH_PORT: 'x' })),
    ).toBe('SETTING_INVALID');
    expect(
      await codeOf(connections.update({ SOURCE_S3_ENDPOINT: 'http://minio:9000', SUPABASE_SECRET_KEY: 'x' })),
    ).toBe('SECRETS_LOCKED');
    expect((await connections.list()).every(({ state }) => state === 'empty')).toBe(true);
  });

  test('refuses what the environment gives', async () => {
    const { connections } = await opened(good, { SUPABASE_URL: 'https://abc.supabase.co' });
    expect(await codeOf(connections.update({ SUPABASE_URL: 'https://b.supabase.co' }))).toBe(
      'SETTING_INVALID',
    );
  });
});

describe('test', () => {
  const env = { SOURCE_DATABASE_URL: databaseUrl };

  test('is remembered by other processes until a setting of the end changes', async () => {
    const { workspaces, connections } = await opened();
    await connections.update({ EASYPANEL_SSH_HOST: 'host', EASYPANEL_SSH_USER: 'deploy' });
    const tested = await connections.test('easypanel', signal);
    expect(tested).toMatchObject({ end: 'easypanel', ok: true });
    expect(contract['connections.test'].output.safeParse(tested).success).toBe(true);

    const other = createWorkspacesService({ dataDir, env: {}, envFileVariables: {}, broker: undefined });
    await other.open(workspaces.opened().folder);
    const testers = { sourceDatabase: good, sourceObjects: good, supabase: good, r2: good, easypanel: good };
    const elsewhere = createConnectionsService({ workspaces: other, testers, testLimitMs: 1000 });
    const lastOf = async () => (await elsewhere.list()).find(({ end }) => end === 'easypanel')?.lastTest;
    expect((await lastOf())?.at).toBe(tested.at);
    await connections.update({ EASYPANEL_SSH_USER: 'other' });
    expect(await lastOf()).toBeUndefined();
  });

  test('names the missing setting without trying', async () => {
    const { connections } = await opened(() => Promise.reject(new Error('must not be called')));
    expect(await connections.test('supabase', signal)).toMatchObject({
      ok: false,
      setting: 'SUPABASE_URL',
      error: { code: 'SETTING_MISSING' },
    });
  });

  test('takes secrets out of whatever a service said', async () => {
    const said = `password authentication failed for ${databaseUrl}`;
    const { workspaces, connections } = await opened(
      () =>
        Promise.resolve({
          ok: false,
          facts: [{ label: 'said', value: said }],
          warnings: [{ code: 'W', message: said }],
          error: new AppError('DATABASE_AUTH_FAILED', said, {
            details: { said },
            cause: new Error(said),
          }).toShape(),
        }),
      env,
    );
    const tested = await connections.test('sourceDatabase', signal);
    expect(JSON.stringify(tested)).not.toContain('planted-password');
    expect(tested.error?.message).toContain('•••');
    const file = path.join(workspaces.opened().folder, 'connection-tests.json');
    expect(await readFile(file, 'utf8')).not.toContain('planted-password');
  });

  test('gives up after its limit, and rejects when it is cancelled', async () => {
    const hanging: ConnectionTester = (_settings, aborted) =>
      new Promise((_resolve, reject) => {
        aborted.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    const { connections } = await opened(hanging, env, 50);
    expect((await connections.test('sourceDatabase', signal)).error?.code).toBe('TIMED_OUT');
    expect(await codeOf(connections.test('sourceDatabase', AbortSignal.abort()))).toBe('CANCELLED');
  });

  test('a value of the wrong form stands at its field', async () => {
    const { connections } = await opened(
      (settings) =>
        Promise.resolve().then(() => {
          settings.require('SOURCE_DATABASE_URL');
          return { ok: true, facts: [], warnings: [] };
        }),
      { SOURCE_DATABASE_URL: 'mysql://planted-password@h/d' },
    );
    const tested = await connections.test('sourceDatabase', signal);
    expect(tested).toMatchObject({
      ok: false,
      setting: 'SOURCE_DATABASE_URL',
      error: { code: 'SETTING_INVALID' },
    });
    expect(JSON.stringify(tested)).not.toContain('planted');
  });
});

describe('import', () => {
  const text = 'S3_ENDPOINT=http://minio:9000\nR2_ACCOUNT_ID=not-hex\nDATABASE_URL=postgresql://u:p@h/d\n';

  test('tells what it would fill, and fills it when told to', async () => {
    const { workspaces, connections } = await opened();
    const told = await connections.import({ format: 'env', text, apply: false });
    expect(told.filled.map(({ setting, from }) => [setting, from])).toEqual([
      ['SOURCE_DATABASE_URL', 'DATABASE_URL'],
      ['SOURCE_S3_ENDPOINT', 'S3_ENDPOINT'],
    ]);
    expect(told.notFilled.find(({ setting }) => setting === 'R2_ACCOUNT_ID')?.reason).toContain(
      '32 hexadecimal',
    );
    expect((await connections.list()).every(({ state }) => state === 'empty')).toBe(true);

    await workspaces.unlock('correct horse battery');
    expect(await connections.import({ format: 'env', text, apply: true })).toEqual(told);
    expect((await connections.list()).map(({ summary }) => summary).slice(0, 2)).toEqual([
      'h:5432/d',
      'minio:9000',
    ]);
  });

  test('leaves what the environment gives', async () => {
    const { connections } = await opened(good, { SOURCE_S3_ENDPOINT: 'http://other:9000' });
    const told = await connections.import({
      format: 'env',
      text: 'S3_ENDPOINT=http://minio:9000',
      apply: true,
    });
    expect(told.filled).toEqual([]);
    expect(told.notFilled.find(({ setting }) => setting === 'SOURCE_S3_ENDPOINT')?.reason).toContain(
      'environment',
    );
  });
});
