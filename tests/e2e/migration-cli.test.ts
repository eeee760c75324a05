import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { journalEventSchema } from '#shared/model/run';
import { runCli } from '../support/cli';
import { compareDatabases, compareObjects, signIn } from '../support/compare';
import { type RunningPractice, startPracticeCommand, withClient } from '../support/practice';

let practice: RunningPractice;
beforeAll(async () => {
  practice = await startPracticeCommand();
});
afterAll(async () => {
  await practice.stop();
});

const args = (...command: string[]) => [
  ...command,
  '--workspace',
  practice.workspace,
  '--env-file',
  practice.envFile,
];

test('a first migration by the CLI ends verified, and both sides are equal by an independent comparison', async () => {
  const check = await runCli(args('check', '--json'), {});
  expect(check.code, check.stdout + check.stderr).toBe(0);

  const result = await runCli(args('run', '--yes', '--json'), {});
  expect(result.code, result.stderr + result.stdout.slice(-2000)).toBe(0);
  const lines = result.stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const events = lines.slice(0, -1).map((line) => journalEventSchema.parse(line));
  expect(z.object({ type: z.literal('result') }).parse(lines.at(-1)).type).toBe('result');
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
  const evidence = events.flatMap((event) => (event.type === 'step.verified' ? event.data.evidence : []));
  expect(evidence.length).toBeGreaterThan(20);
  expect(evidence.filter((item) => !item.equal)).toEqual([]);

  const databases = await compareDatabases(practice);
  expect(Object.keys(databases.source).length).toBeGreaterThan(15);
  expect(databases.target).toEqual(databases.source);

  const objects = await compareObjects(practice);
  expect(Object.keys(objects.source).length).toBeGreaterThan(450);
  expect(objects.target).toEqual(objects.source);

  const email = practice.value('PRACTICE_USER_EMAIL');
  const sourceId = await withClient(practice.value('SOURCE_DATABASE_URL'), async (client) => {
    const found = await client.query('select id from users where email = $1', [email]);
    return z.array(z.object({ id: z.string() })).parse(found.rows)[0]?.id;
  });
  expect(await signIn(practice, email, practice.value('PRACTICE_USER_PASSWORD'))).toBe(sourceId);
});

test('a second run refuses the target that is no longer empty, and writes nothing', async () => {
  const before = await compareDatabases(practice);
  const result = await runCli(args('run', '--yes', '--json'), {});
  expect(result.code).toBe(3);
  expect(result.stdout).toContain('TARGET_NOT_EMPTY');
  expect((await compareDatabases(practice)).target).toEqual(before.target);
});

test('verify compares again and finds a change that was made on the target', async () => {
  const runs = await runCli(args('runs', '--json'), {});
  const [newest] = z
    .array(z.object({ id: z.string(), state: z.string() }))
    .parse(JSON.parse(runs.stdout))
    .filter((run) => run.state.startsWith('succeeded'));
  const id = newest?.id ?? '';
  const equal = await runCli(args('verify', id, '--json'), {});
  expect(equal.code, equal.stdout.slice(-1500) + equal.stderr).toBe(0);
  await withClient(practice.value('SUPABASE_DB_URL'), async (client) => {
    await client.query(
      `update users set full_name = full_name || '!' where id = (select id from users order by id limit 1)`,
    );
  });
  const differs = await runCli(args('verify', id, '--json'), {});
  expect(differs.code, differs.stdout.slice(-1500)).toBe(4);
  expect(differs.stdout).toContain('VERIFICATION_DIFFERS');
});
