import { afterAll, expect, it } from 'vitest';
import { inspectDatabase } from '#core/steps/database-schema/inspect-database';
import { databasePorts, newDatabase, sql, startServers } from './database-fixture';

const { old, fresh, stop } = await startServers({ TimeZone: 'Europe/Berlin', wal_level: 'replica' });
afterAll(stop);

const { signal } = new AbortController();
const anyText: unknown = expect.any(String);

it('names what has to be known, with the objects, and reads only', async () => {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(
    source.url,
    `create table plain (id int primary key, v text); insert into plain select n, repeat('x', 100) from generate_series(1, 3000) n;
     create table keyless (v text); create unlogged table scratch (id int primary key); create table identified (id int primary key);
     alter table identified replica identity full; create type pair as (a int, b int); create table typed (id int primary key, p pair);
     alter table plain add constraint short check (length(v) < 10) not valid; create view seen as select * from plain`,
  );
  await sql(
    source.adminUrl,
    `create schema auth; create table auth.users (v text); insert into auth.users values ('x');
     create function native(text) returns text language internal as 'upper';
     create function noted() returns event_trigger language plpgsql as $$ begin end $$;
     create event trigger ddl_noted on ddl_command_end execute function noted();
     create role reader_${source.name}; grant select on plain to reader_${source.name};
     create publication changes for table plain; alter database ${source.name} set work_mem = '8MB';
     create extension postgres_fdw; create server other foreign data wrapper postgres_fdw;
     create foreign table far (id int) server other; drop event trigger ddl_noted; create event trigger ddl_noted on ddl_command_end execute function noted()`,
  );
  const ports = databasePorts(source.url, target.url);
  const { database, findings } = await inspectDatabase(ports, signal);
  const message = (code: string): string => findings.find((item) => item.code === code)?.message ?? '';
  for (const [code, name] of [
    ['ROWS_LEFT_BEHIND', 'auth.users'],
    ['TABLE_WITHOUT_PRIMARY_KEY', 'public.keyless'],
    ['ODD_REPLICA_IDENTITY', 'public.identified'],
    ['UNLOGGED_TABLE', 'public.scratch'],
    ['FOREIGN_TABLE', 'public.far'],
    ['CONSTRAINT_NOT_VALID', 'public.plain short'],
    ['EVENT_TRIGGER', 'ddl_noted'],
    ['PUBLICATION', 'changes'],
    ['FUNCTION_NEEDS_SUPERUSER', 'public.native(text)'],
    ['SETTINGS_NOT_MOVED', 'database: work_mem'],
    ['ROLES_NOT_ON_TARGET', `reader_${source.name}`],
    ['COPIED_AS_TEXT', 'public.typed'],
    ['TIME_ZONE_DIFFERS', 'Europe/Berlin'],
    ['WAL_LEVEL', 'replica'],
    ['TARGET_DISK', 'disk'],
  ] as const)
    expect(message(code), code).toContain(name);
  expect(findings.filter(({ severity }) => severity === 'blocker')).toEqual([]);
  const plain = database.tables.find(({ name }) => name === 'plain');
  expect(plain).toMatchObject({ rows: 3000 });
  expect(plain?.indexBytes).toBeGreaterThan(0);
  expect(database.estimate?.seconds.most).toBeGreaterThanOrEqual(database.estimate?.seconds.least ?? 9);
  expect(database.settings).toContainEqual({
    name: 'Time zone',
    source: 'Europe/Berlin',
    target: anyText,
  });
  await ports.database.close();
});

it('of an ordinary database says little', async () => {
  const [source, target] = await Promise.all([newDatabase(fresh), newDatabase(fresh)]);
  await sql(source.url, 'create table plain (id int primary key)');
  const ports = databasePorts(source.url, target.url);
  const { database, findings } = await inspectDatabase(ports, signal);
  expect(findings.map(({ code }) => code)).toEqual(['TARGET_DISK']);
  expect(database.estimate).toBeUndefined();
  await ports.database.close();
});
