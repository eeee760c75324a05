import { createServer } from 'node:net';
import { Client } from 'pg';
import { z } from 'zod';
import { relay } from '#core/adapters/postgres/pg-dump-relay';
import { afterAll, describe, expect, it } from 'vitest';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { fingerprintsOf, openMigrationPorts } from '#core/services/migration/open-ports';
import { lanes } from '#shared/model/run';
import { databasePorts, MemoryStep, newDatabase, settingsOf, sql, startServers } from './database-fixture';

const containing = (text: string): unknown => expect.stringContaining(text);

const { old, fresh, stop } = await startServers();
afterAll(stop);

/** Two databases with the step that copies rows. `tables` is run on both sides, `rows` on the source. */
async function pair(tables: string, rows = '', encoding?: 'LATIN1' | 'SQL_ASCII') {
  const [source, target] = await Promise.all([newDatabase(old, encoding), newDatabase(fresh)]);
  if (tables !== '') await Promise.all([sql(source.url, tables), sql(target.url, tables)]);
  if (rows !== '') await sql(source.url, rows);
  const ports = databasePorts(source.url, target.url);
  return { source, target, ports, data: new MemoryStep(databaseDataStep, ports) };
}

type Pair = Awaited<ReturnType<typeof pair>>;

async function migrate({ ports }: Pair): Promise<unknown[]> {
  const different: unknown[] = [];
  for (const each of [databaseSchemaStep, databaseDataStep, databaseFinishStep]) {
    const step = new MemoryStep(each, ports);
    const plan = await step.plan();
    await step.run(plan);
    different.push(...(await step.verify(plan)).filter((item) => !item.equal), ...step.warnings);
  }
  return different;
}

async function copy({ data }: Pair): Promise<unknown> {
  const plan = await data.plan();
  await data.run(plan);
  return plan;
}

const differing = async ({ data }: Pair, plan: unknown): Promise<string[]> =>
  (await data.verify(plan)).filter((item) => !item.equal).map((item) => item.subject);

/** A type, a value, and one that an equality, a cast or a hash of its own would take for the same. */
const lookalikes: readonly (readonly [string, string, string])[] = [
  ['numeric', '1.0', '1.00'],
  ['numeric', `'NaN'`, `'Infinity'`],
  ['float8', `'-0'`, `0`],
  ['float4', `1`, `1.0000001`],
  ['interval', `'1 month'`, `'30 days'`],
  ['timestamptz', `'infinity'`, `'294276-12-31 23:59:59.999999+00'`],
  ['date', `'-infinity'`, `'4713-01-01 BC'`],
  ['timetz', `'12:00:00+02'`, `'11:00:00+01'`],
  ['bpchar', `'a  '`, `'a'`],
  ['text', `''`, 'null'],
  ['text', `'é'`, `U&'e\\0301'`],
  ['json', `'{"a": 1}'`, `'{"a":1}'`],
  ['jsonb', `'{"n": 12345678901234567890.10}'`, `'{"n": 12345678901234567890.1}'`],
  ['int[]', `'{1,2}'`, `'[0:1]={1,2}'`],
  ['int[]', `'{}'`, `'{null}'`],
  ['text[]', `'{null}'`, `'{"null"}'`],
  ['bytea', `'\\x00'`, `'\\x0000'`],
  ['money', `'12.34'`, `'12.35'`],
  ['tsvector', `'a:1 b:2'`, `'a:1A b:2'`],
  ['tstzrange', `'[2024-01-01,)'`, `'[2024-01-01,infinity)'`],
  ['int4multirange', `'{}'`, `'{empty}'::text::int4multirange + '{[1,2)}'`],
  ['varbit', `'1010'`, `'10100'`],
  ['xml', `'<a/>'`, `'<a></a>'`],
  ['inet', `'10.0.0.1/32'`, `'10.0.0.1/31'`],
  ['mood', `'good'`, `'bad'`],
  ['folded', `'Ada'`, `'ADA'`],
  ['place', `row(1, 'x')::spot`, `row(1, 'X')::spot`],
  ['place[]', `array[row(1, 'x')::spot]`, `array[row(1, null)::spot]`],
  ['point', `'(0,0)'`, `'(0,-0)'`],
];

describe('the hash of a table', () => {
  it('sees what equality, casts and hashes of single types do not', async () => {
    const types = `create type mood as enum ('good', 'bad'); create type spot as (n int, label text); create domain place as spot;
      create collation anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create domain folded as text collate anycase;`;
    const tables = lookalikes.map(([type], n) => `create table t${n} (v ${type});`);
    const both = await pair(
      types + tables.join(''),
      lookalikes.map(([, value], n) => `insert into t${n} values (${value});`).join(''),
    );
    const plan = await copy(both);
    expect(await differing(both, plan)).toEqual([]);
    await sql(both.target.url, lookalikes.map(([, , other], n) => `update t${n} set v = ${other};`).join(''));
    expect((await differing(both, plan)).sort()).toEqual(lookalikes.map((_, n) => `public.t${n}`).sort());
    await both.ports.database.close();
  });

  it('is equal on both sides whatever the source’s encoding, and for XML that declares one', async () => {
    const both = await pair(
      '',
      `create table "Straße" (id int primary key, "größe" text, v varchar, j jsonb, n name, c char(5), x xml, a text[]);
       insert into "Straße" values (1, 'é', 'ü', '{"ä":"ß"}', 'ñ', 'é', '<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>', '{ö}'),
         (2, null, '', null, null, null, '<?xml version="1.0" standalone="yes"?><b/>', '{}')`,
      'LATIN1',
    );
    expect(await migrate(both)).toEqual([]);
    expect(await sql(both.target.url, 'select "größe", j from "Straße" where id = 1')).toEqual([
      { größe: 'é', j: { ä: 'ß' } },
    ]);
    await both.ports.database.close();
  });

  it('is not made of bytes that are no text: the source’s encoding is named instead of losing them', async () => {
    const both = await pair('', '', 'SQL_ASCII');
    await sql(
      both.source.url,
      `create table t (v text); insert into t values (convert_from('\\xe9', 'SQL_ASCII'))`,
    );
    await sql(both.target.url, 'create table t (v text)');
    await expect(copy(both)).rejects.toMatchObject({ details: { side: 'source', sqlstate: '22021' } });
    await both.ports.database.close();
  });
});

describe('rows', () => {
  it('of tables without columns to copy, and of tables whose names only differ in where a dot stands, all arrive', async () => {
    const both = await pair(
      `create table none (); create table computed (a int generated always as (1) stored);
       create schema a; create schema "a.b"; create table a."b.c" (i int); create table "a.b".c (i int);
       create table "we""ird; -- $$" (i int); create table "__proto__" (i int);`,
      `insert into none default values; insert into none default values; insert into computed default values;
       insert into a."b.c" values (1); insert into "a.b".c values (2), (3); insert into "we""ird; -- $$" values (1); insert into "__proto__" values (1)`,
    );
    expect(await differing(both, await copy(both))).toEqual([]);
    const counts = `select (select count(*) from none)::int as none, (select count(*) from computed)::int as computed,
      (select count(*) from a."b.c")::int as one, (select count(*) from "a.b".c)::int as two`;
    expect(await sql(both.target.url, counts)).toEqual([{ none: 2, computed: 1, one: 1, two: 2 }]);
    await both.ports.database.close();
  });

  it('of a table that is truncated and filled anew during the copy are not taken for none', async () => {
    const names = ['t0', 't1', 't2', 't3', 't4', 't5'];
    const both = await pair(
      names.map((name) => `create table ${name} (v text);`).join(''),
      names
        .map(
          (name, n) =>
            `insert into ${name} select repeat('x', 500) from generate_series(1, ${1 + (6 - n) * 40});`,
        )
        .join(''),
    );
    let reloading: Promise<unknown> | undefined;
    // All who copy wait at the end of their first table, so the last one has not been read yet.
    both.data.beforeEnd = async (unit) => {
      if (!unit.startsWith('public.')) return;
      reloading ??= sql(
        both.source.url,
        `set lock_timeout = '300ms'; begin; truncate t5; insert into t5 values ('a'), ('b'); commit`,
      ).catch((error: unknown) => error);
      await reloading;
    };
    await copy(both);
    expect(String(await reloading)).toContain('lock timeout');
    expect(await sql(both.target.url, 'select count(*)::int as n from t5')).toEqual([{ n: 41 }]);
    await both.ports.database.close();
  });

  it('that somebody else wrote into the target’s tables are neither mixed with ours nor removed, on a second attempt either', async () => {
    const both = await pair('create table t (v text)', `insert into t values ('from the source')`);
    await sql(both.target.url, `insert into t values ('of the target')`);
    const plan = await both.data.plan();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(both.data.run(plan)).rejects.toMatchObject({
        code: 'TARGET_NOT_EMPTY',
        message: containing('public.t'),
      });
    }
    expect(await sql(both.target.url, 'select v from t')).toEqual([{ v: 'of the target' }]);
    await both.ports.database.close();
  });

  it('that row security hides from the role refuse the run before it writes', async () => {
    const both = await pair('create table t (v text)');
    await sql(
      both.source.url,
      'alter table t enable row level security; alter table t force row level security',
    );
    expect(await both.data.check(await both.data.plan())).toMatchObject({
      state: 'conflict',
      error: { code: 'DATABASE_PERMISSION_DENIED', message: containing('public.t') },
    });
    await both.ports.database.close();
  });

  it('that no step copies are named by the run itself', async () => {
    const both = await pair('');
    await sql(
      both.source.adminUrl,
      `create schema auth; create table auth.users (v text); insert into auth.users values ('x'); create table auth.empty ()`,
    );
    await copy(both);
    expect(both.data.warnings.map((warning) => [warning.code, warning.message])).toEqual([
      ['ROWS_LEFT_BEHIND', containing('The rows of auth.users are not copied')],
    ]);
    await both.ports.database.close();
  });
});

describe('sequences', () => {
  it('give out next on the target what the source would, also below their START, at their end and round a cycle', async () => {
    const both = await pair(
      '',
      `create sequence restarted start 1000; select setval('restarted', 50); create sequence untouched start 7; create sequence waiting minvalue -5; select setval('waiting', -5, false);
       create sequence round maxvalue 5 cycle; select nextval('round') from generate_series(1, 7); create sequence down increment -2 start -3 maxvalue 9; select setval('down', 9);
       create table full_up (id bigint generated always as identity); select setval('full_up_id_seq', 9223372036854775807)`,
    );
    expect(await migrate(both)).toEqual([]);
    const next = `select nextval('restarted') as restarted, nextval('untouched') as untouched, nextval('waiting') as waiting, nextval('round') as round, nextval('down') as down`;
    expect(await sql(both.target.url, next)).toEqual(await sql(both.source.url, next));
    await expect(sql(both.target.url, 'insert into full_up default values')).rejects.toThrow('maximum value');
    await both.ports.database.close();
  });
});

describe('rights', () => {
  it('that the target would give to everybody by default are taken back, and those of the source arrive', async () => {
    const both = await pair(
      '',
      `create table secrets (v text); create table news (id serial, v text); create view seen as select * from secrets`,
    );
    await sql(both.source.adminUrl, 'create role anon; grant select on news to anon');
    await sql(
      both.target.adminUrl,
      `create role anon; create role authenticated; grant usage on schema public to anon, authenticated;
       alter default privileges for role ${both.target.name} grant all on tables to anon, authenticated;
       alter default privileges for role ${both.target.name} grant all on sequences to anon, authenticated`,
    );
    expect(await migrate(both)).toEqual([]);
    const rights = `select relname, grantee::regrole::text as role, string_agg(privilege_type, ',') as may from pg_class, aclexplode(relacl)
      where grantee in ('anon'::regrole, 'authenticated'::regrole) group by 1, 2`;
    expect(await sql(both.target.adminUrl, rights)).toEqual([
      { relname: 'news', role: 'anon', may: 'SELECT' },
    ]);
    await both.ports.database.close();
  });
});

describe('the source', () => {
  it('is not taken for a target, whatever address and role lead to it', async () => {
    const { url, adminUrl } = await newDatabase(old);
    const ports = openMigrationPorts(
      settingsOf({
        SOURCE_DATABASE_URL: url,
        SUPABASE_DB_URL: adminUrl.replace('127.0.0.1', 'localhost'),
        SOURCE_S3_ENDPOINT: 'http://127.0.0.1:9000',
        SOURCE_S3_ACCESS_KEY_ID: 'a',
        SOURCE_S3_SECRET_ACCESS_KEY: 'a',
        R2_ENDPOINT: 'http://127.0.0.1:9000/',
        R2_ACCESS_KEY_ID: 'b',
        R2_SECRET_ACCESS_KEY: 'b',
      }),
    );
    const signal = new AbortController().signal;
    for (const lane of lanes) {
      await expect(fingerprintsOf(ports, [lane], signal)).rejects.toMatchObject({
        code: 'SETTING_INVALID',
        message: containing('lead to the same'),
      });
    }
    await ports.close();
  });

  it('is left alone behind a pooler that would hand our settings to the application', async () => {
    const { url } = await newDatabase(old);
    const backend = new Client({ connectionString: url });
    backend.on('error', () => undefined);
    await backend.connect();
    const { stream } = backend.connection;
    stream.removeAllListeners('data');
    let turn: Promise<unknown> = Promise.resolve();
    const pooler = createServer((socket) => {
      const answer = relay(stream, '15.0');
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        turn = turn.then(async () => socket.write(await answer(bytes)));
      });
    });
    await new Promise<void>((resolve) => pooler.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(pooler.address());
    const pooled = new URL(url);
    pooled.port = String(port);
    const { database } = databasePorts(pooled.href, url);
    const signal = new AbortController().signal;
    const refused = { code: 'SUPABASE_TRANSACTION_POOLER', details: { setting: 'SOURCE_DATABASE_URL' } };
    await expect(database.source.open(signal)).rejects.toMatchObject(refused);
    await expect(database.source.dumpSchema(signal)).rejects.toMatchObject(refused);
    expect(
      await sql(
        pooled.href,
        `select current_setting('search_path') as path, current_setting('default_transaction_read_only') as read_only`,
      ),
    ).toEqual([{ path: '"$user", public', read_only: 'off' }]);
    await new Promise((resolve) => pooler.close(resolve));
    stream.destroy();
  });

  it('takes no writes from a session of ours', async () => {
    const both = await pair('create table t (v text)');
    const signal = new AbortController().signal;
    await both.ports.database.source.use(signal, async (session) => {
      await expect(session.execute(`insert into public.t values ('x')`)).rejects.toMatchObject({
        details: { sqlstate: '25006' },
      });
    });
    await both.ports.database.close();
  });
});
