import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { runIdSchema } from '#shared/model/run';
import { startEmbeddedServer, type EmbeddedServer } from '../../practice/postgres/embedded-server';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { startSupabaseServer, type SupabaseServer } from '../../practice/supabase-server';
import { newDatabase, sql } from '../integration/database-fixture';
import { startGateway, type TroubledGateway } from '../integration/users-fixture';
import { runCli } from '../support/cli';
import { runAndKill } from '../support/kill-loop';
import { messyHashes, seedMessyUsers } from '../support/messy-users';
import { newWorkspace } from '../support/workspace';

/** More users, and a longer run: `CUTOVER_API_USERS=20000 CUTOVER_KILLS=20`. */
const size = Number(process.env['CUTOVER_API_USERS'] ?? '600');
const kills = Number(process.env['CUTOVER_KILLS'] ?? '2');

let server: EmbeddedServer;
let managed: ManagedPostgres;
let supabase: SupabaseServer;
let gateway: TroubledGateway;
let workspace: string;
let source: string;
let env: Record<string, string>;
let hashes: Awaited<ReturnType<typeof messyHashes>>;

const mapping = {
  sources: [
    {
      schema: 'public',
      name: 'members',
      id: 'id',
      joins: [
        { alias: 'profile', schema: 'public', name: 'member_profiles', column: 'member_id', equals: 'id' },
      ],
      fields: {
        email: 'login_email',
        hash: 'pw',
        phone: 'mobile',
        active: 'is_active',
        verifiedAt: 'email_verified_at',
        createdAt: 'created_at',
      },
      userMetadata: { full_name: { from: 'profile', column: 'full_name' } },
      appMetadata: { role: 'role' },
    },
  ],
};

beforeAll(async () => {
  [server, managed, workspace] = await Promise.all([
    startEmbeddedServer({ version: 15, superuser: 'postgres' }),
    startManagedPostgres(),
    newWorkspace('users-by-api'),
  ]);
  hashes = await messyHashes();
  supabase = await startSupabaseServer({
    authUrl: managed.authUrl,
    restUrl: managed.restUrl,
    rateLimits: false,
  });
  gateway = await startGateway(supabase.url);
  await writeFile(path.join(workspace, 'mapping.json'), JSON.stringify(mapping));
  ({ url: source } = await newDatabase(server));
  const client = new Client({ connectionString: source });
  await client.connect();
  await seedMessyUsers(client, size);
  await client.end();
  // No SUPABASE_DB_URL: the project's database is out of reach.
  env = {
    SOURCE_DATABASE_URL: source,
    SUPABASE_URL: gateway.url,
    SUPABASE_SECRET_KEY: supabase.secretKey,
    SUPABASE_PUBLISHABLE_KEY: supabase.publishableKey,
  };
});
afterAll(async () => {
  await gateway.close();
  await supabase.close();
  await Promise.all([server.stop(), managed.stop(), rm(workspace, { recursive: true })]);
});
beforeEach(async () => {
  gateway.trouble = () => undefined;
  await sql(managed.adminUrl, 'truncate auth.users cascade');
});

const command = (...args: string[]): string[] => [...args, '--workspace', workspace, '--json'];
const withMapping = (...args: string[]): string[] =>
  command(...args, '--users-mapping', path.join(workspace, 'mapping.json'));
const begin = (): string[] => withMapping('run', '--yes', '--only', 'users');

/** Runs of the workspace, the oldest first. */
async function runIds(): Promise<string[]> {
  const names = await readdir(path.join(workspace, 'runs'));
  return names.filter((name) => runIdSchema.safeParse(name).success).sort();
}

const digests = z.array(z.object({ digest: z.string(), users: z.coerce.number() }));

/** Everything that the import decides; dates and what no hash came with are the service's. */
async function written(): Promise<{ digest: string; users: number }> {
  const [row] = digests.parse(
    await sql(
      managed.adminUrl,
      `select count(*) as users, coalesce(md5(string_agg(r::text, '' order by id)), '') as digest from (
         select u.id, u.email, u.phone, u.email_confirmed_at is not null as confirmed, u.phone_confirmed_at is not null as phone_confirmed,
           u.banned_until > now() as banned, u.raw_user_meta_data, u.raw_app_meta_data,
           (select string_agg(i.provider, ',' order by i.provider) from auth.identities i where i.user_id = u.id) as identities
         from auth.users u) r`,
    ),
  );
  return row ?? { digest: '', users: Number.NaN };
}

async function signIn(email: string, password: string): Promise<string> {
  const answer = await fetch(`${supabase.url}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: supabase.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  if (answer.status === 200) return 'signed in';
  return z.object({ error_code: z.string() }).parse(await answer.json()).error_code;
}

/** The address of a sound user who has the hash at `index`. */
async function addressOf(kinds: number, index: number, which: string): Promise<string> {
  const rows = z.array(z.object({ email: z.string() })).parse(
    await sql(
      source,
      `select login_email as email from members where id % ${kinds} = ${index} and login_email = 'member' || id || '@example.com'
         and id % 100 <> 0 and ${which} order by id limit 1`,
    ),
  );
  return rows[0]?.email ?? 'nobody';
}

test(`${size} messy users come by the admin API alone while it answers 429, 500 and nothing, and twice is once`, async () => {
  let asked = 0;
  gateway.trouble = (method, route) => {
    if (method !== 'POST' || !route.endsWith('/admin/users')) return undefined;
    asked += 1;
    if (asked % 97 === 0)
      return { status: 429, headers: { 'retry-after': '0' }, body: { code: 429, msg: 'slow' } };
    if (asked % 131 === 0) return { status: 500, body: { code: 500, msg: 'Internal Server Error' } };
    return asked % 113 === 0 ? 'cut-after' : undefined;
  };
  const first = await runCli(begin(), env);
  expect(first.code, first.stdout.slice(-1500) + first.stderr).toBe(0);
  expect(first.stdout).toContain('USERS_BY_API');
  expect(asked).toBeGreaterThan(size * 0.95);
  const expected = z
    .array(z.object({ n: z.coerce.number() }))
    .parse(
      await sql(
        source,
        `select count(distinct lower(btrim(login_email))) as n from members where login_email like '%@%'`,
      ),
    );
  const state = await written();
  expect(state.users).toBe(expected[0]?.n);

  for (const [index, { password, accepted }] of hashes.entries()) {
    // One of each kind: high costs take their time, and are tried after the import by SQL.
    if (index % 9 !== 0 && index < 27) continue;
    const email = await addressOf(hashes.length, index, 'is_active and email_verified_at is not null');
    expect(await signIn(email, `${password}x`), email).toBe('invalid_credentials');
    expect(await signIn(email, password), email).toBe(accepted ? 'signed in' : 'invalid_credentials');
  }
  const banned = await addressOf(hashes.length, 5, 'not is_active');
  expect(await signIn(banned, hashes[5]?.password ?? '')).toBe('user_banned');
  const unconfirmed = await addressOf(hashes.length, 1, 'is_active and email_verified_at is null');
  expect(await signIn(unconfirmed, hashes[1]?.password ?? '')).toBe('email_not_confirmed');

  asked = 0;
  gateway.trouble = (method, route) => {
    if (method === 'POST' && route.endsWith('/admin/users')) asked += 1;
    return undefined;
  };
  const second = await runCli(begin(), env);
  expect(second.code, second.stdout.slice(-1500) + second.stderr).toBe(0);
  expect(await written()).toEqual(state);
  // The user that proves the sign-in is all that is made.
  expect(asked).toBe(1);
});

test('an import by SQL later takes over who came by the admin API, with dates and the lasting map, and twice is once', async () => {
  expect((await runCli(begin(), env)).code).toBe(0);
  const { users } = await written();
  const withDatabase = { ...env, SUPABASE_DB_URL: managed.url };
  const bySql = async () => {
    const run = await runCli(begin(), withDatabase);
    expect(run.code, run.stdout.slice(-1500) + run.stderr).toBe(0);
    return sql(
      managed.adminUrl,
      `select m.old_id, a.id, a.email, a.created_at, a.encrypted_password, a.banned_until, a.xmin::text
       from cutover.imported_users m join auth.users a on a.id = m.user_id order by m.old_id::bigint`,
    );
  };
  try {
    const first = await bySql();
    expect(first).toHaveLength(users);
    expect((await written()).users).toBe(users);
    expect(await bySql()).toEqual(first);
  } finally {
    await sql(managed.adminUrl, 'drop schema if exists cutover cascade');
  }
});

test(
  `${kills} kills at random moments: the import by the admin API ends equal`,
  { timeout: 900_000 },
  async () => {
    const undisturbed = await runCli(begin(), env);
    expect(undisturbed.code, undisturbed.stdout.slice(-1500) + undisturbed.stderr).toBe(0);
    const expected = await written();
    let done = 0;
    while (done < kills) {
      await sql(managed.adminUrl, 'truncate auth.users cascade');
      const earlier = new Set(await runIds());
      let ended = await runAndKill(begin(), env, Math.random() * 2500);
      while (ended.killed) {
        done += 1;
        const own = (await runIds()).find((id) => !earlier.has(id));
        const args = own === undefined ? begin() : command('run', '--yes', '--resume', own);
        ended = await runAndKill(args, env, done < kills ? Math.random() * 2500 : 600_000);
      }
      expect(await written()).toEqual(expected);
    }
  },
);

test('somebody else with an address stops the import before it writes, and who signed up later is carried over', async () => {
  const taken = await addressOf(hashes.length, 3, 'is_active and email_verified_at is not null');
  const made = await fetch(`${supabase.url}/auth/v1/admin/users`, {
    method: 'POST',
    headers: { apikey: supabase.secretKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email: taken }),
  });
  expect(made.status).toBe(200);
  const refused = await runCli(begin(), env);
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toContain('USERS_CONFLICT');
  expect((await written()).users).toBe(1);

  await sql(managed.adminUrl, 'truncate auth.users cascade');
  expect((await runCli(begin(), env)).code).toBe(0);
  const before = (await written()).users;
  await sql(
    source,
    `insert into members (login_email, pw, email_verified_at, is_active) values ('late@example.com', '', now(), true)`,
  );
  const looked = await runCli(withMapping('carry-users', '--dry-run'), env);
  expect(JSON.parse(looked.stdout)).toMatchObject({ applied: false, added: 1, addedOnly: true });
  const carried = await runCli(withMapping('carry-users', '--yes'), env);
  expect(JSON.parse(carried.stdout)).toMatchObject({ applied: true, added: 1 });
  expect((await written()).users).toBe(before + 1);
});
