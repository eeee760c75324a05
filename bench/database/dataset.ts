import type { Client } from 'pg';

/** Bytes of a row of each table, about, and the table's share of the whole. */
const tables = [
  {
    share: 0.35,
    bytes: 60,
    create:
      'create table narrow (id bigint primary key, customer int not null, at timestamptz not null, amount numeric(10, 2) not null)',
    fill: (rows: number) =>
      `insert into narrow select n, n % 10000, '2024-01-01'::timestamptz + n * interval '1 second', (n % 100000) / 100.0 from generate_series(1, ${rows}) n`,
  },
  {
    share: 0.4,
    bytes: 900,
    create:
      'create table wide (id bigint primary key, title text not null, body text not null, data jsonb not null, tags text[] not null)',
    fill: (rows: number) =>
      `insert into wide select n, 'Title ' || n, repeat(md5(n::text), 14), jsonb_build_object('n', n, 'words', array[md5((n + 1)::text), md5((n + 2)::text)], 'deep', jsonb_build_object('yes', n % 2 = 0)), array['a' || n % 10, 'b'] from generate_series(1, ${rows}) n`,
  },
  {
    share: 0.25,
    bytes: 20_000,
    create:
      'create table files (id bigint primary key, content bytea not null); alter table files alter content set storage external',
    fill: (rows: number) =>
      `insert into files select n, (select string_agg(sha512((n * 1000 + i)::text::bytea), '') from generate_series(1, 312) i) from generate_series(1, ${rows}) n`,
  },
] as const;

const smallTables = 60;

/** Fills an empty database with about `bytes` of rows, and adds indexes and foreign keys. */
export async function fillSource(client: Client, bytes: number): Promise<void> {
  await client.query('create table customers (id int primary key, name text not null unique)');
  await client.query(`insert into customers select n, 'Customer ' || n from generate_series(0, 9999) n`);
  for (const { create, fill, share, bytes: size } of tables) {
    await client.query(create);
    await client.query(fill(Math.max(10, Math.round((bytes * share) / size))));
  }
  for (let index = 0; index < smallTables; index += 1) {
    await client.query(
      `create table small_${index} (id int primary key, name text not null, customer int references customers (id));
       insert into small_${index} select n, 'name ' || n, n % 10000 from generate_series(1, 500) n;
       create index on small_${index} (name)`,
    );
  }
  await client.query(
    `create index on narrow (at); create index on narrow (customer, at); create index on wide (title); create index on wide using gin (tags);
     alter table narrow add foreign key (customer) references customers (id)`,
  );
  await client.query('vacuum analyze');
  await client.query('checkpoint');
}

const relationSizes = `select coalesce(sum(pg_table_size(c.oid)), 0)::bigint as bytes from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`;

/** Bytes of all rows on disk, without indexes. */
export async function rowBytes(client: Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(relationSizes);
  return Number(rows[0]?.bytes ?? 0);
}
