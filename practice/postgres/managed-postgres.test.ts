import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startManagedPostgres, type ManagedPostgres } from './managed-postgres';

let database: ManagedPostgres;
let owner: Client;

beforeAll(async () => {
  database = await startManagedPostgres();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await database.stop();
});

async function rows(text: string): Promise<unknown[]> {
  const result: { rows: unknown[] } = await owner.query(text);
  return result.rows;
}

/** Runs a statement inside a transaction that is rolled back; resolves with its SQLSTATE or `ok`. */
async function attempt(text: string): Promise<string> {
  await owner.query('begin');
  try {
    await owner.query(text);
    return 'ok';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  } finally {
    await owner.query('rollback');
  }
}

const denied = '42501';

describe('the role postgres', () => {
  it('has the attributes and settings of a project’s owner', async () => {
    expect(
      await rows(
        `select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = current_user`,
      ),
    ).toEqual([
      { rolsuper: false, rolcreatedb: true, rolcreaterole: true, rolreplication: true, rolbypassrls: true },
    ]);
    expect(
      await rows(`select current_setting('statement_timeout') as t, current_setting('wal_level') as w`),
    ).toEqual([{ t: '2min', w: 'logical' }]);
    expect(
      await rows(
        `select rolname, rolconfig from pg_roles where rolname in ('anon', 'authenticated') order by 1`,
      ),
    ).toEqual([
      { rolname: 'anon', rolconfig: ['statement_timeout=3s'] },
      { rolname: 'authenticated', rolconfig: ['statement_timeout=8s'] },
    ]);
  });

  it.each([
    ['change a table of auth', 'alter table auth.users add column mine text', denied],
    ['create in auth', 'create table auth.mine (id int)', denied],
    ['create in storage', 'create table storage.mine (id int)', denied],
    ['create in realtime', 'create table realtime.mine (id int)', denied],
    ['index auth.users', 'create index on auth.users (email)', denied],
    ['make an event trigger', 'create event trigger t on ddl_command_end execute function mine()', denied],
    [
      'set default privileges of others',
      'alter default privileges for role supabase_admin grant all on tables to anon',
      denied,
    ],
    ['create an extension that is not allowed', 'create extension file_fdw', denied],
    ['become the superuser', 'set role supabase_admin', denied],
    ['become the Auth service', 'set role supabase_auth_admin', denied],
    ['run a program', `copy (select 1) to program 'cat'`, denied],
    ['publish all tables', 'create publication p for all tables', denied],
    ['make a superuser', 'create role boss superuser', denied],
    ['write the auth migrations', `insert into auth.schema_migrations values ('x')`, denied],
  ])('may not %s', async (_what, statement, code) => {
    expect(await attempt(statement)).toBe(code);
  });

  it.each([
    ['refer to auth.users', 'create table t (id uuid references auth.users (id) on delete cascade)'],
    [
      'hang a trigger on auth.users',
      `create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger t after insert on auth.users for each row execute function f()`,
    ],
    ['write users', `insert into auth.users (id, email) values (gen_random_uuid(), 'a@example.com')`],
    ['end sessions', 'delete from auth.sessions'],
    ['switch triggers off for its session', 'set session_replication_role = replica'],
    ['create trusted extensions', 'create extension citext with schema extensions'],
    [
      'create the extensions that the service allows',
      'create extension pg_stat_statements with schema extensions',
    ],
    ['create schemas and roles', 'create schema mine; create role app login'],
    ['grant and revoke in public', 'create table t (id int); revoke all on t from anon, authenticated'],
    ['act as an API role', 'set role anon'],
    ['publish tables of its own', 'create table t (id int primary key); create publication p for table t'],
  ])('may %s', async (_what, statement) => {
    expect(await attempt(statement)).toBe('ok');
  });
});

describe('the layout', () => {
  it('has the reserved schemas', async () => {
    const names = await rows(
      `select nspname from pg_namespace where nspname !~ '^pg_(toast|temp|catalog)' order by 1`,
    );
    expect(names.map((row) => JSON.stringify(row))).toEqual(
      [
        'auth',
        'extensions',
        'graphql',
        'graphql_public',
        'information_schema',
        'pgbouncer',
        'public',
        'realtime',
        'storage',
        'vault',
      ].map((nspname) => JSON.stringify({ nspname })),
    );
    expect(
      await rows(
        `select extname, extnamespace::regnamespace::text as schema from pg_extension where extname <> 'plpgsql' order by 1`,
      ),
    ).toEqual([
      { extname: 'pgcrypto', schema: 'extensions' },
      { extname: 'uuid-ossp', schema: 'extensions' },
    ]);
  });

  it('exposes new tables of public to the API roles', async () => {
    await owner.query('create table public.exposed (id int)');
    expect(
      await rows(`select r, has_table_privilege(r, 'public.exposed', 'select, insert, update, delete') as all
        from unnest(array['anon', 'authenticated', 'service_role']) r`),
    ).toEqual([
      { r: 'anon', all: true },
      { r: 'authenticated', all: true },
      { r: 'service_role', all: true },
    ]);
    await owner.query('drop table public.exposed');
  });

  it('generates what the service generates, and keeps e-mail addresses apart by letter case', async () => {
    expect(await attempt(`insert into auth.users (id, confirmed_at) values (gen_random_uuid(), now())`)).toBe(
      '428C9',
    );
    const insert = (email: string): string =>
      `insert into auth.users (id, email) values (gen_random_uuid(), '${email}')`;
    expect(await attempt(`${insert('a@example.com')}; ${insert('A@example.com')}`)).toBe('ok');
    expect(await attempt(`${insert('a@example.com')}; ${insert('a@example.com')}`)).toBe('23505');
    await owner.query('begin');
    await owner.query(`
      insert into auth.users (id, email, email_confirmed_at) values ('11111111-1111-4111-8111-111111111111', 'a@example.com', '2026-01-01Z');
      insert into auth.identities (provider_id, user_id, provider, identity_data)
        values ('x', '11111111-1111-4111-8111-111111111111', 'email', '{"email": "A@Example.com"}')`);
    expect(
      await rows(
        `select u.confirmed_at = u.email_confirmed_at as confirmed, i.email from auth.users u join auth.identities i on i.user_id = u.id`,
      ),
    ).toEqual([{ confirmed: true, email: 'a@example.com' }]);
    await owner.query('rollback');
  });

  it('gives a client no superuser', async () => {
    const client = new Client({ connectionString: database.url.replace('//postgres:', '//supabase_admin:') });
    await expect(client.connect()).rejects.toThrow(/password authentication failed/);
  });
});
