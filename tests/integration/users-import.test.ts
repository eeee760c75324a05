import { hash } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthPort } from '#core/adapters/supabase/open';
import { testSupabase } from '#core/adapters/supabase/connection-test';
import { openDatabasePorts } from '#core/adapters/postgres/open';
import type { AnyStep } from '#core/engine/step';
import type { AuthPort } from '#core/ports/auth';
import type { DatabasePorts } from '#core/ports/database';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { inspectDatabase } from '#core/steps/database-schema/inspect-database';
import { trySignIn } from '#core/services/migration/try-sign-in';
import type { NewActivity } from '#shared/model/activity';
import { keepDirectory } from '#core/services/users/open-directory';
import { createUsersService } from '#core/services/users/users-service';
import { inspectUsers } from '#core/steps/users/inspect-users';
import { carryUsers } from '#core/steps/users/user-delta';
import { usersLinksStep } from '#core/steps/users/users-links-step';
import { usersStep } from '#core/steps/users/users-step';
import { defaultUserChoices, type UsersMapping } from '#shared/model/users-mapping';
import { startLegacyPostgres, type LegacyPostgres } from '../../practice/postgres/legacy-postgres';
import {
  legacyUserCount,
  legacyUserEmail,
  legacyUserId,
  legacyUserPassword,
} from '../../practice/postgres/legacy/users';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { startSupabaseServer, type SupabaseServer } from '../../practice/supabase-server';
import { databasePorts, MemoryStep, newDatabase, settingsOf, sql } from './database-fixture';

const containing = (text: string): unknown => expect.stringContaining(text);

let legacy: LegacyPostgres;
let managed: ManagedPostgres;
let supabase: SupabaseServer;
let ports: { database: DatabasePorts; auth: AuthPort };
let settings: ReturnType<typeof settingsOf>;
const signal = new AbortController().signal;

beforeAll(async () => {
  [legacy, managed] = await Promise.all([startLegacyPostgres(), startManagedPostgres()]);
  supabase = await startSupabaseServer({
    authUrl: managed.authUrl,
    restUrl: managed.restUrl,
    rateLimits: false,
  });
  settings = settingsOf({
    SOURCE_DATABASE_URL: legacy.url,
    SUPABASE_DB_URL: managed.url,
    SUPABASE_URL: supabase.url,
    SUPABASE_SECRET_KEY: supabase.secretKey,
    SUPABASE_PUBLISHABLE_KEY: supabase.publishableKey,
  });
  ports = { database: openDatabasePorts(settings), auth: openAuthPort(settings) };
});
afterAll(async () => {
  await ports.database.close();
  await supabase.close();
  await Promise.all([legacy.stop(), managed.stop()]);
});

async function emptyAuth(): Promise<void> {
  await sql(managed.adminUrl, 'truncate auth.users cascade; drop schema if exists cutover cascade');
}

describe('the shop on a Supabase project', () => {
  it('is inspected', async () => {
    const { database, findings } = await inspectDatabase(ports, signal);
    expect(database.tables.find((table) => table.name === 'users')).toMatchObject({ rows: legacyUserCount });
    expect(database.extensions).toContain('citext');
    expect(findings.filter((finding) => finding.severity === 'blocker')).toEqual([]);
    const { users } = await inspectUsers(ports, signal);
    expect(users).toMatchObject({
      table: 'public.users',
      count: legacyUserCount,
      exceptions: { duplicate: 3 },
    });
  });

  it('arrives whole, as the limited role, extensions in their own schema', async () => {
    const steps: AnyStep<{ database: DatabasePorts }>[] = [
      databaseSchemaStep,
      databaseDataStep,
      databaseFinishStep,
    ];
    for (const step of steps) {
      const memory = new MemoryStep(step, ports);
      const plan = await memory.plan();
      expect(await memory.check(plan)).toEqual({ state: 'pending' });
      await memory.run(plan);
      expect((await memory.verify(plan)).filter((item) => !item.equal)).toEqual([]);
      expect(memory.warnings).toEqual([]);
    }
    const homes = `select distinct n.nspname as home from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'citext'`;
    expect(await sql(managed.adminUrl, homes)).toEqual([{ home: 'extensions' }]);
  });
});

describe('users', () => {
  it('are imported with their ids and passwords, and can sign in', async () => {
    await emptyAuth();
    const step = new MemoryStep(usersStep, ports);
    const plan = await step.plan();
    expect(await step.plan()).toEqual(plan);
    expect(await step.check(plan)).toEqual({ state: 'pending' });
    await step.run(plan);
    expect(step.output).toMatchObject({ imported: legacyUserCount - 3, skipped: 3 });
    expect(step.warnings.map((warning) => warning.code)).toEqual([
      'USERS_CASE_DUPLICATES',
      'USERS_PASSWORD_COLUMN_LEFT',
    ]);
    expect((await step.verify(plan)).filter((item) => !item.equal)).toEqual([]);

    const signIn = (n: number, password = legacyUserPassword(n)) =>
      ports.auth.canSignIn({ email: legacyUserEmail(n), password }, signal);
    expect(await signIn(7)).toBe(true);
    expect(await signIn(7, 'wrong')).toBe(false);
    expect(await signIn(37)).toBe(false); // not active
    expect(await signIn(11)).toBe(false); // not verified
    const [user] = await sql(
      managed.adminUrl,
      `select email, role, raw_app_meta_data as app, raw_user_meta_data as own from auth.users where id = '${legacyUserId(1)}'`,
    );
    expect(user).toMatchObject({
      email: legacyUserEmail(1).toLowerCase(),
      role: 'authenticated',
      app: { provider: 'email', providers: ['email'], role: 'admin', migrated_from: 'public.users' },
    });
    expect(user).toHaveProperty('own.full_name');
  });

  it('are tried by an operator who knows a password, and leave no session behind', async () => {
    const acts: NewActivity[] = [];
    const log = {
      record: (entry: NewActivity) => {
        acts.push(entry);
        return Promise.resolve();
      },
    };
    const attempt = (login: string, password: string) =>
      trySignIn(ports.auth, log, { login, password }, signal);
    const sessions = () => sql(managed.adminUrl, 'select count(*)::int as n from auth.sessions');
    const before = await sessions();
    expect(await attempt(legacyUserEmail(7).toUpperCase(), legacyUserPassword(7))).toEqual({
      taken: true,
      userId: legacyUserId(7),
    });
    expect(await sessions()).toEqual(before);
    expect(await attempt(legacyUserEmail(7), 'wrong')).toMatchObject({
      why: containing('not the right one'),
    });
    expect(await attempt(legacyUserEmail(37), legacyUserPassword(37))).toMatchObject({
      why: containing('banned'),
    });
    expect(await attempt(legacyUserEmail(11), legacyUserPassword(11))).toMatchObject({
      why: containing('not confirmed'),
    });
    expect(acts.map(({ outcome }) => outcome)).toEqual(['done', 'failed', 'failed', 'failed']);
    expect(JSON.stringify(acts)).not.toContain(legacyUserPassword(7));
  });

  it('who sign up later get a row of the application by the SQL that is offered', async () => {
    const { users } = await inspectUsers(ports, signal);
    expect(users?.profileTriggers).toMatchObject([{ table: 'public.users', obstacles: [] }]);
    await sql(managed.url, users?.profileTriggers[0]?.sql ?? '');
    try {
      const signUp = async (email: string, data: Record<string, string>) => {
        const answer = await fetch(`${supabase.url}/auth/v1/signup`, {
          method: 'POST',
          headers: { apikey: supabase.publishableKey, 'content-type': 'application/json' },
          body: JSON.stringify({ email, password: 'some-password', data }),
        });
        expect(answer.ok, await answer.text()).toBe(true);
      };
      await signUp('fresh@example.org', { full_name: 'Ä'.repeat(300), role: 'admin' });
      await signUp('bare@example.org', {});
      const rows = `select u.email, left(u.full_name, 2) as name, u.role, u.is_active, u.id = a.id as same
        from public.users u join auth.users a on a.email = u.email where u.email in ('fresh@example.org', 'bare@example.org') order by 1`;
      expect(await sql(managed.adminUrl, rows)).toEqual([
        { email: 'bare@example.org', name: null, role: 'customer', is_active: true, same: true },
        { email: 'fresh@example.org', name: 'ÄÄ', role: 'customer', is_active: true, same: true },
      ]);
    } finally {
      await sql(managed.url, 'drop function public.users_of_new_user() cascade');
      await sql(
        managed.adminUrl,
        `delete from public.users where email in ('fresh@example.org', 'bare@example.org')`,
      );
    }
  });

  it('are imported once when a batch is done again', async () => {
    await emptyAuth();
    const step = new MemoryStep(usersStep, ports);
    const plan = await step.plan();
    let batches = 0;
    step.beforeEnd = () => {
      batches += 1;
      if (batches === 2) throw new Error('killed');
    };
    await expect(step.run(plan)).rejects.toThrow('killed');
    await step.run(plan);
    expect(step.output).toMatchObject({ imported: legacyUserCount - 3, skipped: 3 });
    expect((await step.verify(plan)).filter((item) => !item.equal)).toEqual([]);
  });

  it('who sign up between two attempts shift the batches, and nobody is lost or imported twice', async () => {
    await emptyAuth();
    const source = await newDatabase(legacy.server);
    await sql(
      source.url,
      `create table users (id uuid primary key, email text, password_hash text);
       insert into users select ('a' || lpad(to_hex(n), 31, '0'))::uuid, n || '@example.com', '$2b$04$${'a'.repeat(53)}' from generate_series(1, 1100) n`,
    );
    const { database } = databasePorts(source.url, managed.url);
    const step = new MemoryStep(usersStep, { database, auth: ports.auth });
    const plan = await step.plan();
    step.beforeEnd = () => {
      throw new Error('killed');
    };
    await expect(step.run(plan)).rejects.toThrow('killed');
    step.beforeEnd = () => undefined;
    await sql(
      source.url,
      `insert into users values ('00000000-0000-4000-8000-000000000000', 'new@example.com', '')`,
    );
    await step.run(plan);
    expect(step.output).toMatchObject({ imported: 1101, skipped: 0 });
    expect((await step.verify(plan)).filter((item) => !item.equal)).toEqual([]);
    await database.close();
    await emptyAuth();
  });

  it('that the project has already are a conflict, and nothing is written', async () => {
    await emptyAuth();
    await sql(
      managed.adminUrl,
      `insert into auth.users (instance_id, id, email) values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), '${legacyUserEmail(5).toLowerCase()}')`,
    );
    const step = new MemoryStep(usersStep, ports);
    expect(await step.check(await step.plan())).toMatchObject({
      state: 'conflict',
      error: { code: 'USERS_CONFLICT', message: containing(legacyUserId(5)) },
    });
    expect(await sql(managed.adminUrl, 'select count(*)::int as n from auth.users')).toEqual([{ n: 1 }]);
    await emptyAuth();
  });

  it('whose passwords were changed after the import are found by the verification', async () => {
    await emptyAuth();
    const step = new MemoryStep(usersStep, ports);
    const plan = await step.plan();
    await step.run(plan);
    await sql(
      managed.adminUrl,
      `update auth.users set encrypted_password = 'x' where id = '${legacyUserId(9)}'`,
    );
    await sql(managed.adminUrl, `delete from auth.users where id = '${legacyUserId(10)}'`);
    const evidence = await step.verify(plan);
    const passwords = evidence.find((item) => item.subject === 'passwords');
    expect(passwords).toMatchObject({ equal: false, note: containing(legacyUserId(9)) });
    expect(evidence.find((item) => item.subject === 'users')).toMatchObject({
      equal: false,
      note: containing(legacyUserId(10)),
    });
    expect(JSON.stringify(evidence)).not.toContain('$2');
  });
});

describe('other tables of users', () => {
  const importFrom = async (statements: string) => {
    const source = await newDatabase(legacy.server);
    await sql(source.url, statements);
    const { database } = databasePorts(source.url, managed.url);
    return new MemoryStep(usersStep, { database, auth: ports.auth });
  };

  it('with numbers for ids get uuids that a lasting map keeps, and doing it again changes nothing', async () => {
    await emptyAuth();
    const step = await importFrom(`
      create table users (id serial primary key, email text, password_hash text);
      insert into users (email, password_hash) select n || '@example.com', '$2b$04$${'a'.repeat(53)}' from generate_series(1, 9) n`);
    const everything = () =>
      sql(
        managed.adminUrl,
        `select m.source, m.old_id, m.user_id, a.email, a.updated_at, a.xmin::text from cutover.imported_users m join auth.users a on a.id = m.user_id order by 2`,
      );
    await step.run(await step.plan());
    expect((await step.verify(await step.plan())).filter((item) => !item.equal)).toEqual([]);
    const first = await everything();
    expect(first[3]).toMatchObject({ source: 'public.users', old_id: '4', email: '4@example.com' });
    const again = new MemoryStep(usersStep, step.ports);
    const plan = await again.plan();
    expect(await again.check(plan)).toEqual({ state: 'pending' });
    await again.run(plan);
    expect(await everything()).toEqual(first);
    await step.ports.database.close();
  });

  it('with numbers for ids are followed by the rows that point at them, and a foreign column is a conflict', async () => {
    await emptyAuth();
    const tables = `
      create schema linked;
      create table linked.users (id serial primary key, email text, password_hash text);
      create table linked.orders (id int primary key, user_id int references linked.users (id) on delete cascade);
      insert into linked.users (email, password_hash) values ('one@example.com', ''), ('two@example.com', ''), ('TWO@example.com', ''), (null, '');
      insert into linked.orders values (1, 1), (2, 2), (3, 4), (4, null)`;
    const { ports: importPorts } = await importFrom(tables);
    await sql(managed.url, tables);
    const usersMapping: UsersMapping = {
      version: 1,
      sources: [
        {
          ...{ schema: 'linked', name: 'users', id: 'id', joins: [], userMetadata: {}, appMetadata: {} },
          fields: { email: 'email', hash: 'password_hash' },
        },
      ],
      choices: { ...defaultUserChoices, otherIds: 'follow' },
    };
    try {
      const linkPorts = { ...importPorts, usersMapping };
      const users = new MemoryStep(usersStep, linkPorts);
      await users.run(await users.plan());
      const links = new MemoryStep(usersLinksStep, linkPorts);
      const plan = await links.plan();
      expect(usersLinksStep.describe(plan).details).toContainEqual(
        containing(
          'alter table "linked"."orders" add column if not exists "user_id_uuid" uuid references auth.users (id) on delete cascade',
        ),
      );
      expect(await links.check(plan)).toEqual({ state: 'pending' });
      await links.run(plan);
      expect(links.warnings).toEqual([]);
      const evidence = await links.verify(plan);
      expect(evidence.map(({ source, target, equal }) => `${source} / ${target} ${equal}`)).toEqual([
        '4 / 4 equal true',
        '3 / 3 equal true',
      ]);
      const rows = () =>
        sql(
          managed.adminUrl,
          `select o.id, a.email, o.xmin::text from linked.orders o left join auth.users a on a.id = o.user_id_uuid order by 1`,
        );
      const first = await rows();
      expect(first.map(({ id, email }) => [id, email])).toEqual([
        [1, 'one@example.com'],
        [2, null],
        [3, null],
        [4, null],
      ]);
      const { users: report } = await inspectUsers(linkPorts, signal);
      await sql(managed.url, report?.profileTriggers[0]?.sql ?? '');
      await sql(
        managed.adminUrl,
        `insert into auth.users (instance_id, id, email) values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'new@example.com')`,
      );
      expect(
        await sql(
          managed.adminUrl,
          `select a.email from linked.users u join auth.users a on a.id = u.auth_user_id where u.email = 'new@example.com'`,
        ),
      ).toEqual([{ email: 'new@example.com' }]);
      await sql(
        managed.url,
        `drop function linked.users_of_new_user() cascade; delete from linked.users where email = 'new@example.com'`,
      );
      const again = new MemoryStep(usersLinksStep, linkPorts);
      expect(await again.check(plan)).toEqual({ state: 'pending' });
      await again.run(plan);
      expect(again.output).toMatchObject({ filled: 0, absent: [] });
      expect(await rows()).toEqual(first);
      await sql(managed.url, `update linked.orders set user_id_uuid = null where id = 1`);
      expect((await links.verify(plan)).map((item) => item.equal)).toEqual([true, false]);
      await sql(managed.url, `comment on column linked.users.auth_user_id is null`);
      expect(await again.check(plan)).toMatchObject({
        state: 'conflict',
        error: { code: 'TARGET_NOT_EMPTY' },
      });
    } finally {
      await sql(managed.url, 'drop schema linked cascade');
      await importPorts.database.close();
    }
  });

  it('without any, are a conflict', async () => {
    const none = await importFrom('create table people (id uuid primary key, email text)');
    expect(await none.check(await none.plan())).toMatchObject({
      state: 'conflict',
      error: { code: 'USERS_TABLE_NOT_FOUND' },
    });
    await none.ports.database.close();
  });

  it('give the address to who signed in last, and come without hashes that Auth refuses', async () => {
    await emptyAuth();
    const id = (n: number): string => `10000000-0000-4000-8000-00000000000${n}`;
    const step = await importFrom(`
      create table newsletter (id uuid primary key, email text, password text);
      create schema app;
      create table app.accounts (id uuid primary key, "email" text, passwd_hash text, banned bool, email_verified_at timestamp, last_login timestamptz, "role" text);
      insert into app.accounts values
        ('${id(1)}', 'Ann@example.com', '$2b$04$${'a'.repeat(53)}', false, '2024-01-02 03:04:05.678901', '2024-01-01', 'o''hara'),
        ('${id(2)}', 'ann@example.com', '$2b$04$${'b'.repeat(53)}', false, null, '2024-06-01', null),
        ('${id(3)}', 'Old@example.com', '$pbkdf2-sha256$29000$abc$def', true, null, null, null),
        ('${id(4)}', '', null, false, null, null, null)`);
    const plan = await step.plan();
    expect(usersStep.describe(plan).warnings.map((warning) => warning.message)).toEqual([
      containing(id(1)),
      containing(id(4)),
      containing('pbkdf2-sha256'),
    ]);
    await step.run(plan);
    expect((await step.verify(plan)).filter((item) => !item.equal)).toEqual([]);
    const found = `select id, email, left(encrypted_password, 7) as hash, email_confirmed_at is not null as confirmed, banned_until > now() as banned
      from auth.users order by id`;
    expect(await sql(managed.adminUrl, found)).toEqual([
      { id: id(2), email: 'ann@example.com', hash: '$2b$04$', confirmed: false, banned: null },
      { id: id(3), email: 'old@example.com', hash: '', confirmed: false, banned: true },
    ]);
    await step.ports.database.close();
  });
});

const hashed = async (password: string) => hash(password, 4);

describe('after the import', () => {
  it('sign-ups and changes of the old side are carried over, changes of the new side stay, and twice is once', async () => {
    await emptyAuth();
    const source = await newDatabase(legacy.server);
    const [first, second] = [await hashed('first-password'), await hashed('second-password')];
    await sql(
      source.url,
      `create table users (id serial primary key, email text, password_hash text, is_active bool default true, is_verified bool default true);
       insert into users (email, password_hash) select 'u' || n || '@example.com', '${first}' from generate_series(1, 6) n;
       update users set is_verified = false where id = 5`,
    );
    const { database } = databasePorts(source.url, managed.url);
    const signIn = (n: number, password: string) =>
      ports.auth.canSignIn({ email: `u${n}@example.com`, password }, signal);
    try {
      const step = new MemoryStep(usersStep, { database, auth: ports.auth });
      await step.run(await step.plan());
      await sql(
        source.url,
        `insert into users (email, password_hash) values ('u7@example.com', '${second}'), ('u8@example.com', '${second}');
         update users set password_hash = '${second}' where id in (1, 2);
         update users set is_active = false where id = 3;
         update users set email = 'new4@example.com' where id = 4;
         update users set is_verified = true where id = 5;
         delete from users where id = 6`,
      );
      await sql(
        managed.adminUrl,
        `update auth.users set encrypted_password = '${await hashed('own-password')}' where email = 'u2@example.com';
         insert into auth.users (instance_id, id, email) values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'u8@example.com')`,
      );
      const expected = {
        added: 1,
        passwords: 1,
        passwordsKept: 1,
        bans: 1,
        unbans: 0,
        confirmations: 1,
        emails: 1,
        emailsKept: 0,
        gone: 0,
        missing: 1,
        clashes: ['public.users:8'],
        clashCount: 1,
        addedOnly: false,
      };
      expect(await carryUsers({ database, auth: ports.auth }, false, signal)).toEqual({
        ...expected,
        applied: false,
      });
      expect(await carryUsers({ database, auth: ports.auth }, true, signal)).toEqual({
        ...expected,
        applied: true,
      });
      expect(await signIn(1, 'second-password')).toBe(true);
      expect(await signIn(1, 'first-password')).toBe(false);
      expect(await signIn(2, 'own-password')).toBe(true);
      expect(await signIn(3, 'first-password')).toBe(false);
      expect(await signIn(5, 'first-password')).toBe(true);
      expect(await signIn(7, 'second-password')).toBe(true);
      expect(
        await ports.auth.canSignIn({ email: 'new4@example.com', password: 'first-password' }, signal),
      ).toBe(true);
      expect(await carryUsers({ database, auth: ports.auth }, true, signal)).toMatchObject({
        added: 0,
        passwords: 0,
        bans: 0,
        emails: 0,
        confirmations: 0,
      });
    } finally {
      await database.close();
    }
  });
});

it('the quick search finds users who were imported and changed while the triggers of the application did not fire', async () => {
  await emptyAuth();
  const source = await newDatabase(legacy.server);
  await sql(
    source.url,
    `create table users (id serial primary key, email text, password_hash text);
     insert into users (email, password_hash) values ('first@example.com', ''), ('second@example.com', '')`,
  );
  const { database } = databasePorts(source.url, managed.url);
  const users = createUsersService({
    ...keepDirectory(() => Promise.resolve(settings)),
    activity: { record: () => Promise.resolve() },
  });
  const found = async (text: string) =>
    (await users.list({ filter: { text }, limit: 10 }, signal)).users.map((user) => user.email).sort();
  try {
    await users.searchIndex('create', signal);
    const quiet = new MemoryStep(usersStep, { database, auth: ports.auth });
    // The trigger of the search itself is none of the application's.
    expect(usersStep.describe(await quiet.plan()).warnings).toEqual([]);
    await sql(
      managed.adminUrl,
      `create function public.on_user() returns trigger language plpgsql as 'begin raise exception ''it fired''; end';
       create trigger on_user after insert or update on auth.users for each row execute function public.on_user()`,
    );
    await quiet.run(await quiet.plan());
    expect(await found('example.com')).toEqual(['first@example.com', 'second@example.com']);
    await sql(
      source.url,
      `update users set email = 'third@example.com' where id = 1; insert into users (email, password_hash) values ('fourth@example.com', '')`,
    );
    expect(await carryUsers({ database, auth: ports.auth }, true, signal)).toMatchObject({
      added: 1,
      emails: 1,
    });
    expect(await found('example.com')).toEqual([
      'fourth@example.com',
      'second@example.com',
      'third@example.com',
    ]);
  } finally {
    await sql(managed.adminUrl, 'drop function if exists public.on_user() cascade');
    await users.searchIndex('drop', signal);
    await users.close();
    await database.close();
  }
});

describe('users whose hash the service refuses', () => {
  it('arrive without a password and get a mail each, once, when the operator wants it; then they choose one', async () => {
    await emptyAuth();
    const source = await newDatabase(legacy.server);
    const old = '$pbkdf2-sha256$29000$abc$def';
    await sql(
      source.url,
      `create table users (id serial primary key, email text, phone text, password_hash text, is_active bool default true);
       insert into users (email, phone, password_hash, is_active) values ('a@example.com', null, '${old}', true),
         ('b@example.com', null, '${old}', true), ('c@example.com', null, '${old}', false), (null, '+4930123456', '${old}', true),
         ('e@example.com', null, '${await hashed('works')}', true)`,
    );
    const { database } = databasePorts(source.url, managed.url);
    const users = createUsersService({
      ...keepDirectory(() => Promise.resolve(settings)),
      activity: { record: () => Promise.resolve() },
    });
    try {
      const step = new MemoryStep(usersStep, { database, auth: ports.auth });
      await step.run(await step.plan());
      const state = () => users.resets.state(signal);
      const counts = { mailed: 0, chosen: 0, banned: 1, unreachable: 1 };
      expect(await state()).toEqual({ ...counts, waiting: 2 });
      const mails = `select email from auth.users where recovery_sent_at is not null order by 1`;
      expect(await sql(managed.adminUrl, mails)).toEqual([]);

      await users.resets.start(36_000);
      await users.resets.ended();
      expect(await state()).toMatchObject({ ...counts, mailed: 2, waiting: 0, run: { sent: 2 } });
      expect(await sql(managed.adminUrl, mails)).toEqual([
        { email: 'a@example.com' },
        { email: 'b@example.com' },
      ]);
      await users.resets.start(36_000);
      await users.resets.ended();
      expect(await state()).toMatchObject({ run: { sent: 0 } });

      const link = await users.link({ email: 'a@example.com', kind: 'recovery' }, signal);
      const opened = await fetch(link, { redirect: 'manual' });
      const token = /access_token=([^&]+)/.exec(opened.headers.get('location') ?? '')?.[1] ?? '';
      await fetch(`${supabase.url}/auth/v1/user`, {
        method: 'PUT',
        headers: {
          apikey: supabase.publishableKey,
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ password: 'chosen-anew' }),
      });
      expect(await ports.auth.canSignIn({ email: 'a@example.com', password: 'chosen-anew' }, signal)).toBe(
        true,
      );
      expect(await state()).toMatchObject({ mailed: 1, chosen: 1 });
    } finally {
      await users.close();
      await database.close();
    }
  });
});

describe('the Supabase connection', () => {
  it('is tested with the key', async () => {
    expect(await testSupabase(settings, signal)).toMatchObject({ ok: true });
    const wrong = settingsOf({
      SUPABASE_URL: supabase.url,
      SUPABASE_SECRET_KEY: 'sb_secret_marked-and-wrong',
    });
    const refused = await testSupabase(wrong, signal);
    expect(refused).toMatchObject({
      ok: false,
      setting: 'SUPABASE_SECRET_KEY',
      error: { code: 'SUPABASE_KEY_REFUSED' },
    });
    expect(JSON.stringify(refused)).not.toContain('marked');
    const nowhere = settingsOf({ SUPABASE_URL: 'http://127.0.0.1:1', SUPABASE_SECRET_KEY: 'k' });
    expect(await testSupabase(nowhere, signal)).toMatchObject({ ok: false, setting: 'SUPABASE_URL' });
  });
});
