import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { runInProcess } from './cli-from-source';
import { sql } from './database-fixture';
import { startUsersProject, type UsersProject } from './users-fixture';

let project: UsersProject;
let home: string;
beforeAll(async () => {
  project = await startUsersProject();
  home = await mkdtemp(path.join(os.tmpdir(), 'users-cli-'));
});
afterAll(async () => {
  await project.close();
  await rm(home, { recursive: true, force: true });
});

const outcome = z.looseObject({
  label: z.string().optional(),
  status: z.string().optional(),
  error: z.object({ code: z.string() }).optional(),
});

/** With the admin API alone when `way` is `api`. */
let way: 'sql' | 'api' = 'sql';
async function users(...args: string[]) {
  const env = {
    CUTOVER_HOME: home,
    SUPABASE_URL: project.gateway.url,
    SUPABASE_SECRET_KEY: project.supabase.secretKey,
    ...(way === 'sql' ? { SUPABASE_DB_URL: project.managed.url } : {}),
  };
  const { code, stdout, stderr } = await runInProcess(['users', ...args, '--json'], env);
  if (stdout.trim() === '') throw new Error(stderr);
  const document: unknown = JSON.parse(stdout);
  return { code, document };
}
const statusOf = async (...args: string[]) => outcome.parse((await users(...args)).document).status;

it('lists, changes and deletes users, and answers with one document', async () => {
  expect(await statusOf('create', '--email', 'ada@x.org', '--user-metadata', '{"plan": "free"}')).toBe(
    'done',
  );
  expect(await statusOf('update', 'ada@x.org', '--user-metadata', '{"plan": "pro"}')).toBe('done');
  expect(await statusOf('ban', 'ada@x.org', '--hours', '2')).toBe('done');
  expect((await users('list', '--state', 'banned')).document).toMatchObject({
    users: [{ email: 'ada@x.org' }],
  });
  expect(await statusOf('unban', 'ada@x.org')).toBe('done');
  expect(await statusOf('unban', 'ada@x.org')).toBe('unchanged');
  expect(await statusOf('sign-out', 'ada@x.org')).toBe('unchanged');
  expect((await users('get', 'ADA@x.org')).document).toMatchObject({ userMetadata: { plan: 'pro' } });
  expect((await users('link', 'ada@x.org', '--kind', 'magiclink')).document).toHaveProperty('url');
  expect((await users('stats', '--days', '3')).document).toMatchObject({ total: 1 });
  // A password is typed, never given.
  expect(await users('try-sign-in', 'ada@x.org')).toMatchObject({ code: 2 });

  expect(await users('delete', 'ada@x.org')).toMatchObject({
    code: 2,
    document: { error: { code: 'INVALID_INPUT' } },
  });
  await sql(
    project.managed.adminUrl,
    `create schema app; create table app.orders (buyer uuid references auth.users); insert into app.orders select id from auth.users`,
  );
  const blocked = await users('delete', 'ada@x.org', '--yes');
  expect(blocked.code).not.toBe(0);
  expect(blocked.document).toMatchObject({ error: { code: 'USER_DELETE_BLOCKED' } });
  await sql(project.managed.adminUrl, 'drop schema app cascade');
  expect(await statusOf('delete', 'ada@x.org', '--yes')).toBe('done');
  expect(await users('get', 'ada@x.org')).toMatchObject({ document: { error: { code: 'NOT_FOUND' } } });
});

it('writes to users without a password only when it is told to', async () => {
  await sql(
    project.managed.adminUrl,
    `create schema cutover; create table cutover.imported_users (source text, old_id text, user_id uuid, password_digest text);
     grant usage on schema cutover to postgres; grant all on cutover.imported_users to postgres`,
  );
  const emails = ['lost1@x.org', 'lost2@x.org'];
  for (const email of emails) await users('create', '--email', email);
  await sql(
    project.managed.adminUrl,
    `update auth.users set encrypted_password = '' where email like 'lost_@x.org';
     insert into cutover.imported_users select 'public.users', email, id, encode(sha256(''), 'hex') from auth.users where email like 'lost_@x.org'`,
  );
  expect(await users('reset-mails', '--dry-run')).toMatchObject({ code: 0, document: { waiting: 2 } });
  expect(await users('reset-mails')).toMatchObject({
    code: 2,
    document: { error: { code: 'INVALID_INPUT' } },
  });
  expect((await users('get', 'lost1@x.org')).document).toMatchObject({ hasPassword: false });
  expect(await users('reset-mails', '--yes', '--per-hour', '36000')).toMatchObject({
    code: 0,
    document: { waiting: 0, mailed: 2, run: { sent: 2, refused: 0 } },
  });
  await sql(project.managed.adminUrl, `truncate auth.users cascade; drop schema cutover cascade`);
});

it('imports what is good of a file, exports it, and never overwrites a file', async () => {
  const file = path.join(home, 'users.csv');
  await writeFile(file, 'email,name\na@x.org,A\nbroken,B\nb@x.org,C\n');
  expect(await users('import', file, '--dry-run')).toMatchObject({ code: 4, document: { imported: 2 } });
  expect(await users('import', file)).toMatchObject({
    code: 4,
    document: { imported: 2, bad: [{ line: 3 }] },
  });
  const out = path.join(home, 'out.csv');
  expect(await users('export', '--out', out)).toMatchObject({ code: 0, document: { users: 2 } });
  expect(await readFile(out, 'utf8')).toContain('b@x.org');
  expect((await users('export', '--out', out)).code).toBe(2);
});

it('does the same by the admin API, and says what that can not do', async () => {
  way = 'api';
  expect(await statusOf('invite', 'eve@x.org')).toBe('done');
  expect(await statusOf('create', '--email', 'bo@x.org', '--app-metadata', '{"role": "admin"}')).toBe('done');
  expect(await statusOf('ban', 'bo@x.org')).toBe('done');
  expect((await users('list', '--state', 'banned')).document).toMatchObject({
    users: [{ email: 'bo@x.org' }],
  });
  expect(await users('sign-out', 'bo@x.org')).toMatchObject({
    code: 1,
    document: { error: { code: 'USERS_PATH_LIMIT' } },
  });
  project.gateway.trouble = (method) => (method === 'DELETE' ? { status: 500 } : undefined);
  expect(await users('delete', 'bo@x.org', '--yes')).toMatchObject({ code: 1 });
  project.gateway.trouble = () => undefined;
  expect((await users('get', 'bo@x.org')).document).toMatchObject({ appMetadata: { role: 'admin' } });
  expect(await statusOf('delete', 'bo@x.org', '--yes')).toBe('done');
  expect(await users('update', 'eve@x.org', '--user-metadata', '{')).toMatchObject({ code: 2 });
});
