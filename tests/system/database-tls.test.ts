import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { toAppError } from '#shared/model/errors';
import { databasePorts, newDatabase, sql } from '../integration/database-fixture';
import { migrateDatabase } from './support/migrate-database';
import { startTlsServers } from './support/tls-servers';

const { old, fresh, overTls, stop } = await startTlsServers();
afterAll(stop);

/** Many short rows, rows of several TLS records, and one that is larger than any buffer on the way. */
const rows = `
create table short (id bigint primary key, at timestamptz not null, amount numeric(10, 2));
insert into short select n, '2024-01-01'::timestamptz + n * interval '1 second', n / 100.0 from generate_series(1, 200000) n;
create table long (id int primary key, body text, data jsonb, content bytea);
insert into long select n, (select string_agg(md5((n * 1000 + i)::text), '') from generate_series(1, 2000) i), jsonb_build_object('n', n), decode(repeat(md5(n::text), 900), 'hex') from generate_series(1, 300) n;
insert into long values (0, repeat('a row that is larger than any buffer ', 500000), null, null);`;
const sums = `select (select count(*) || md5(string_agg(s::text, ',' order by id)) from short s) as short,
  (select count(*) || md5(string_agg(md5(l::text), ',' order by id)) from long l) as long`;

const encryption = z.object({ ssl: z.boolean() });

const ways = [
  { fromTls: true, toTls: true },
  { fromTls: false, toTls: true },
  { fromTls: true, toTls: false },
  { fromTls: false, toTls: false },
];

const databasePortsBy = ({ fromTls, toTls }: (typeof ways)[number], source: string, target: string) =>
  databasePorts(fromTls ? overTls(source) : source, toTls ? overTls(target) : target).database;

it.each(ways)(
  'every byte arrives; over TLS from the source: $fromTls, to the target: $toTls',
  { timeout: 120_000 },
  async (way) => {
    const source = await newDatabase(old);
    const target = await newDatabase(fresh);
    await sql(source.url, rows);
    const database = databasePortsBy(way, source.url, target.url);
    const { signal } = new AbortController();
    const encrypted = (side: 'source' | 'target') =>
      database[side].use(signal, (session) =>
        session.query(
          encryption,
          'select ssl from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid()',
        ),
      );
    try {
      expect(await encrypted('source')).toEqual([{ ssl: way.fromTls }]);
      expect(await encrypted('target')).toEqual([{ ssl: way.toTls }]);
      const { unequal } = await migrateDatabase({ database });
      expect(unequal).toEqual([]);
      expect(await sql(target.url, sums)).toEqual(await sql(source.url, sums));
    } finally {
      await database.close();
    }
  },
);

it.each(ways)(
  'many copies after each other on the same two connections; over TLS from the source: $fromTls, to the target: $toTls',
  { timeout: 60_000 },
  async (way) => {
    const source = await newDatabase(old);
    const target = await newDatabase(fresh);
    await sql(source.url, 'create table t as select n, md5(n::text) as v from generate_series(1, 4000) n');
    await sql(target.url, 'create table t (n int, v text)');
    const database = databasePortsBy(way, source.url, target.url);
    const { signal } = new AbortController();
    try {
      await database.source.use(signal, (from) =>
        database.target.use(signal, async (to) => {
          // From a single row, which comes with the end of its copy, to more than a buffer.
          for (const last of [1, 10, 100, 400, 1000, 4000, 1, 4000]) {
            const copied = await database.copy({
              source: from,
              target: to,
              copyOut: `copy (select n, v from public.t where n <= ${last}) to stdout with (format binary)`,
              copyIn: 'copy public.t (n, v) from stdin with (format binary)',
              signal,
              onBytes: () => undefined,
            });
            expect(copied.rows).toBe(last);
          }
        }),
      );
      expect(await sql(target.url, 'select count(*)::int as rows from t')).toEqual([{ rows: 9512 }]);
    } finally {
      await database.close();
    }
  },
);

it('goes no further where the certificate is of an unknown authority or of another host, and says which', async () => {
  const { url } = await newDatabase(fresh);
  const { signal } = new AbortController();
  const refused = [
    { url: `${url}?sslmode=require`, hint: 'sslrootcert' },
    { url: overTls(url).replace('127.0.0.1', 'localhost'), hint: 'made out to' },
  ];
  for (const { url: refusedUrl, hint } of refused) {
    const { database } = databasePorts(url, refusedUrl);
    const error = toAppError(
      await database.target.use(signal, () => Promise.resolve()).catch((thrown: unknown) => thrown),
    );
    expect(error.code).toBe('TLS_UNTRUSTED');
    expect(error.hint).toContain(hint);
    await database.close();
  }
});
