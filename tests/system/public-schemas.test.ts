import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { compareDatabases } from '#core/services/compare/compare-databases';
import { startEmbeddedServer, type EmbeddedServer } from '../../practice/postgres/embedded-server';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { databasePorts, newDatabase, sql } from '../integration/database-fixture';
import { differingEntries, migrateDatabase } from './support/migrate-database';
import { fetchPublicSchemas, fillSql, type PublicSchema } from './support/public-schemas';

let old: EmbeddedServer;
let managed: ManagedPostgres;
let schemas: PublicSchema[];
beforeAll(async () => {
  [old, managed] = await Promise.all([
    startEmbeddedServer({ version: 15, superuser: 'postgres' }),
    startManagedPostgres(),
  ]);
  schemas = await fetchPublicSchemas();
});
afterAll(() => Promise.all([old.stop(), managed.stop()]));

const tablesRow = z.array(z.object({ tables: z.number(), filled: z.number(), rows: z.number() }));

it('schemas of four applications that others wrote arrive whole, filled with rows, and nothing is unexplained', async () => {
  expect(schemas).toHaveLength(4);
  let tables = 0;
  for (const [index, { name, sql: schema }] of schemas.entries()) {
    const source = await newDatabase(old);
    await sql(source.url, schema);
    await sql(source.adminUrl, fillSql(150));
    const [counted] = tablesRow.parse(
      await sql(
        source.adminUrl,
        `select count(*)::int as tables, count(*) filter (where reltuples > 0)::int as filled, sum(greatest(reltuples, 0))::int as rows
         from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
      ),
    );
    const database = `public_schema_${index}`;
    await sql(managed.adminUrl, `create database ${database} owner postgres`);
    const target = managed.url.replace(/\/postgres$/, `/${database}`);
    await sql(target, 'create schema extensions');
    const ports = databasePorts(source.url, target);
    expect(await migrateDatabase(ports), name).toEqual({ warnings: [], unequal: [] });
    expect(await differingEntries(ports), name).toEqual([]);
    const { equal, differences } = await compareDatabases(ports.database, {
      rows: 3,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    expect({ equal, differences }, name).toEqual({ equal: true, differences: [] });
    await ports.database.close();
    expect(counted?.filled ?? 0, name).toBeGreaterThan((counted?.tables ?? 0) * 0.7);
    tables += counted?.tables ?? 0;
    console.log(`${name}: ${counted?.tables} tables, ${counted?.filled} with rows, ${counted?.rows} rows`);
  }
  expect(tables).toBeGreaterThan(350);
});
