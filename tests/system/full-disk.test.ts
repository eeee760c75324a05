import { execFile } from 'node:child_process';
import { rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { createScratch } from '../../practice/postgres/scratch';
import { startSupabaseServer } from '../../practice/supabase-server';
import { errorOf, runCli } from '../support/cli';
import { compareDatabases } from '../support/compare';
import { type RunningPractice, startPracticeCommand, withChanges, withClient } from '../support/practice';
import { expectNoSecret } from '../support/secrets';
import { newWorkspace } from '../support/workspace';
import { mountSmallDisk, type SmallDisk } from './small-disk';

const run = promisify(execFile);

let practice: RunningPractice;
let workspace: string;
/** What a test started, to be ended in reverse order. */
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  practice = await startPracticeCommand();
});
afterAll(async () => {
  await practice.stop();
});
beforeEach(async () => {
  workspace = await newWorkspace('Full disk');
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await rm(workspace, { recursive: true, force: true });
});

async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const disk = await mountSmallDisk(megabytes);
  ends.push(() => disk.remove());
  return disk;
}

/** The practice environment with a project of the test's own, whose database is `managed`. */
async function withProject(managed: ManagedPostgres): Promise<RunningPractice> {
  ends.push(() => managed.stop());
  const project = await startSupabaseServer({ authUrl: managed.authUrl, restUrl: managed.restUrl });
  ends.push(() => project.close());
  return withChanges(practice, {
    SUPABASE_DB_URL: managed.url,
    SUPABASE_URL: project.url,
    SUPABASE_SECRET_KEY: project.secretKey,
    SUPABASE_PUBLISHABLE_KEY: project.publishableKey,
  });
}

const args = (...command: string[]) => [
  ...command,
  '--workspace',
  workspace,
  '--only',
  'database,users',
  '--json',
];

/** Runs into the full disk; resolves with the error and the run's id. */
async function runIntoFullDisk(
  sides: RunningPractice,
): Promise<{ error: ReturnType<typeof errorOf>; id: string }> {
  const result = await runCli(args('run', '--yes'), sides.env);
  expect(result.code, result.stdout.slice(-1500) + result.stderr).toBe(1);
  expectNoSecret(result.stdout + result.stderr, sides.env);
  const listed = await runCli(['runs', '--workspace', workspace, '--json'], sides.env);
  const [run] = z.array(z.object({ id: z.string(), state: z.string() })).parse(JSON.parse(listed.stdout));
  expect(run?.state).toBe('failed');
  return { error: errorOf(result), id: run?.id ?? '' };
}

async function expectResumesToEqual(sides: RunningPractice, id: string): Promise<void> {
  const resumed = await runCli(
    ['run', '--yes', '--json', '--workspace', workspace, '--resume', id],
    sides.env,
  );
  expect(resumed.code, resumed.stdout.slice(-1500) + resumed.stderr).toBe(0);
  const databases = await compareDatabases(sides);
  expect(databases.target).toEqual(databases.source);
}

test('a target database on a full disk: told, and resumed to the end once the disk is larger', async () => {
  const disk = await smallDisk(24);
  const managed = await startManagedPostgres();
  const sides = await withProject(managed);
  // The log of changes stays on the large disk, as on a server that keeps both apart: the server lives on.
  await withClient(managed.adminUrl, (client) =>
    client.query(`create tablespace small location '${disk.folder}'`),
  );
  await withClient(managed.server.superuserUrl('template1'), async (client) => {
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = 'postgres'`);
    await client.query('alter database postgres set tablespace small');
  });
  const { error, id } = await runIntoFullDisk(sides);
  expect(error.code).toBe('TARGET_DISK_FULL');
  expect(error.hint).toMatch(/disk.*resume/i);
  await disk.enlarge(512);
  await expectResumesToEqual(sides, id);
});

test('a target server whose log fills the disk: told, and resumed to the end', async () => {
  const disk = await smallDisk(36);
  const root = await createScratch();
  ends.push(() => root.remove());
  const dataDir = path.join(root.path, 'data');
  const first = await startManagedPostgres({ dataDir });
  await first.stop();
  // PostgreSQL stops itself when it can't write its log of changes.
  await run('mv', [path.join(dataDir, 'pg_wal'), disk.folder]);
  await symlink(path.join(disk.folder, 'pg_wal'), path.join(dataDir, 'pg_wal'));
  const managed = await startManagedPostgres({ dataDir });
  const sides = await withProject(managed);
  const { error, id } = await runIntoFullDisk(sides);
  // Sessions beside the one that met the full disk may only see the server go.
  expect(error.code).toMatch(/^TARGET_(DISK_FULL|LOST)$/);
  expect(error.hint).toMatch(/resume/i);
  await managed.server.crash();
  await disk.enlarge(1024);
  await managed.server.restart();
  await expectResumesToEqual(sides, id);
});
