import { afterAll, describe, expect, it } from 'vitest';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { databasePorts, MemoryStep, newDatabase, sql, startServers } from '../integration/database-fixture';

const { old, fresh, stop } = await startServers();
afterAll(stop);

const schema = `
create table people (id bigint generated always as identity primary key, name text unique, note text);
insert into people (name, note) select 'n' || n, repeat('x', 100) from generate_series(1, 4000) n;
create table visits (id int primary key, person bigint references people (id)); insert into visits select n, n from generate_series(1, 3000) n;
create index by_note on people (note); create materialized view counted as select count(*) from visits;
`;
const sums = `select (select count(*) || md5(string_agg(p::text, ',' order by id)) from people p) as people,
  (select count(*) || md5(string_agg(v::text, ',' order by id)) from visits v) as visits, (select count from counted) as counted,
  (select string_agg(indexname, ' ' order by indexname) from pg_indexes where schemaname = 'public') as indexes,
  (select last_value from people_id_seq) as last`;

const definitions = [databaseSchemaStep, databaseDataStep, databaseFinishStep];

async function start() {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(source.url, schema);
  const { database } = databasePorts(source.url, target.url);
  // A refusal is not to be waited for here.
  const ports = { database: { ...database, reconnectFor: 0 } };
  const make = (signal?: AbortSignal) => {
    const steps = definitions.map((step) => new MemoryStep(step, ports, signal));
    for (const step of steps) step.others = steps;
    return steps;
  };
  return { source, target, ports, make };
}

/** Makes the target do something at the first command of a kind, or at the first row of a table. */
const trouble: Record<string, (act: string) => string> = {
  'database.schema': (act) =>
    `create function trouble() returns event_trigger language plpgsql as $$ begin ${act} end $$;
     create event trigger trouble on ddl_command_end when tag in ('CREATE TABLE') execute function trouble()`,
  'database.data': (act) =>
    `create function trouble() returns trigger language plpgsql as $$ begin ${act} return null; end $$;
     create trigger trouble before insert on visits for each statement execute function trouble()`,
  'database.finish': (act) =>
    `create function trouble() returns event_trigger language plpgsql as $$ begin ${act} end $$;
     create event trigger trouble on ddl_command_end when tag in ('ALTER TABLE') execute function trouble()`,
};
const calm = 'drop function trouble() cascade';

type Step = ReturnType<Awaited<ReturnType<typeof start>>['make']>[number];

/** Takes up what an earlier attempt left, as a resumed run does. */
function takeUp(before: readonly Step[], now: readonly Step[]): void {
  for (const [index, step] of now.entries()) {
    for (const id of before[index]?.begun ?? []) step.begun.add(id);
    for (const [id, output] of before[index]?.done ?? []) step.done.set(id, output);
    step.output = before[index]?.output;
  }
}

describe.each(['database.schema', 'database.data', 'database.finish'])('%s', (where) => {
  it.each([
    ['a full disk', `raise sqlstate '53100' using message = 'could not extend file';`, 'TARGET_DISK_FULL'],
    [
      'a target that turned read-only',
      `raise sqlstate '25006' using message = 'read-only';`,
      'TARGET_READ_ONLY',
    ],
    [
      'a right that is missing',
      `raise sqlstate '42501' using message = 'permission denied';`,
      where === 'database.data' ? 'DATABASE_PERMISSION_DENIED' : 'SCHEMA_ENTRY_FAILED',
    ],
    ['a cancel', 'perform pg_sleep(30);', 'CANCELLED'],
  ])('after %s the next attempt goes on to an equal end', async (_name, act, code) => {
    const { source, target, ports, make } = await start();
    const controller = new AbortController();
    const first = make(controller.signal);
    const plans: unknown[] = [];
    for (const step of first) plans.push(await step.plan());
    const failing = definitions.findIndex(({ id }) => id === where);
    for (const [index, step] of first.entries()) {
      if (index > failing) break;
      if (index < failing) {
        await step.run(plans[index]);
        continue;
      }
      await sql(target.adminUrl, trouble[where]?.(act) ?? '');
      const failed = expect(step.run(plans[index])).rejects.toMatchObject({ code });
      if (code === 'CANCELLED') {
        for (;;) {
          const asleep = await sql(
            target.adminUrl,
            `select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
          );
          if (asleep.length > 0) break;
        }
        controller.abort();
      }
      await failed;
    }
    // Server processes that were cut off roll back, and are gone.
    for (;;) {
      const left = await sql(
        target.adminUrl,
        `select from pg_stat_activity where application_name = 'cutover' and state <> 'idle' and datname = current_database()`,
      );
      if (left.length === 0) break;
    }
    await sql(target.adminUrl, calm);
    const second = make();
    takeUp(first, second);
    for (const [index, step] of second.entries()) {
      if (index >= failing) await step.run(plans[index]);
      expect((await step.verify(plans[index])).filter((item) => !item.equal)).toEqual([]);
    }
    expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));
    await ports.database.close();
  });
});
