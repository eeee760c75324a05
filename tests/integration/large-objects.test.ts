import { afterAll, expect, it } from 'vitest';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databasePorts, MemoryStep, newDatabase, sql, startServers } from './database-fixture';

const { old, fresh, stop } = await startServers();
afterAll(stop);

const naming4000: unknown = expect.stringContaining('4000');

/** Sizes around the borders of what is carried at once, and a hole in the middle. */
const objects = `
select lo_from_bytea(5000 + n, decode(repeat(lpad(to_hex(n % 256), 2, '0'), n % 90), 'hex')) from generate_series(1, 150) n;
select lo_from_bytea(6000 + o.row::int, decode(repeat('a7', o.bytes), 'hex'))
from unnest(array[65535, 65536, 65537, 65536 + 1048576, 3000000]) with ordinality o (bytes, row);
select lo_create(7000); select lo_put(7000, 2500000, '\\x01');
create table pictures (id int primary key, content oid); insert into pictures values (1, 6005), (2, 7000);
`;

async function pair() {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(source.url, objects);
  await sql(target.url, 'create table pictures (id int primary key, content oid)');
  const ports = databasePorts(source.url, target.url);
  return { source, target, ports, data: new MemoryStep(databaseDataStep, ports) };
}

const contents = `select count(*)::int as n, md5(string_agg(oid || md5(lo_get(oid)), ',' order by oid)) as md5 from pg_largeobject_metadata`;

it('arrive with their numbers and bytes, are proven, and a single changed byte is found', async () => {
  const { source, target, ports, data } = await pair();
  await sql(source.url, 'grant select on large object 5001 to public');
  const plan = await data.plan();
  expect(await data.check(plan)).toEqual({ state: 'pending' });
  await data.run(plan);
  expect(await sql(target.url, contents)).toEqual(await sql(source.url, contents));
  expect((await data.verify(plan)).filter((item) => !item.equal)).toEqual([]);
  expect(
    await sql(
      target.url,
      "select lomacl::text like '%,=r/%' as granted from pg_largeobject_metadata where oid = 5001",
    ),
  ).toEqual([{ granted: true }]);
  await sql(target.url, `select lo_put(6004, 1100000, '\\x00')`);
  expect((await data.verify(plan)).filter((item) => !item.equal).map((item) => item.subject)).toEqual([
    'large objects',
  ]);
  await ports.database.close();
});

it('of an attempt that broke off are brought level, and those of the source alone remain', async () => {
  const { source, target, ports, data } = await pair();
  const plan = await data.plan();
  data.beforeEnd = (unit) => {
    if (unit === 'large objects') throw new Error('killed');
  };
  await expect(data.run(plan)).rejects.toThrow('killed');
  await sql(
    source.url,
    `select lo_put(5001, 0, '\\xff'); select lo_unlink(5002); select lo_from_bytea(8000, '\\x0102')`,
  );
  data.beforeEnd = () => undefined;
  await data.run(plan);
  expect(await sql(target.url, contents)).toEqual(await sql(source.url, contents));
  expect((await data.verify(plan)).filter((item) => !item.equal)).toEqual([]);
  await ports.database.close();
});

it('that somebody else made on the target are left alone, and those that the role may not read refuse the run', async () => {
  const { source, target, ports, data } = await pair();
  await sql(target.url, `select lo_from_bytea(9, '\\x01')`);
  const plan = await data.plan();
  await expect(data.run(plan)).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
  expect(await sql(target.url, 'select lo_get(9) as data')).toEqual([{ data: Buffer.from([1]) }]);
  await sql(source.adminUrl, `select lo_from_bytea(4000, '\\x01')`);
  expect(await data.check(plan)).toMatchObject({
    state: 'conflict',
    error: { code: 'DATABASE_PERMISSION_DENIED', message: naming4000 },
  });
  await ports.database.close();
});
