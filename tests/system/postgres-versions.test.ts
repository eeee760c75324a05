import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareDatabases } from '#core/services/compare/compare-databases';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { startEmbeddedServer, type EmbeddedServer } from '../../practice/postgres/embedded-server';
import { privilegedExtensions } from '../../practice/postgres/managed/roles';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { databasePorts, MemoryStep, newDatabase, sql } from '../integration/database-fixture';
import { meanSchemaSql } from '../integration/database-mean-schema';
import { differingEntries, migrateDatabase } from './support/migrate-database';
import { meanObjectsSql } from './support/mean-objects';
import { typesSql, typeTables } from './support/every-type';
import { startOldServers, type OldServers } from './support/postgres-versions';

let old: OldServers;
let managed: ManagedPostgres;
/** PostgreSQL 15 with a role that has the limits of a Supabase project's. */
let limited: EmbeddedServer;
const limitedPassword = 'only-for-this-test';

beforeAll(async () => {
  managed = await startManagedPostgres();
  limited = await startEmbeddedServer({
    version: 15,
    superuser: 'supabase_admin',
    trustedExtensions: privilegedExtensions,
  });
  await sql(
    limited.superuserUrl('postgres'),
    `create role postgres login createdb createrole replication bypassrls password '${limitedPassword}'`,
  );
  old = await startOldServers();
});
afterAll(async () => {
  await managed.stop();
  await limited.stop();
  await old.stop();
});

/** A source of a version, and a database of its own on the managed side, as its limited role sees it. */
async function pair(version: number, name: string, schema: string, to = 17) {
  const server = old.servers.get(version);
  if (server === undefined) throw new Error(`There is no PostgreSQL ${version}.`);
  const source = await newDatabase(server);
  await sql(source.url, schema);
  const database = `${name}_${version}`;
  const adminUrl = to === 17 ? managed.adminUrl : limited.superuserUrl('postgres');
  await sql(adminUrl, `create database ${database} owner postgres`);
  const target =
    to === 17
      ? managed.url.replace(/\/postgres$/, `/${database}`)
      : limited.url('postgres', limitedPassword, database);
  await sql(target, 'create schema extensions');
  return { source: source.url, target, ports: databasePorts(source.url, target) };
}

const compare = (ports: ReturnType<typeof databasePorts>) =>
  compareDatabases(ports.database, {
    rows: 3,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });

const versions = [
  [13, 17],
  [14, 17],
  [15, 17],
  [16, 17],
  [15, 15],
] as const;

describe.each(versions)('PostgreSQL %i on %i', (version, to) => {
  it('arrives through a limited role with a schema to the letter, all rows and nothing unexplained', async () => {
    const { ports } = await pair(version, 'mean', meanSchemaSql + meanObjectsSql(version), to);
    expect(await migrateDatabase(ports)).toEqual({ warnings: [], unequal: [] });
    expect(await differingEntries(ports)).toEqual([]);
    expect(await compare(ports)).toMatchObject({ equal: true, differences: [] });
    await ports.database.close();
  });

  it('keeps every type to the byte, and a changed value of any of them is found', async () => {
    const tables = typeTables(version);
    const { target, ports } = await pair(
      version,
      'types',
      typesSql + tables.map((item) => item.sql).join('\n'),
      to,
    );
    expect(await migrateDatabase(ports)).toEqual({ warnings: [], unequal: [] });
    expect((await compare(ports)).equal).toBe(true);
    const most = 6;
    for (let other = 2; other <= most; other += 1) {
      const changes = tables.map(
        ({ table }) =>
          `with changed as (update ${table} t set "the value" = o."the value" from ${table} o where t.id = 1 and o.id = ${other} returning 1)
           select count(*)::int as n from changed`,
      );
      const changed: string[] = [];
      for (const [index, change] of changes.entries()) {
        const [row] = await sql(target, change);
        if (row?.n === 1) changed.push(tables[index]?.type ?? '');
      }
      const { differences } = await compare(ports);
      const found = differences.map(({ table }) => tables[Number(/Type (\d+)/.exec(table)?.[1])]?.type ?? '');
      expect(found.sort()).toEqual(other === 2 ? changed.sort() : expect.arrayContaining(changed));
      for (const difference of differences) {
        expect(difference, difference.table).toMatchObject({
          counts: { missing: 0, extra: 0, changed: 1 },
          key: ['id'],
          ranges: [{ kind: 'changed', from: ['1'], to: ['1'], rows: 1 }],
          rows: [{ differs: [1] }],
        });
      }
    }
    await ports.database.close();
  });
});

it('names what is missing, what is too much and what has other values, with their keys', async () => {
  const { target, ports } = await pair(
    15,
    'differs',
    `create table keyed (id int primary key, v text, password text);
     insert into keyed select n, 'v' || n, 'secret' || n from generate_series(1, 5000) n;
     create table keyless (v text); insert into keyless values ('a'), ('a'), ('b');`,
  );
  expect(await migrateDatabase(ports)).toEqual({ warnings: [], unequal: [] });
  await sql(
    target,
    `delete from keyed where id between 100 and 149; update keyed set v = v || ' ', password = 'x' where id in (7, 4000);
     insert into keyed values (6000, 'new', null); delete from keyless where ctid = '(0,1)'; insert into keyless values ('c');
     create table further (a int)`,
  );
  const { equal, evidence, differences } = await compare(ports);
  expect(equal).toBe(false);
  expect(evidence.filter((item) => !item.equal).map(({ subject }) => subject)).toEqual([
    'further tables',
    'public.keyed',
    'public.keyless',
  ]);
  expect(differences).toMatchObject([
    {
      table: 'public.keyed',
      counts: { missing: 50, extra: 1, changed: 2 },
      complete: true,
      ranges: [
        { kind: 'changed', from: ['7'], to: ['7'], rows: 1 },
        { kind: 'missing', from: ['100'], to: ['149'], rows: 50 },
        { kind: 'changed', from: ['4000'], to: ['4000'], rows: 1 },
        { kind: 'extra', from: ['6000'], to: ['6000'], rows: 1 },
      ],
      rows: [
        { source: ['7', 'v7', '(hidden)'], target: ['7', 'v7 ', '(hidden)'], differs: [1, 2] },
        { source: ['100', 'v100', '(hidden)'], target: null },
        {},
      ],
    },
    { table: 'public.keyless', key: [], counts: { missing: 1, extra: 1, changed: 0 } },
  ]);
  await ports.database.close();
});

it('names every entry that a limited role may not make, with the reason, and brings everything else', async () => {
  const { source, target, ports } = await pair(
    16,
    'refused',
    'create table guarded (id int primary key, v text);',
  );
  await sql(
    source.replace(/\/\/[^@]+@/, () => {
      const admin = new URL(old.servers.get(16)?.superuserUrl('postgres') ?? '');
      return `//${admin.username}:${admin.password}@`;
    }),
    `create function inner_upper(text) returns text language internal as 'upper';
     create function on_guard() returns trigger language plpgsql as $$ begin new.v := public.inner_upper(new.v); return new; end $$;
     create trigger guard before insert on guarded for each row execute function on_guard();
     create index by_upper on guarded (v);
     create function noted() returns event_trigger language plpgsql as $$ begin end $$;
     create event trigger note_ddl on ddl_command_end execute function noted();
     create role reporting_${process.pid}; grant select on guarded to reporting_${process.pid};
     create publication changes for all tables; create publication of_one for table guarded;
     insert into guarded values (1, 'a');`,
  );
  const { warnings, unequal } = await migrateDatabase(ports);
  expect(unequal).toEqual([]);
  const all = warnings.map(({ message }) => message).join('\n');
  expect(all).toContain('FUNCTION public.inner_upper(text) was refused by the target: ');
  expect(all).toContain('PUBLICATION changes was refused by the target: ');
  expect(await sql(target, 'select pubname, tablename from pg_publication_tables')).toEqual([
    { pubname: 'of_one', tablename: 'guarded' },
  ]);
  expect(
    await ports.database.target.use(new AbortController().signal, (target) =>
      target.execute('select from public.guarded'),
    ),
  ).toBe(1);
  const plans = await Promise.all(
    [databaseSchemaStep, databaseFinishStep]
      .map((step) => new MemoryStep(step, ports))
      .map(async (step) => step.step.describe(await step.plan()).warnings.map(({ message }) => message)),
  );
  for (const name of ['EVENT TRIGGER note_ddl', `TO reporting_${process.pid}`])
    expect(plans.flat().join('\n')).toContain(name);
  await ports.database.close();
});
