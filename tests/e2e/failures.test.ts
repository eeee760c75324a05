import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { errorOf, finished, runCli, spawnCli } from '../support/cli';
import { compareDatabases } from '../support/compare';
import { addressOf, through } from '../support/proxy';
import { startHoldingProxy } from '../support/holding-proxy';
import { clearTarget, type RunningPractice, startPracticeCommand, withClient } from '../support/practice';
import { expectNoSecret } from '../support/secrets';
import { newWorkspace } from '../support/workspace';

let practice: RunningPractice;
let workspace = '';
beforeAll(async () => {
  practice = await startPracticeCommand();
});
afterAll(async () => {
  await practice.stop();
});
beforeEach(async () => {
  await clearTarget(practice);
  if (workspace !== '') await rm(workspace, { recursive: true, force: true });
  workspace = await newWorkspace('Failures');
});

const args = (...command: string[]) => [...command, '--workspace', workspace, '--json'];

/** The practice environment's variables, some replaced. */
const env = (changes: Record<string, string> = {}) => ({ ...practice.env, ...changes });

async function targetTables(): Promise<number> {
  return withClient(practice.value('SUPABASE_DB_URL'), async (client) => {
    const result = await client.query(`select count(*)::int as n from pg_tables where schemaname = 'public'`);
    return z.array(z.object({ n: z.number() })).parse(result.rows)[0]?.n ?? -1;
  });
}

const wrongPassword = (url: string) => url.replace(/:[^:@/]+@/, ':wrong-password-1@');

test.each([
  [
    'source database',
    () => ({ SOURCE_DATABASE_URL: wrongPassword(practice.value('SOURCE_DATABASE_URL')) }),
    'DATABASE_AUTH_FAILED',
  ],
  ['source objects', () => ({ SOURCE_S3_SECRET_ACCESS_KEY: 'wrong-secret-key-1' }), 'OBJECTS_AUTH_FAILED'],
  [
    'Supabase database',
    () => ({ SUPABASE_DB_URL: wrongPassword(practice.value('SUPABASE_DB_URL')) }),
    'DATABASE_AUTH_FAILED',
  ],
  ['Supabase key', () => ({ SUPABASE_SECRET_KEY: 'sb_secret_wrong_key_1' }), 'SUPABASE_KEY_REFUSED'],
  ['R2', () => ({ R2_SECRET_ACCESS_KEY: 'wrong-secret-key-2' }), 'OBJECTS_AUTH_FAILED'],
  ['host key', () => ({ EASYPANEL_SSH_HOST_KEY: `SHA256:${'A'.repeat(43)}` }), 'SSH_HOST_KEY_CHANGED'],
  [
    'closed port',
    () => ({ SOURCE_DATABASE_URL: 'postgresql://shop:wrong-password-2@127.0.0.1:9/shop' }),
    'CONNECTION_REFUSED',
  ],
  ['unknown host', () => ({ SOURCE_S3_ENDPOINT: 'http://no-such-host.invalid:9000' }), 'HOST_NOT_FOUND'],
])('check names the situation: %s', async (_name, changes, code) => {
  const values = env(changes());
  const result = await runCli(args('check'), values);
  expect(result.code, result.stdout + result.stderr).toBe(1);
  const tests = z
    .array(
      z.object({
        ok: z.boolean(),
        error: z.object({ code: z.string(), hint: z.string().min(10) }).optional(),
      }),
    )
    .parse(z.object({ tests: z.unknown() }).parse(JSON.parse(result.stdout)).tests);
  expect(tests.flatMap((item) => item.error?.code ?? [])).toEqual([code]);
  expectNoSecret(result.stdout + result.stderr, values);
});

test('a run with a wrong password fails with its code, and nothing is written', async () => {
  const values = env({ R2_SECRET_ACCESS_KEY: 'wrong-secret-key-3' });
  const result = await runCli(args('run', '--yes'), values);
  expect(result.code).toBe(1);
  expect(errorOf(result).code).toBe('OBJECTS_AUTH_FAILED');
  expectNoSecret(result.stdout + result.stderr, values);
  expect(await targetTables()).toBe(0);
});

test('a missing setting is named, with exit code 2', async () => {
  const { SUPABASE_DB_URL: _gone, ...values } = env();
  const result = await runCli(args('run', '--yes'), values);
  expect(result.code).toBe(2);
  expect(errorOf(result)).toMatchObject({ code: 'SETTING_MISSING' });
  expect(errorOf(result).message).toContain('SUPABASE_DB_URL');
});

async function runsOf(): Promise<{ id: string; state: string }[]> {
  const listed = await runCli(args('runs'), env());
  return z.array(z.object({ id: z.string(), state: z.string() })).parse(JSON.parse(listed.stdout));
}

test('a plan that is no longer true is refused', async () => {
  const planned = await runCli(args('plan'), env());
  const { hash } = z.object({ hash: z.string() }).parse(JSON.parse(planned.stdout));
  const sourceUrl = practice.value('SOURCE_DATABASE_URL');
  await withClient(sourceUrl, (client) => client.query('create table added_since (id int primary key)'));
  try {
    const result = await runCli(args('run', '--yes', '--plan', hash), env());
    expect(result.code, result.stdout).toBe(3);
    expect(errorOf(result).code).toBe('PLAN_CHANGED');
    expect(await targetTables()).toBe(0);
  } finally {
    await withClient(sourceUrl, (client) => client.query('drop table added_since'));
  }
});

test('a second run on the same workspace is refused while the first goes on; cancel stops it within 5 s; it resumes', async () => {
  const url = practice.value('SOURCE_DATABASE_URL');
  // Holds the rows back half-way, so that the first run is under way for as long as the others take to start.
  const source = await startHoldingProxy(addressOf(url), 6_000_000);
  try {
    const held = env({ SOURCE_DATABASE_URL: through(url, source) });
    const first = spawnCli(args('run', '--yes'), held);
    const ended = finished(first);
    await new Promise<void>((resolve) => first.stdout.once('data', () => resolve()));
    const second = await runCli(args('run', '--yes'), env());
    expect(second.code, second.stdout).toBe(3);
    expect(errorOf(second).code).toBe('RUN_LOCKED');
    const [run] = await runsOf();
    const asked = Date.now();
    const cancelled = await runCli(args('cancel', run?.id ?? ''), env());
    expect(cancelled.code, cancelled.stdout + cancelled.stderr).toBe(0);
    const result = await ended;
    expect(result.code, result.stdout.slice(-800)).toBe(130);
    expect(Date.now() - asked).toBeLessThan(8_000);
    expect((await runsOf())[0]?.state).toBe('cancelled');
    source.release();
    const resumed = await runCli(args('run', '--yes', '--resume', run?.id ?? ''), held);
    expect(resumed.code, resumed.stdout.slice(-1500) + resumed.stderr).toBe(0);
    const databases = await compareDatabases(practice);
    expect(databases.target).toEqual(databases.source);
  } finally {
    await source.close();
  }
});

test('no secret stands in the journal, in any other file of the workspace or on a command line', async () => {
  const child = spawnCli(args('run', '--yes'), env());
  const ended = finished(child);
  await delay(1_500);
  if (process.platform === 'linux' && child.pid !== undefined && child.exitCode === null) {
    expectNoSecret(await readFile(`/proc/${child.pid}/cmdline`, 'utf8'), env());
  }
  const result = await ended;
  expect(result.code, result.stdout.slice(-1500)).toBe(0);
  expectNoSecret(result.stdout + result.stderr, env());
  for (const name of await readdir(workspace, { recursive: true, withFileTypes: true })) {
    if (name.isFile()) expectNoSecret(await readFile(path.join(name.parentPath, name.name), 'utf8'), env());
  }
});
