import { compare } from 'bcryptjs';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import {
  legacyUserCount,
  legacyUserEmail,
  legacyUserId,
  legacyUserPassword,
  practiceUser,
} from './legacy/users';
import { startLegacyPostgres, type LegacyPostgres } from './legacy-postgres';

let database: LegacyPostgres;
let shop: Client;

beforeAll(async () => {
  database = await startLegacyPostgres();
  shop = new Client({ connectionString: database.url });
  await shop.connect();
});

afterAll(async () => {
  await shop.end();
  await database.stop();
});

async function rows(text: string, values: unknown[] = []): Promise<unknown[]> {
  const result: { rows: unknown[] } = await shop.query(text, values);
  return result.rows;
}

const tableHash = (table: string): string =>
  `select count(*)::integer as rows, sum(hashtextextended(t::text, 0)::numeric)::text as hash from ${table} t`;

const tablesSql = `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`;

async function digest(client: Client): Promise<Record<string, { rows: number; hash: string | null }>> {
  const result: Record<string, { rows: number; hash: string | null }> = {};
  await client.query(`set timezone = 'UTC'`);
  const named = z.array(z.object({ name: z.string() })).parse((await client.query(tablesSql)).rows);
  for (const { name } of named) {
    const counted = await client.query(tableHash(`public."${name}"`));
    result[name] = z.object({ rows: z.number(), hash: z.string().nullable() }).parse(counted.rows[0]);
  }
  return result;
}

/** Adds every constraint anew, which checks the rows. Takes it back afterwards. */
async function expectConstraintsToHold(client: Client): Promise<void> {
  await client.query('begin');
  const constraints = z
    .array(z.object({ relation: z.string(), name: z.string(), definition: z.string() }))
    .parse(
      (
        await client.query(`select conrelid::regclass::text as relation, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
      from pg_constraint where contype in ('f', 'c') and connamespace = 'public'::regnamespace and conrelid <> 0 and conparentid = 0`)
      ).rows,
    );
  expect(constraints.length).toBeGreaterThan(25);
  for (const { relation, name, definition } of constraints) {
    await client.query(
      `alter table ${relation} drop constraint ${name}; alter table ${relation} add constraint ${name} ${definition}`,
    );
  }
  await client.query('set constraints all immediate');
  await client.query('rollback');
}

it('has the promised number of tables and rows', async () => {
  const tables = Object.values(await digest(shop));
  expect(tables.length).toBeGreaterThanOrEqual(20);
  expect(tables.every((table) => table.rows > 0)).toBe(true);
  expect(tables.reduce((sum, table) => sum + table.rows, 0)).toBeGreaterThan(195_000);
});

it('has the same rows at every start', async () => {
  const second = await startLegacyPostgres();
  const client = new Client({ connectionString: second.url });
  await client.connect();
  try {
    expect(await digest(client)).toEqual(await digest(shop));
  } finally {
    await client.end();
    await second.stop();
  }
});

it('keeps every foreign key, check and unique constraint although the seed does not run them', async () => {
  await expectConstraintsToHold(shop);
});

it('keeps them at a small scale too', async () => {
  const small = await startLegacyPostgres({ scale: 0.05 });
  const client = new Client({ connectionString: small.url });
  await client.connect();
  try {
    await expectConstraintsToHold(client);
  } finally {
    await client.end();
    await small.stop();
  }
});

it('belongs to an application role without superuser', async () => {
  expect(await rows('select rolsuper, rolcreatedb from pg_roles where rolname = current_user')).toEqual([
    { rolsuper: false, rolcreatedb: false },
  ]);
  expect(
    await rows(
      `select count(*)::integer as foreign from pg_class where relnamespace = 'public'::regnamespace and relowner <> 'shop'::regrole and relkind = 'r'`,
    ),
  ).toEqual([{ foreign: 0 }]);
});

it('has users with real hashes of known passwords, and the usual mess', async () => {
  const userRow = z.object({ id: z.string(), email: z.string(), hashed_password: z.string() });
  const users = z
    .array(userRow)
    .parse(await rows('select id, email, hashed_password from users order by created_at'));
  expect(users).toHaveLength(legacyUserCount);
  for (const n of [1, 2, 3, 7, 40, 701]) {
    const user = users[n - 1];
    expect(user).toMatchObject({ id: legacyUserId(n), email: legacyUserEmail(n) });
    expect(await compare(legacyUserPassword(n), user?.hashed_password ?? '')).toBe(true);
  }
  expect(new Set(users.map((user) => user.hashed_password.slice(0, 7)))).toEqual(
    new Set([
      '$2a$04$',
      '$2b$04$',
      '$2y$04$',
      '$2a$10$',
      '$2b$10$',
      '$2y$10$',
      '$2a$12$',
      '$2b$12$',
      '$2y$12$',
    ]),
  );
  expect(
    await rows(
      'select count(*)::integer as n from (select from users group by lower(email) having count(*) > 1) d',
    ),
  ).toEqual([{ n: 3 }]);
  expect(
    await rows(
      'select count(*) filter (where not is_active) > 40 as inactive, count(*) filter (where not is_verified) > 150 as unverified from users',
    ),
  ).toEqual([{ inactive: true, unverified: true }]);
  expect(
    await rows('select is_active, is_verified from users where email = $1', [practiceUser.email]),
  ).toEqual([{ is_active: true, is_verified: true }]);
});

it('has every kind of thing that a move has to carry', async () => {
  expect(
    await rows(`select
      (select count(*) > 0 from pg_attribute where attidentity = 'a' and attrelid::regclass::text = 'addresses') as identity_always,
      (select count(*) > 0 from pg_attribute where attidentity = 'd') as identity_default,
      (select count(*) > 3 from pg_attribute where attgenerated = 's' and attnum > 0) as generated,
      (select count(*) = 2 from pg_type where typtype = 'e' and typnamespace = 'public'::regnamespace) as enums,
      (select count(*) = 3 from pg_type where typtype = 'd' and typnamespace = 'public'::regnamespace) as domains,
      (select count(*) > 0 from pg_type where typtype = 'r' and typnamespace = 'public'::regnamespace) as ranges,
      (select count(*) = 4 from pg_inherits where inhparent = 'events'::regclass) as partitions,
      (select count(*) > 0 from pg_matviews) as materialized,
      (select count(*) > 1 from pg_index where indpred is not null) as partial,
      (select count(*) > 1 from pg_index where indexprs is not null) as expressions,
      (select count(*) > 0 from pg_constraint where contype = 'x') as exclusion,
      (select count(*) > 0 from pg_constraint where condeferrable) as deferrable,
      (select count(*) > 2 from pg_trigger where not tgisinternal) as triggers,
      (select count(*) > 0 from pg_policies) as policies,
      (select version_num from alembic_version) as alembic`),
  ).toEqual([
    {
      identity_always: true,
      identity_default: true,
      generated: true,
      enums: true,
      domains: true,
      ranges: true,
      partitions: true,
      materialized: true,
      partial: true,
      expressions: true,
      exclusion: true,
      deferrable: true,
      triggers: true,
      policies: true,
      alembic: '8f2c41d07ab3',
    },
  ]);
});

it('has addresses of files in text, arrays and JSON', async () => {
  expect(
    await rows(`select
      (select count(*) > 500 from users where avatar_url like 'http://minio:9000/%') as text,
      (select count(*) > 500 from products where image_urls[1] like 'http://minio:9000/%') as arrays,
      (select count(*) > 500 from products where attributes ->> 'manual' like 'http://minio:9000/%') as json,
      (select count(*) > 500 from tickets where body like '%http://minio:9000/%') as prose`),
  ).toEqual([{ text: true, arrays: true, json: true, prose: true }]);
});
