import { z } from 'zod';
import { afterAll, describe, expect, it } from 'vitest';
import { testSourceDatabase, testTargetDatabase } from '#core/adapters/postgres/connection-test';
import { databaseFingerprint } from '#core/adapters/postgres/fingerprint';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { databasePorts, MemoryStep, newDatabase, settingsOf, sql, startServers } from './database-fixture';

const containing = (text: string): unknown => expect.stringContaining(text);

const { old, fresh, stop } = await startServers();
afterAll(stop);

/** Three tables; `big` is copied first, for it is the largest. */
const schema = `
create type colour as enum ('red', 'green');
create table big (id int primary key, v text, c colour);
create table middle (id int primary key, big int references big (id));
create table small (id int primary key, v text unique);
create view seen as select * from big;
create sequence numbers;
insert into big select n, repeat('x', 200) || n, 'red' from generate_series(1, 20000) n;
insert into middle select n, n from generate_series(1, 2000) n;
insert into small values (1, 'one'), (2, 'two');
`;

async function pair(statements = schema) {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(source.url, statements);
  const controller = new AbortController();
  const ports = databasePorts(source.url, target.url);
  const steps = {
    schema: new MemoryStep(databaseSchemaStep, ports, controller.signal),
    data: new MemoryStep(databaseDataStep, ports, controller.signal),
    finish: new MemoryStep(databaseFinishStep, ports, controller.signal),
  };
  return { source, target, ports, controller, ...steps };
}

const sums = `select (select count(*) || md5(string_agg(b::text, ',' order by id)) from big b) as big,
  (select md5(string_agg(m::text, ',' order by id)) from middle m) as middle, (select string_agg(s::text, ',' order by id) from small s) as small`;

describe('a target that is not empty', () => {
  it('is a conflict that names what is there, and is left alone', async () => {
    const { target, ports, schema: step } = await pair();
    await sql(target.url, 'create table already_here (a int)');
    const plan = await step.plan();
    expect(await step.check(plan)).toMatchObject({
      state: 'conflict',
      error: { code: 'TARGET_NOT_EMPTY', message: containing('public.already_here') },
    });
    await sql(
      target.url,
      `drop table already_here; create type colour as enum ('blue'); create type mine as enum ('x')`,
    );
    const result = await step.check(plan);
    expect(result).toMatchObject({ state: 'conflict', error: { message: containing('public.colour') } });
    expect(JSON.stringify(result)).not.toContain('mine');
    await ports.database.close();
  });
});

describe('a run that ends between a unit and its note', () => {
  it('takes a schema that is there already for applied', async () => {
    const { schema: step, ports } = await pair();
    const plan = await step.plan();
    step.beforeEnd = () => {
      throw new Error('killed');
    };
    await expect(step.run(plan)).rejects.toThrow('killed');
    step.beforeEnd = () => undefined;
    await step.run(plan);
    expect(step.output).toMatchObject({ applied: 0, refused: [] });
    expect((await step.verify(plan)).every((item) => item.equal)).toBe(true);
    await ports.database.close();
  });

  it('copies the table again instead of twice', async () => {
    const { source, target, ports, schema: first, data, finish } = await pair();
    await first.run(await first.plan());
    const plan = await data.plan();
    data.beforeEnd = (unit) => {
      if (unit === 'public.middle') throw new Error('killed');
    };
    await expect(data.run(plan)).rejects.toThrow('killed');
    data.beforeEnd = () => undefined;
    await data.run(plan);
    expect(data.resets).toEqual([]);
    expect((await data.verify(plan)).every((item) => item.equal)).toBe(true);
    expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));

    const last = await finish.plan();
    let killed = 0;
    finish.beforeEnd = () => {
      killed += 1;
      if (killed % 3 === 0) throw new Error('killed');
    };
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const ended = await finish.run(last).then(
        () => true,
        () => false,
      );
      if (ended) break;
    }
    expect((await finish.verify(last)).filter((item) => !item.equal)).toEqual([]);
    await ports.database.close();
  });

  it('copies a finished table again when the source has changed, so that the end is one state', async () => {
    const { source, target, ports, schema: first, data, finish } = await pair();
    await first.run(await first.plan());
    const plan = await data.plan();
    data.beforeEnd = (unit) => {
      if (unit === 'public.small') throw new Error('killed');
    };
    await expect(data.run(plan)).rejects.toThrow('killed');
    data.beforeEnd = () => undefined;
    await sql(
      source.url,
      `insert into big values (20001, 'new', 'green'); insert into middle values (2001, 20001)`,
    );
    await data.run(plan);
    expect(data.resets.map((reset) => reset.split(':')[0]).sort()).toEqual(['public.big', 'public.middle']);
    await finish.run(await finish.plan());
    expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));
    expect((await data.verify(plan)).every((item) => item.equal)).toBe(true);
    await sql(target.url, `update big set v = 'changed' where id = 77`);
    expect((await data.verify(plan)).filter((item) => !item.equal).map((item) => item.subject)).toEqual([
      'public.big',
    ]);
    await ports.database.close();
  });
});

describe('a table in parts', () => {
  /** The plan with so many parts for `big`, which has about 670 pages. */
  const divided = (plan: unknown, pages: number): unknown =>
    JSON.parse(JSON.stringify(plan), (key, value: unknown) => {
      const table = z.object({ name: z.literal('big') }).safeParse(value);
      return key !== '' && table.success && typeof value === 'object'
        ? { ...value, parts: { count: Math.ceil(600 / pages), pages } }
        : value;
    });
  const stamps = `select id, xmin::text as x from big order by id`;

  it('keeps the parts that are finished, and removes the rows of one whose end was not noted', async () => {
    const { source, target, ports, schema: first, data } = await pair();
    await first.run(await first.plan());
    const plan = divided(await data.plan(), 64);
    expect(databaseDataStep.describe(plan).units.map((unit) => unit.label)).toContain(
      'public.big, part 10 of 10',
    );
    let ended = 0;
    data.beforeEnd = (unit) => {
      if (unit.startsWith('public.big')) ended += 1;
      if (ended === 6) throw new Error('killed');
    };
    await expect(data.run(plan)).rejects.toThrow('killed');
    const kept = z.array(z.object({ id: z.number(), x: z.string() })).parse(await sql(target.url, stamps));
    const finished = new Set(
      [...data.done]
        .filter(([id]) => id.startsWith('public.big'))
        .map(([, output]) => z.object({ transaction: z.string() }).parse(JSON.parse(output)).transaction),
    );
    data.beforeEnd = () => undefined;
    await data.run(plan);
    expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));
    expect((await data.verify(plan)).every((item) => item.equal)).toBe(true);
    const now = await sql(target.url, stamps);
    const untouched = kept.filter((row) => finished.has(row.x));
    expect(untouched.length).toBeGreaterThan(5_000);
    expect(now).toEqual(expect.arrayContaining(untouched.slice(0, 50)));

    // A row that changes on the source: its part is copied again, and that of its new place if it moved.
    const again = new MemoryStep(databaseDataStep, ports);
    for (const [id, output] of data.done) again.done.set(id, output);
    for (const id of data.begun) again.begun.add(id);
    await sql(source.url, `update big set v = 'changed' where id = 100`);
    await again.run(plan);
    expect(again.resets[0]).toContain('public.big, part 1 of 10: ');
    expect(again.resets.length).toBeLessThanOrEqual(2);
    expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));
    await ports.database.close();
  });

  it('is copied to its end although the snapshot is lost on the way, and is then of the newer state', async () => {
    const { source, target, ports, schema: first, data } = await pair();
    await first.run(await first.plan());
    const plan = divided(await data.plan(), 64);
    let lost = false;
    data.beforeEnd = async (unit) => {
      if (lost || !unit.startsWith('public.big')) return;
      lost = true;
      await sql(
        source.adminUrl,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${source.name}' and query like '%pg_export_snapshot%' and pid <> pg_backend_pid();
         insert into small values (3, 'three'); update big set v = 'later' where id = 5`,
      );
    };
    await data.run(plan);
    expect(lost).toBe(true);
    expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));
    expect((await data.verify(plan)).every((item) => item.equal)).toBe(true);
    await ports.database.close();
  });
});

describe('a connection that dies half-way', () => {
  const wide = `create table wide (id int, v text); insert into wide select n, repeat(md5(n::text), 60) from generate_series(1, 20000) n;`;

  /** Starts the copy, lets it wait for a lock, so that it is under way for certain, and ends its server processes on one side. */
  async function copyAndDrop(side: 'source' | 'target', reconnectFor: number) {
    const both = await pair(wide);
    const { source, target, ports, schema: first, data } = both;
    await first.run(await first.plan());
    const plan = await data.plan();
    const place = side === 'source' ? source : target;
    const admin = side === 'source' ? source.adminUrl : target.adminUrl;
    const held = sql(
      admin,
      `begin; lock table wide in access exclusive mode; select pg_sleep(0.8);
       select pg_terminate_backend(pid) from pg_stat_activity where datname = '${place.name}' and application_name = 'cutover'; commit`,
    );
    const step = new MemoryStep(databaseDataStep, { database: { ...ports.database, reconnectFor } });
    for (;;) {
      const locks = await sql(admin, `select from pg_locks where relation = 'wide'::regclass and granted`);
      if (locks.length > 0) break;
    }
    const outcome = step.run(plan).then(
      () => undefined,
      (error: unknown) => error,
    );
    await held;
    return { both, plan, step, error: await outcome };
  }

  it.each([
    ['source', 'SOURCE_LOST'],
    ['target', 'TARGET_LOST'],
  ] as const)('is made again by itself, or names the %s, and the run can be resumed', async (side, code) => {
    const { both, plan, step, error } = await copyAndDrop(side, 0);
    expect(error).toMatchObject({ code, retryable: true });
    await step.run(plan);
    expect((await step.verify(plan)).every((item) => item.equal)).toBe(true);
    await both.ports.database.close();
    const again = await copyAndDrop(side, 60_000);
    expect(again.error).toBeUndefined();
    expect((await again.step.verify(again.plan)).every((item) => item.equal)).toBe(true);
    await again.both.ports.database.close();
  });

  it('stops when the run is cancelled, and leaves no half table', async () => {
    const { target, ports, controller, schema: first, data } = await pair(wide);
    await first.run(await first.plan());
    const plan = await data.plan();
    const holding = sql(
      target.adminUrl,
      'begin; lock table wide in access exclusive mode; select pg_sleep(1); commit',
    );
    const outcome = expect(data.run(plan)).rejects.toMatchObject({ code: 'CANCELLED' });
    setTimeout(() => controller.abort(), 300);
    await outcome;
    await holding;
    expect(await sql(target.url, 'select count(*)::int as n from wide')).toEqual([{ n: 0 }]);
    await ports.database.close();
  });
});

describe('a target that can not hold the rows', () => {
  it.each([
    ['53100', 'TARGET_DISK_FULL'],
    ['25006', 'TARGET_READ_ONLY'],
  ])('answers %s and is named %s', async (state, code) => {
    const { target, ports, schema: first, data } = await pair();
    await first.run(await first.plan());
    await sql(
      target.url,
      `create function refuse() returns trigger language plpgsql as $$ begin raise sqlstate '${state}' using message = 'could not extend file'; end $$;
       create trigger refuse before insert on small for each statement execute function refuse()`,
    );
    await expect(data.run(await data.plan())).rejects.toMatchObject({ code, retryable: true });
    await ports.database.close();
  });
});

describe('entries that the target does not take', () => {
  it('are listed with the reason', async () => {
    const {
      source,
      target,
      ports,
      schema: first,
      data,
      finish,
    } = await pair(`${schema}
      alter default privileges grant select on tables to public;
      create publication pub for table big;
      alter table small enable row level security;`);
    await sql(
      source.adminUrl,
      `create role reader; grant select on big to reader; create policy p on small to reader using (true)`,
    );
    await first.run(await first.plan());
    await data.run(await data.plan());
    const plan = await finish.plan();
    await finish.run(plan);
    const described = databaseFinishStep
      .describe(plan)
      .warnings.map((warning) => warning.message)
      .join('\n');
    expect(described).toContain('DEFAULT ACL');
    expect(described).toContain('the target has no role reader');
    expect(finish.warnings.map((warning) => warning.message)).toEqual([containing('POLICY public.small p')]);
    expect((await finish.verify(plan)).filter((item) => !item.equal)).toEqual([]);
    expect(await sql(target.url, 'select pubname, tablename from pg_publication_tables')).toEqual([
      { pubname: 'pub', tablename: 'big' },
    ]);
    await ports.database.close();
  });
});

describe('a connection test', () => {
  const signal = new AbortController().signal;
  const test = (url: string) => testSourceDatabase(settingsOf({ SOURCE_DATABASE_URL: url }), signal);

  it('tells what it reached', async () => {
    const { url } = await newDatabase(old);
    const result = await test(url);
    expect(result).toMatchObject({ ok: true });
    expect(result.facts.find((fact) => fact.label === 'PostgreSQL')?.value).toMatch(/^15\./);
    expect(await testTargetDatabase(settingsOf({ SUPABASE_DB_URL: url }), signal)).toMatchObject({
      ok: true,
      warnings: [{ code: 'TARGET_NOT_SUPABASE' }],
    });
  });

  it('names what is wrong, without the password', async () => {
    const { url, name } = await newDatabase(old);
    const bad = await Promise.all([
      test(url.replace('only-for-this-test', 'marked-wrong')),
      test(url.replace(/\/app[^/]*$/, '/nowhere')),
      test(url.replace(/:\d+\//, ':1/')),
      test(`postgresql://${name}:marked-wrong@no-such-host.invalid/db`),
      test('mysql://marked-wrong@host/db'),
      test(`${url}?sslmode=require`),
    ]);
    expect(bad.map((result) => result.error?.code)).toEqual([
      'DATABASE_AUTH_FAILED',
      'DATABASE_NOT_FOUND',
      'CONNECTION_REFUSED',
      'HOST_NOT_FOUND',
      'SETTING_INVALID',
      'TLS_UNTRUSTED',
    ]);
    expect(JSON.stringify(bad)).not.toContain('marked');
    expect(
      bad.every((result) => result.setting === 'SOURCE_DATABASE_URL' && result.error?.hint !== undefined),
    ).toBe(true);
  });

  it('knows a database by what it is', async () => {
    const [one, two] = await Promise.all([newDatabase(old), newDatabase(old)]);
    const [a, b] = [databasePorts(one.url, one.adminUrl), databasePorts(two.url, two.url)];
    const of = (database: typeof a.database.source) => databaseFingerprint(database, signal);
    expect(await of(a.database.source)).toBe(await of(a.database.target));
    expect(await of(a.database.source)).not.toBe(await of(b.database.source));
    await Promise.all([a.database.close(), b.database.close()]);
  });
});
