import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from 'pg';
import { z } from 'zod';
import { runIdSchema } from '#shared/model/run';
import { startEmbeddedServer, type EmbeddedServer } from '../../practice/postgres/embedded-server';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { startSupabaseServer, type SupabaseServer } from '../../practice/supabase-server';
import { newDatabase, sql } from '../integration/database-fixture';
import { runCli } from '../support/cli';
import { runAndKill } from '../support/kill-loop';
import { messyHashes, seedMessyUsers } from '../support/messy-users';
import { newWorkspace } from '../support/workspace';

/** A longer run: `CUTOVER_KILLS=50 npm run test:system`. */
const kills = Number(process.env['CUTOVER_KILLS'] ?? '5');
/** The full size: `CUTOVER_USERS=100000`. */
const size = Number(process.env['CUTOVER_USERS'] ?? '20000');
/** An import under kills begins anew many times. */
const killedSize = Number(process.env['CUTOVER_USERS'] ?? '12000');

let server: EmbeddedServer;
let managed: ManagedPostgres;
let supabase: SupabaseServer;
let workspace: string;

beforeAll(async () => {
  [server, managed, workspace] = await Promise.all([
    startEmbeddedServer({ version: 15, superuser: 'postgres' }),
    startManagedPostgres(),
    newWorkspace('messy-users'),
  ]);
  supabase = await startSupabaseServer({
    authUrl: managed.authUrl,
    restUrl: managed.restUrl,
    rateLimits: false,
  });
  await writeFile(path.join(workspace, 'mapping.json'), JSON.stringify(mapping));
});
afterAll(async () => {
  await supabase.close();
  await Promise.all([server.stop(), managed.stop(), rm(workspace, { recursive: true })]);
});

/** Users with their profiles, an expression, and ids that the orders follow. */
const mapping = {
  sources: [
    {
      schema: 'public',
      name: 'members',
      id: 'id',
      joins: [
        {
          alias: 'profile',
          schema: 'public',
          name: 'member_profiles',
          column: 'member_id',
          equals: 'id',
        },
      ],
      fields: {
        email: 'login_email',
        hash: 'pw',
        phone: 'mobile',
        active: 'is_active',
        verifiedAt: 'email_verified_at',
        createdAt: 'created_at',
        lastSignInAt: 'last_login_at',
      },
      userMetadata: {
        full_name: { from: 'profile', column: 'full_name' },
        avatar_url: { sql: "profile.avatar_url || '?from=' || t.id" },
      },
      appMetadata: { role: 'role' },
    },
  ],
  choices: { otherIds: 'follow' },
};

async function seededSource(count: number): Promise<{ url: string; env: Record<string, string> }> {
  const { url } = await newDatabase(server);
  const client = new Client({ connectionString: url });
  await client.connect();
  await seedMessyUsers(client, count);
  // Rows that point at users have a foreign key, as they have in an application.
  await client.query('alter table member_orders add foreign key (member_id) references members (id)');
  await client.end();
  return {
    url,
    env: {
      SOURCE_DATABASE_URL: url,
      SUPABASE_DB_URL: managed.url,
      SUPABASE_URL: supabase.url,
      SUPABASE_SECRET_KEY: supabase.secretKey,
      SUPABASE_PUBLISHABLE_KEY: supabase.publishableKey,
    },
  };
}

async function emptyTarget(): Promise<void> {
  await sql(
    managed.adminUrl,
    `truncate auth.users cascade; drop schema if exists cutover cascade;
     drop table if exists public.member_orders, public.member_profiles, public.members cascade`,
  );
}

/** As before the users came; the tables of the application stay. */
async function emptyAuth(): Promise<void> {
  await sql(
    managed.adminUrl,
    `alter table public.members drop column if exists auth_user_id; alter table public.member_orders drop column if exists member_id_uuid;
     truncate auth.users cascade; drop schema if exists cutover cascade`,
  );
}

const command = (...args: string[]): string[] => [...args, '--workspace', workspace, '--json'];
const begin = (only: string): string[] =>
  command('run', '--yes', '--only', only, '--users-mapping', path.join(workspace, 'mapping.json'));

const digestRows = z.array(z.object({ digest: z.string() }));

/** Runs of the workspace, the oldest first. */
async function runIds(): Promise<string[]> {
  const names = await readdir(path.join(workspace, 'runs'));
  return names.filter((name) => runIdSchema.safeParse(name).success).sort();
}

/** Everything that the import has written, but for ids that were made by chance and the time of the import. */
async function stateDigest(): Promise<string> {
  const [row] = digestRows.parse(
    await sql(
      managed.adminUrl,
      `with i as materialized (select user_id, string_agg(provider || (user_id::text = provider_id)::text || (identity_data - 'sub')::text, '' order by provider) as identities
           from auth.identities group by 1),
         o as materialized (select member_id, string_agg(id || ' ' || coalesce(member_id_uuid::text, 'none'), ',' order by id) as orders from public.member_orders group by 1)
       select md5(string_agg(r::text, '' order by old_id::bigint)) as digest from (
         select m.old_id, m.email as imported, m.inactive, m.verified, a.email, a.phone, a.encrypted_password, a.email_confirmed_at, a.phone_confirmed_at,
           a.banned_until, a.created_at, a.updated_at, a.last_sign_in_at, a.raw_user_meta_data, a.raw_app_meta_data, t.login_email,
           t.auth_user_id = a.id as bridged, i.identities, replace(o.orders, a.id::text, 'the user') as orders
         from cutover.imported_users m join auth.users a on a.id = m.user_id join public.members t on t.id::text = m.old_id
         left join i on i.user_id = a.id left join o on o.member_id = t.id) r`,
    ),
  );
  return row?.digest ?? '';
}

const numberRows = z.array(z.object({ n: z.coerce.number() }));
async function count(url: string, text: string): Promise<number> {
  return numberRows.parse(await sql(url, text))[0]?.n ?? Number.NaN;
}

async function post(route: string, body: unknown, key: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${supabase.url}/auth/v1${route}`, {
    method: 'POST',
    headers: { apikey: key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

async function signIn(email: string, password: string): Promise<string> {
  const { status, text } = await post(
    '/token?grant_type=password',
    { email, password },
    supabase.publishableKey,
  );
  if (status === 200) return 'signed in';
  return z.object({ error_code: z.string() }).parse(JSON.parse(text)).error_code;
}

const userRows = z.array(z.object({ email: z.string() }));

/** Addresses of users who have the hash at `index`. `which` narrows them down. */
async function addressOf(url: string, hashes: number, index: number, which: string): Promise<string> {
  const rows = userRows.parse(
    await sql(
      url,
      `select login_email as email from members where id % ${hashes} = ${index} and login_email = 'member' || id || '@example.com'
       and id % 100 <> 0 and ${which} order by id limit 1`,
    ),
  );
  return rows[0]?.email ?? 'nobody';
}

const sound = 'is_active and email_verified_at is not null';

test(
  `${size} messy users arrive, sign in as before, and a second import changes nothing`,
  { timeout: 900_000 },
  async () => {
    const { url, env } = await seededSource(size);
    await emptyTarget();
    const first = await runCli(begin('database,users'), env);
    expect(first.code, first.stdout.slice(-1500) + first.stderr).toBe(0);
    const runId = (await runIds()).at(-1) ?? '';

    const expected = await count(
      url,
      `select count(distinct lower(btrim(login_email))) as n from members where login_email like '%@%'`,
    );
    expect(await count(managed.adminUrl, 'select count(*) as n from auth.users')).toBe(expected);
    expect(expected).toBeGreaterThan(size * 0.98);

    const hashes = await messyHashes();
    for (const [index, { password, accepted }] of hashes.entries()) {
      const email = await addressOf(url, hashes.length, index, sound);
      expect(await signIn(email, `${password}x`), email).toBe('invalid_credentials');
      expect(await signIn(email, password), email).toBe(accepted ? 'signed in' : 'invalid_credentials');
    }
    const [banned, unconfirmed] = [
      await addressOf(url, hashes.length, 5, 'not is_active'),
      await addressOf(url, hashes.length, 1, 'is_active and email_verified_at is null'),
    ];
    expect(await signIn(banned, hashes[5]?.password ?? '')).toBe('user_banned');
    expect(await signIn(unconfirmed, hashes[1]?.password ?? '')).toBe('email_not_confirmed');

    // Signing in has changed those users; what a second import would change shows after it.
    const before = await stateDigest();
    const versions = `select sum(hashtext(xmin::text || id::text)) as n from auth.users`;
    const written = await count(managed.adminUrl, versions);
    const second = await runCli(begin('users'), env);
    expect(second.code, second.stdout.slice(-1500) + second.stderr).toBe(0);
    expect(await stateDigest()).toBe(before);
    expect(await count(managed.adminUrl, versions)).toBe(written);

    const verified = await runCli(command('verify', runId), env);
    expect(verified.code, verified.stdout.slice(-1500)).toBe(0);
  },
);

test(
  `${kills} kills at random moments over imports of ${killedSize} users: each ends equal`,
  { timeout: 900_000 },
  async () => {
    const { env } = await seededSource(killedSize);
    await emptyTarget();
    for (const only of ['database', 'users']) {
      const undisturbed = await runCli(begin(only), env);
      expect(undisturbed.code, undisturbed.stdout.slice(-1500) + undisturbed.stderr).toBe(0);
    }
    const expected = await stateDigest();
    let done = 0;
    while (done < kills) {
      await emptyAuth();
      const earlier = new Set(await runIds());
      let ended = await runAndKill(begin('users'), env, Math.random() * 2500);
      while (ended.killed) {
        done += 1;
        const own = (await runIds()).find((id) => !earlier.has(id));
        const args = own === undefined ? begin('users') : command('run', '--yes', '--resume', own);
        // After the last kill the run is left alone.
        ended = await runAndKill(args, env, done < kills ? Math.random() * 2500 : 600_000);
        // A kill can fall between the end of the run and that of the process.
        if (ended.code === 3 && own !== undefined) {
          const verified = await runCli(command('verify', own), env);
          ended = { killed: false, code: verified.code };
        }
      }
      expect(ended.code).toBe(0);
      expect(await stateDigest()).toBe(expected);
    }
  },
);
