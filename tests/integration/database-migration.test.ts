import { afterAll, describe, expect, it } from 'vitest';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { databasePorts, MemoryStep, newDatabase, sql, startServers } from './database-fixture';
import { meanSchemaSql } from './database-mean-schema';

const { old, fresh, stop } = await startServers();
afterAll(stop);

async function pair(schema: string) {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(source.url, schema);
  return { source, target, ports: databasePorts(source.url, target.url) };
}

describe('a whole database', () => {
  it('arrives with its schema, rows, indexes, constraints and sequences', async () => {
    const { source, target, ports } = await pair(meanSchemaSql);
    const steps = [databaseSchemaStep, databaseDataStep, databaseFinishStep].map(
      (step) => new MemoryStep(step, ports),
    );
    const plans = await Promise.all(steps.map((step) => step.plan()));
    expect(await Promise.all(steps.map((step) => step.plan()))).toEqual(plans);
    for (const [index, step] of steps.entries()) {
      expect(await step.check(plans[index])).toEqual({ state: 'pending' });
      await step.run(plans[index]);
    }
    for (const [index, step] of steps.entries()) {
      const evidence = await step.verify(plans[index]);
      expect(evidence.filter((item) => !item.equal)).toEqual([]);
      expect(step.warnings).toEqual([]);
    }
    const rows = `select string_agg(md5(p::text), '' order by id) as parents, (select string_agg(md5(m::text), '' order by at) from measurements m) as m,
      (select string_agg(md5(d::text), '' order by id) from base_row d) as inherited, (select string_agg(k::text, '' order by "Größe") from "Söll & Haben"."Konto ""1""" k) as k,
      (select string_agg(v::text, '|' order by mood) from mv_counts v) as counts, (select sum from mv_second) as second from parents p`;
    expect(await sql(target.url, rows)).toEqual(await sql(source.url, rows));
    expect(await sql(target.url, `insert into parents (name) values ('next') returning id`)).toEqual([
      { id: '3001' },
    ]);
    expect(await sql(target.url, `select nextval('countdown') as n`)).toEqual([{ n: '98' }]);
    await expect(
      sql(target.url, `insert into children (parent, position) values (999999, 1)`),
    ).rejects.toThrow('foreign key');
    await expect(
      sql(target.url, `insert into bookings values (2, '[2024-01-15,2024-01-16)')`),
    ).rejects.toThrow('exclusion');
    await expect(sql(target.url, `select from mv_empty`)).rejects.toThrow('has not been populated');
    await ports.database.close();
  });
});
