import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startS3Server } from '../../practice/s3/s3-server';
import { errorOf, runCli } from '../support/cli';
import { compareDatabases, compareObjects } from '../support/compare';
import { startDyingProxy } from '../support/dying-proxy';
import { addressOf, through } from '../support/proxy';
import { clearTarget, type RunningPractice, startPracticeCommand, withChanges } from '../support/practice';
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
  workspace = await newWorkspace('Lost ends');
});

const args = (...command: string[]) => [...command, '--workspace', workspace, '--json'];

/** The practice environment's variables, some replaced. */
const env = (changes: Record<string, string> = {}) => ({ ...practice.env, ...changes });

async function runsOf(): Promise<{ id: string; state: string }[]> {
  const listed = await runCli(args('runs'), env());
  return z.array(z.object({ id: z.string(), state: z.string() })).parse(JSON.parse(listed.stdout));
}

async function expectResumesToEqual(changes: Record<string, string>): Promise<void> {
  const [run] = await runsOf();
  expect(run?.state).toBe('failed');
  const sides = withChanges(practice, changes);
  const resumed = await runCli(args('run', '--yes', '--resume', run?.id ?? ''), sides.env);
  expect(resumed.code, resumed.stdout.slice(-1500) + resumed.stderr).toBe(0);
  const databases = await compareDatabases(sides);
  expect(databases.target).toEqual(databases.source);
  const objects = await compareObjects(sides);
  expect(objects.target).toEqual(objects.source);
}

test.each([
  ['source database', 'SOURCE_DATABASE_URL', 6_000_000, /^SOURCE_LOST$/],
  ['target database', 'SUPABASE_DB_URL', 6_000_000, /^TARGET_LOST$/],
  ['source objects', 'SOURCE_S3_ENDPOINT', 20_000_000, /^SOURCE_LOST$/],
  ['target objects', 'R2_ENDPOINT', 20_000_000, /^TARGET_LOST$/],
] as const)('%s dies half-way: told, resumable, nothing lost', async (_name, variable, limit, code) => {
  const url = practice.value(variable);
  const proxy = await startDyingProxy(addressOf(url), limit);
  try {
    const changes = { [variable]: through(url, proxy) };
    const values = env(changes);
    const result = await runCli(args('run', '--yes'), values);
    expect(proxy.dead).toBe(true);
    expect(result.code, result.stdout.slice(-1500) + result.stderr).toBe(1);
    expect(errorOf(result).code).toMatch(code);
    expect(errorOf(result).hint).toMatch(/resume/i);
    expectNoSecret(result.stdout + result.stderr, values);
    proxy.revive();
    await expectResumesToEqual(changes);
  } finally {
    await proxy.close();
  }
});

test('an object store that is full: told, resumable once there is room, nothing lost', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'cutover-full-store-'));
  const serve = (options: { port?: number; quotaBytes?: number }) =>
    startS3Server({
      profile: 'r2',
      accessKeyId: practice.value('R2_ACCESS_KEY_ID'),
      secretAccessKey: practice.value('R2_SECRET_ACCESS_KEY'),
      dir,
      ...options,
    });
  let store = await serve({ quotaBytes: 40_000_000 });
  try {
    const changes = { R2_ENDPOINT: store.endpoint };
    const result = await runCli(args('run', '--yes'), env(changes));
    expect(result.code, result.stdout.slice(-1500) + result.stderr).toBe(1);
    expect(errorOf(result).code).toBe('OBJECTS_QUOTA_EXCEEDED');
    expect(errorOf(result).hint).toMatch(/resume/i);
    expectNoSecret(result.stdout + result.stderr, env(changes));
    await store.close();
    store = await serve({ port: store.port });
    await expectResumesToEqual(changes);
  } finally {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  }
});
