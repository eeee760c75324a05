import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openDatabasePorts } from '#core/adapters/postgres/open';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { AppError } from '#shared/model/errors';
import { MemoryStep, newDatabase, settingsOf, sql } from '../integration/database-fixture';
import { addressOf, through } from '../support/proxy';
import { startFaultyLink } from './support/faulty-link';
import { startTlsServers } from './support/tls-servers';

/** The full proof: `CUTOVER_FAULTY_RUNS=100 npm run test:system`. */
const runs = Number(process.env['CUTOVER_FAULTY_RUNS'] ?? '3');
/** Faults of each side in one run, and bytes within which one comes. */
const faults = 4;
const within = 3_000_000;
/** A run that gives up is resumed, as an operator would; more often than this there is something wrong. */
const mostResumes = 10;

const { old, fresh, overTls, stop } = await startTlsServers();
afterAll(stop);

const schema = `
create table big (id int, v text); insert into big select n, repeat(md5(n::text), 20) from generate_series(1, 6000) n;
create table keyed (id bigint generated always as identity primary key, v text unique);
insert into keyed (v) select 'v' || n from generate_series(1, 3000) n;
create table child (id int primary key, of bigint references keyed (id)); insert into child select n, n from generate_series(1, 2000) n;
create table twice (v int); insert into twice select 1 from generate_series(1, 500);
create index on big (id); create view seen as select count(*) from big;
select lo_from_bytea(0, decode(repeat('ab', 1000 * n), 'hex')) from generate_series(1, 12) n;
`;
const sums = `select (select count(*) || md5(string_agg(b::text, ',' order by id)) from big b) as big,
  (select count(*) || md5(string_agg(k::text, ',' order by id)) from keyed k) as keyed, (select count(*) || md5(string_agg(c::text, ',' order by id)) from child c) as child,
  (select count(*) from twice) as twice, (select count(*) || md5(string_agg(oid || md5(lo_get(oid)), ',' order by oid)) from pg_largeobject_metadata where lomowner = current_user::regrole) as objects`;

const planShape = z.looseObject({
  tables: z.array(
    z.looseObject({ name: z.string(), parts: z.object({ count: z.number(), pages: z.number() }) }),
  ),
});

/** The plan with its largest table in several parts. */
function divided(plan: unknown): unknown {
  const { tables, ...rest } = planShape.parse(plan);
  return {
    ...rest,
    tables: tables.map((table) =>
      table.name === 'big' ? { ...table, parts: { count: 5, pages: 128 } } : table,
    ),
  };
}

it(
  `${runs} runs through links that drop, stall, reset and refuse: each ends equal`,
  { timeout: 120_000 + runs * 90_000 },
  async () => {
    const made = new Map<string, number>();
    let resumes = 0;
    const source = await newDatabase(old);
    await sql(source.url, schema);
    for (let run = 0; run < runs; run += 1) {
      const target = await newDatabase(fresh);
      const links = [
        await startFaultyLink(addressOf(source.url), faults, within),
        await startFaultyLink(addressOf(target.url), faults, within),
      ] as const;
      const [left, right] = links;
      // Every other run over TLS: its bytes take another way, and it notices other faults.
      const reached = (url: string, link: { port: number }): string =>
        run % 2 === 0 ? through(url, link) : overTls(through(url, link));
      // A look after a connection that stalls comes soon here, not after half a minute.
      const database = openDatabasePorts(
        settingsOf({
          SOURCE_DATABASE_URL: reached(source.url, left),
          SUPABASE_DB_URL: reached(target.url, right),
        }),
        { silence: 4_000 },
      );
      try {
        const steps = [databaseSchemaStep, databaseDataStep, databaseFinishStep].map(
          (step) => new MemoryStep(step, { database: { ...database, reconnectFor: 20_000 } }),
        );
        for (const step of steps) step.others = steps;
        for (const step of steps) {
          const again = async <T>(work: () => Promise<T>): Promise<T> => {
            for (let attempt = 0; ; attempt += 1) {
              try {
                return await work();
              } catch (error) {
                if (!(error instanceof AppError) || !error.retryable || attempt >= mostResumes) throw error;
                resumes += 1;
              }
            }
          };
          const planned = await again(() => step.plan());
          const plan = step.step.id === 'database.data' ? divided(planned) : planned;
          await again(() => step.run(plan));
          const evidence = await again(() => step.verify(plan));
          expect(evidence.filter((item) => !item.equal)).toEqual([]);
        }
        expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));
      } finally {
        for (const link of links) {
          for (const [fault, times] of link.made) made.set(fault, (made.get(fault) ?? 0) + times);
        }
        await database.close();
        await Promise.all(links.map((link) => link.close()));
      }
      await sql(fresh.superuserUrl('postgres'), `drop database ${target.name} with (force)`);
    }
    expect([...made.values()].reduce((sum, times) => sum + times, 0)).toBeGreaterThan(runs);
    console.log(
      `faults: ${[...made].map(([fault, times]) => `${fault} ${times}`).join(', ')}; resumed ${resumes} times`,
    );
  },
);
