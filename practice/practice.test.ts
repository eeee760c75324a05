import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { Client } from 'pg';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startPractice, type Practice } from './practice';
import { isGone, ownScratchFolders } from './test-support';
import { errorShapeSchema } from '#shared/model/errors';
import { settingDefinitions, settingNames, settingsOf } from '#shared/model/settings';

const readySchema = z.object({
  type: z.literal('ready'),
  env: z.record(z.string(), z.string()),
  envFile: z.string(),
  workspace: z.string(),
});

function startChild(...args: string[]): {
  child: ChildProcess;
  ready: Promise<z.infer<typeof readySchema>>;
  messages: unknown[];
} {
  const child = fork(resolve(import.meta.dirname, 'practice.ts'), ['--child', ...args], {
    execArgv: ['--import', 'tsx'],
  });
  const messages: unknown[] = [];
  const ready = new Promise<z.infer<typeof readySchema>>((resolveReady, reject) => {
    child.on('message', (message) => {
      messages.push(message);
      const parsed = readySchema.safeParse(message);
      if (parsed.success) resolveReady(parsed.data);
    });
    child.on('exit', () => {
      reject(new Error(`The child ended: ${JSON.stringify(messages)}`));
    });
  });
  return { child, ready, messages };
}

async function ask(connectionString: string | undefined, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const result: { rows: unknown[] } = await client.query(text);
    return result.rows;
  } finally {
    await client.end();
  }
}

/** The names of the buckets at one end, `SOURCE_S3` or `R2`. */
async function listBuckets(env: Record<string, string>, end: 'SOURCE_S3' | 'R2'): Promise<string[]> {
  const client = new S3Client({
    endpoint: env[`${end}_ENDPOINT`] ?? '',
    region: end === 'R2' ? 'auto' : 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: env[`${end}_ACCESS_KEY_ID`] ?? '',
      secretAccessKey: env[`${end}_SECRET_ACCESS_KEY`] ?? '',
    },
  });
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    return Buckets.map(({ Name = '' }) => Name).sort();
  } finally {
    client.destroy();
  }
}

it('runs as a child process: every part answers, and all of it ends with the channel', async () => {
  const { child, ready, messages } = startChild('--scale', '0.01');
  const { env, envFile, workspace } = await ready;
  expect(
    messages.some((message) => z.object({ type: z.literal('progress') }).safeParse(message).success),
  ).toBe(true);

  const needed = settingNames.filter((name) => settingDefinitions[name].required);
  expect(needed.filter((name) => env[name] === undefined)).toEqual([]);
  expect(settingsOf('r2').filter((name) => env[name] === undefined)).toEqual([
    'R2_ACCOUNT_ID',
    'R2_BUCKET_NAMES',
    'R2_PUBLIC_URLS',
  ]);
  expect((await stat(envFile)).mode & 0o777).toBe(0o600);
  const lines = (await readFile(envFile, 'utf8')).split('\n');
  for (const [name, value] of Object.entries(env)) expect(lines).toContain(`${name}=${value}`);
  expect(JSON.parse(await readFile(join(workspace, 'workspace.json'), 'utf8'))).toEqual({
    version: 1,
    name: 'Practice shop',
    practice: true,
    values: {},
  });

  const known = await ask(
    env['SOURCE_DATABASE_URL'],
    `select is_active from users where email = '${env['PRACTICE_USER_EMAIL'] ?? ''}'`,
  );
  expect(known).toEqual([{ is_active: true }]);
  expect(
    await ask(
      env['SUPABASE_DB_URL'],
      'select current_user as role, (select count(*)::int from auth.users) as users',
    ),
  ).toEqual([{ role: 'postgres', users: 0 }]);
  expect(await listBuckets(env, 'SOURCE_S3')).toHaveLength(3);
  expect(await listBuckets(env, 'R2')).toEqual([]);
  const health = await fetch(`${env['SUPABASE_URL'] ?? ''}/auth/v1/health`, {
    headers: { apikey: env['SUPABASE_PUBLISHABLE_KEY'] ?? '' },
  });
  expect(await health.json()).toMatchObject({ name: 'GoTrue' });

  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await isGone(dirname(workspace))).toBe(true);
  await expect(ask(env['SOURCE_DATABASE_URL'], 'select 1')).rejects.toThrow(/ECONNREFUSED/);
});

it('leaves no server and no file behind when it is killed', async () => {
  const { child, ready } = startChild('--scale', '0.01');
  const { env, workspace } = await ready;
  child.kill('SIGKILL');
  await vi.waitFor(
    async () => {
      expect(await isGone(dirname(workspace))).toBe(true);
      for (const name of ['SOURCE_DATABASE_URL', 'SUPABASE_DB_URL'])
        await expect(ask(env[name], 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    },
    { timeout: 20_000, interval: 100 },
  );
});

it('says that it failed, with a remedy, when its folder is of no use', async () => {
  const { child, ready, messages } = startChild('--keep', '/dev/null/nowhere');
  await expect(ready).rejects.toThrow(/ended/);
  expect(child.exitCode).toBe(1);
  const last = z.object({ type: z.literal('failed'), error: errorShapeSchema }).parse(messages.at(-1));
  expect(last.error.code).toBe('PRACTICE_UNAVAILABLE');
  expect(last.error.hint).toContain('npm ci');
});

it('keeps rows, files, users and addresses on request', async () => {
  const keep = await mkdtemp(join(tmpdir(), 'cutover-practice-test-'));
  await chmod(keep, 0o755);
  const start = (): Promise<Practice> =>
    startPractice({ keep, signal: new AbortController().signal, onProgress: () => undefined, scale: 0.01 });
  try {
    const first = await start();
    await ask(first.env['SOURCE_DATABASE_URL'], 'create table mark as select 7 as n');
    await ask(first.env['SUPABASE_DB_URL'], 'create table public.mark as select 8 as n');
    await first.stop();
    await first.stop();
    const second = await start();
    try {
      const changing = /PASSWORD|SECRET|KEY|URL$/;
      for (const name of Object.keys(first.env).filter((key) => !changing.test(key)))
        expect(second.env[name]).toBe(first.env[name]);
      expect(new URL(second.env['SOURCE_DATABASE_URL'] ?? '').port).toBe(
        new URL(first.env['SOURCE_DATABASE_URL'] ?? '').port,
      );
      expect(second.env['SOURCE_DATABASE_URL']).not.toBe(first.env['SOURCE_DATABASE_URL']);
      expect(await ask(second.env['SOURCE_DATABASE_URL'], 'select n from mark')).toEqual([{ n: 7 }]);
      expect(await ask(second.env['SUPABASE_DB_URL'], 'select n from public.mark')).toEqual([{ n: 8 }]);
      expect(await listBuckets(second.env, 'SOURCE_S3')).toHaveLength(3);
    } finally {
      await second.stop();
    }
  } finally {
    await rm(keep, { recursive: true, force: true });
  }
});

it('does not share a kept folder with another process that runs', async () => {
  const keep = await mkdtemp(join(tmpdir(), 'cutover-practice-test-'));
  await writeFile(join(keep, 'practice.pid'), String(process.ppid));
  await expect(
    startPractice({ keep, signal: new AbortController().signal, onProgress: () => undefined }),
  ).rejects.toThrow(`process ${process.ppid} is using`);
  await rm(keep, { recursive: true });
});

it('can be cancelled while it starts, and leaves nothing behind', async () => {
  const controller = new AbortController();
  const starting = startPractice({
    signal: controller.signal,
    onProgress: (message) => {
      if (message.startsWith('Starting PostgreSQL')) setTimeout(() => controller.abort(), 1_000);
    },
  });
  await expect(starting).rejects.toThrow();
  expect(await ownScratchFolders()).toEqual([]);
});
