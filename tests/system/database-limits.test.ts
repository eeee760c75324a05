import { memoryUsage } from 'node:process';
import { afterAll, expect, it } from 'vitest';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { inspectDatabase } from '#core/steps/database-schema/inspect-database';
import { databasePorts, MemoryStep, newDatabase, sql, startServers } from '../integration/database-fixture';
import { migrateDatabase } from './support/migrate-database';

const { old, fresh, stop } = await startServers();
afterAll(stop);

async function pair(schema: string) {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(source.url, schema);
  return { source, target, ports: databasePorts(source.url, target.url) };
}

it('rows of 200 MB pass, as text too, and what this process holds stays far below one of them', async () => {
  const megabytes = 200;
  const { ports } = await pair(
    `create type named as (name text);
     create table wide (id int primary key, body bytea, note text); create table typed (id int primary key, body text, called named);
     alter table wide alter body set storage external; alter table typed alter body set storage external;
     insert into wide values (1, decode(repeat('00ff5c0d', ${megabytes} * 262144), 'hex'), 'one'), (2, null, repeat('ü', 1000000));
     insert into typed values (1, repeat('0123456789abcde\\', ${megabytes} * 65536), row('x'));`,
  );
  const before = memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, memoryUsage().rss);
  }, 20);
  try {
    expect(await migrateDatabase(ports)).toEqual({ warnings: [], unequal: [] });
  } finally {
    clearInterval(watch);
  }
  console.log(`${Math.round((most - before) / 2 ** 20)} MB more than before`);
  expect((most - before) / 2 ** 20).toBeLessThan(megabytes * 0.75);
  await ports.database.close();
});

it('a database of 1,000 tables is inspected and planned', async () => {
  const { ports } = await pair(
    `do $$ begin for n in 1..1000 loop
       execute format('create table t_%s (id bigint generated always as identity primary key, name text not null, of bigint, at timestamptz default now())', n);
       execute format('create index on t_%s (name)', n);
       execute format('insert into t_%s (name) values (''a''), (''b'')', n);
       if n > 1 then execute format('alter table t_%s add foreign key (of) references t_%s (id)', n, n - 1); end if;
     end loop; end $$`,
  );
  const begun = performance.now();
  const plans = [];
  for (const step of [databaseSchemaStep, databaseDataStep, databaseFinishStep])
    plans.push(step.describe(await new MemoryStep(step, ports).plan()));
  const planned = performance.now();
  const { database } = await inspectDatabase(ports, new AbortController().signal);
  const inspected = performance.now();
  console.log(
    `planned in ${((planned - begun) / 1000).toFixed(1)} s, inspected in ${((inspected - planned) / 1000).toFixed(1)} s`,
  );
  expect(database.tables).toHaveLength(1000);
  expect(plans[1]?.units).toHaveLength(1001);
  // Comfortable: what it takes on an idle machine is told by the line above.
  expect(inspected - begun).toBeLessThan(60_000);
  await ports.database.close();
});
