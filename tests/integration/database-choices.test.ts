import { afterAll, expect, it } from 'vitest';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { noDatabaseChoices, type DatabaseChoices } from '#shared/model/database-choices';
import { readSchemaEntries } from '#core/services/migration/schema-entries';
import { databasePorts, MemoryStep, newDatabase, sql, startServers } from './database-fixture';

const { old, fresh, stop } = await startServers();
afterAll(stop);

const containing = (text: string): unknown => expect.stringContaining(text);

const schema = `
create schema crm; create type crm.mood as enum ('good', 'bad');
create table crm.leads (id serial primary key, mood crm.mood); insert into crm.leads (mood) values ('good');
create table crm."Odd ""name""" (id int primary key);
create table people (id bigint generated always as identity primary key, name text); insert into people (name) values ('Ada'), ('Bob');
create table visits (id int primary key, person bigint references people (id), lead int references crm.leads (id)); insert into visits values (1, 1, 1);
create table audit_log (id serial primary key, note text); insert into audit_log (note) select 'x' from generate_series(1, 50);
create index on audit_log (note); comment on table crm.leads is 'public.people is not named here';
create table logs (at date not null) partition by range (at); create table logs_2024 partition of logs for values from ('2024-01-01') to ('2025-01-01');
insert into logs values ('2024-05-05');
create view all_leads as select * from crm.leads; create view on_view as select count(*) from all_leads;
create function count_leads() returns bigint language plpgsql as $$ begin return (select count(*) from crm.leads); end $$;
create function leads_of(crm.leads) returns int language sql as 'select 1';
create function noop() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger watched before insert on crm.leads for each row execute function noop();
create publication news for table people;
`;

async function pair(databaseChoices: DatabaseChoices) {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(source.url, schema);
  const ports = { ...databasePorts(source.url, target.url), databaseChoices };
  const steps = [databaseSchemaStep, databaseDataStep, databaseFinishStep].map(
    (step) => new MemoryStep(step, ports),
  );
  for (const step of steps) step.others = steps;
  return { source, target, ports, steps };
}

it('leaves out tables with all that hangs on them and rows of others, names each, and the rest is whole', async () => {
  const { target, ports, steps } = await pair({
    leaveOut: ['crm.*', '/^public\\.logs$/'],
    withoutRows: ['public.audit_*'],
    withoutEntries: [],
  });
  const plans: unknown[] = [];
  for (const step of steps) plans.push(await step.plan());
  for (const [index, step] of steps.entries()) {
    expect(await step.check(plans[index])).toEqual({ state: 'pending' });
    await step.run(plans[index]);
  }
  for (const [index, step] of steps.entries())
    expect((await step.verify(plans[index])).filter((item) => !item.equal)).toEqual([]);
  expect(
    await sql(
      target.url,
      `select string_agg(c.relname, ' ' order by c.relname) as relations, (select count(*)::int from people) as people, (select count(*)::int from audit_log) as audited,
         (select count(*)::int from visits) as visits, (select last_value::int from audit_log_id_seq) as seq,
         (select string_agg(proname, ' ' order by proname) from pg_proc where pronamespace = 'public'::regnamespace) as functions
       from pg_class c where relnamespace in (select oid from pg_namespace where nspname in ('public', 'crm')) and relkind in ('r', 'p', 'v', 'S')`,
    ),
  ).toEqual([
    {
      relations: 'audit_log audit_log_id_seq people people_id_seq visits',
      people: 2,
      audited: 0,
      visits: 1,
      seq: 50,
      functions: 'count_leads noop',
    },
  ]);
  const warned = steps
    .flatMap((step, index) => step.step.describe(plans[index]).warnings)
    .map(({ message }) => message)
    .join('\n');
  for (const name of [
    'TABLE crm.leads',
    'VIEW public.all_leads',
    'VIEW public.on_view',
    'FUNCTION public.leads_of(crm.leads)',
    'FK CONSTRAINT public.visits visits_lead_fkey',
    'TRIGGER crm.leads watched',
    'TABLE public.logs_2024',
    'rows of public.audit_log',
  ])
    expect(warned).toContain(name);
  await ports.database.close();
});

it('is refused while planning when it would break what stays', async () => {
  const planAll = async (choices: DatabaseChoices): Promise<void> => {
    const { ports, steps } = await pair(choices);
    try {
      for (const step of steps) await step.plan();
    } finally {
      await ports.database.close();
    }
  };
  await expect(
    planAll({ leaveOut: [], withoutRows: ['public.people'], withoutEntries: [] }),
  ).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: containing('public.visits'),
  });
  await expect(
    planAll({ leaveOut: ['public.typo'], withoutRows: [], withoutEntries: [] }),
  ).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: containing('public.typo'),
  });
  await expect(planAll({ leaveOut: ['/(/'], withoutRows: [], withoutEntries: [] })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: containing('regular expression'),
  });
});

it('leaves out single entries with what needs them, and brings the rest', async () => {
  const { target, ports, steps } = await pair({
    ...noDatabaseChoices,
    withoutEntries: [
      'FUNCTION public.noop()',
      'CONSTRAINT public.people people_pkey',
      'VIEW public.all_leads',
      'PUBLICATION news',
      'COMMENT crm.TABLE leads',
    ],
  });
  const plans: unknown[] = [];
  for (const step of steps) plans.push(await step.plan());
  for (const [index, step] of steps.entries()) await step.run(plans[index]);
  for (const [index, step] of steps.entries())
    expect((await step.verify(plans[index])).filter((item) => !item.equal)).toEqual([]);
  const warned = steps
    .flatMap((step, index) => step.step.describe(plans[index]).warnings)
    .map(({ message }) => message)
    .join('\n');
  for (const name of [
    'because it needs public.noop(), which the operator leaves out: TRIGGER crm.leads watched',
    'FK CONSTRAINT public.visits visits_person_fkey',
    'VIEW public.on_view',
    'PUBLICATION TABLE public.news people',
  ])
    expect(warned).toContain(name);
  expect(
    await sql(
      target.url,
      `select (select count(*)::int from people) as people, (select count(*)::int from pg_publication) as publications,
         (select string_agg(conname, ' ' order by conname) from pg_constraint where conrelid in ('people'::regclass, 'visits'::regclass) and contype in ('p', 'f')) as constraints,
         (select string_agg(viewname, ' ') from pg_views where schemaname = 'public') as views`,
    ),
  ).toEqual([{ people: 2, publications: 0, constraints: 'visits_lead_fkey visits_pkey', views: null }]);
  await ports.database.close();
});

it('shows each entry with its SQL and what is done with it, and refuses to leave out what others can not do without', async () => {
  const { source, target, ports } = await pair(noDatabaseChoices);
  await ports.database.close();
  const read = async (...withoutEntries: string[]) => {
    const tried = databasePorts(source.url, target.url);
    try {
      return await readSchemaEntries(
        tried,
        { ...noDatabaseChoices, withoutEntries },
        new AbortController().signal,
      );
    } finally {
      await tried.database.close();
    }
  };
  const { entries } = await read();
  expect(entries.find(({ id }) => id === 'TRIGGER crm.leads watched')).toMatchObject({
    decision: 'applied',
    optional: true,
    sql: containing('EXECUTE FUNCTION public.noop()'),
  });
  for (const [id, message] of [
    ['TYPE crm.mood', 'crm.leads can’t be made without crm.mood'],
    ['FUNCTION public.gone()', 'has no entry FUNCTION public.gone()'],
    ['DEFAULT crm.leads id', 'can’t be left out by itself'],
  ] as const)
    await expect(read(id), id).rejects.toMatchObject({ code: 'INVALID_INPUT', message: containing(message) });
  const without = await read('SCHEMA crm');
  const left = without.entries.filter(({ decision }) => decision === 'left-out').map(({ id }) => id);
  expect(left).toEqual(
    expect.arrayContaining([
      'TYPE crm.mood',
      'TABLE crm.leads',
      'DEFAULT crm.leads id',
      'VIEW public.on_view',
    ]),
  );
});
