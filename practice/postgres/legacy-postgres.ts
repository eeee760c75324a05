import { Client } from 'pg';
import { generatePassword, startEmbeddedServer, type EmbeddedServer } from './embedded-server';
import { dataSql, fileTableSql, helpersSql, userRowsSql } from './legacy/data';
import { schemaSql } from './legacy/schema';
import { legacyUserCount, legacyUsers, type LegacyUser } from './legacy/users';

export interface LegacyPostgresOptions {
  /** Folder of a cluster to keep; without it everything is thrown away at the stop. */
  dataDir?: string | undefined;
  /** Share of the full 200,000 rows, from 0 to 1; users are always complete. 1 unless given. */
  scale?: number | undefined;
  /** Addresses of files that rows point at. */
  fileUrls?: readonly string[] | undefined;
  /** The port to take when it is free. */
  preferredPort?: number | undefined;
  settings?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

/** PostgreSQL 15 with the shop's database. */
export interface LegacyPostgres {
  readonly server: EmbeddedServer;
  /** As the application connects: role `shop`, owner of the database `shop`, not a superuser. */
  readonly url: string;
  /** The superuser `postgres` in the database `shop`. */
  readonly adminUrl: string;
  stop(): Promise<void>;
}

const placeholderFiles = Array.from({ length: 20 }, (_, n) => `http://minio:9000/uploads/photos/${n}.jpg`);

async function connected<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString });
  // A server that goes away fails the query under way; the client says it once more, to nobody.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function seed(
  client: Client,
  options: LegacyPostgresOptions,
  users: readonly LegacyUser[],
): Promise<void> {
  const fileUrls = options.fileUrls ?? placeholderFiles;
  const fileCount = fileUrls.length;
  await client.query('begin');
  await client.query('set local role shop');
  await client.query(schemaSql);
  await client.query('reset role');
  // Foreign keys and triggers are not run for rows that are computed to fit: that halves the time.
  await client.query('set local session_replication_role = replica');
  await client.query('set local role shop');
  await client.query(helpersSql);
  await client.query(fileTableSql, [fileUrls]);
  await client.query(userRowsSql, [JSON.stringify(users), fileCount]);
  await client.query(dataSql({ scale: options.scale ?? 1, userCount: legacyUserCount, fileCount }));
  await client.query('commit');
  await client.query('analyze');
}

/** Starts the old server with the shop in it: the same rows at every start, a new password for the role `shop`. */
export async function startLegacyPostgres(options: LegacyPostgresOptions = {}): Promise<LegacyPostgres> {
  // Hashing passwords takes a while, and so does initdb: side by side they take one of the two.
  const hashing = options.dataDir === undefined ? legacyUsers() : undefined;
  const server = await startEmbeddedServer({
    version: 15,
    superuser: 'postgres',
    dataDir: options.dataDir,
    preferredPort: options.preferredPort,
    settings: options.settings,
    signal: options.signal,
  });
  // The seed is one long statement after another: without its server it ends at once.
  const abandon = (): void => void server.crash();
  options.signal?.addEventListener('abort', abandon, { once: true });
  try {
    const password = generatePassword();
    const adminUrl = server.superuserUrl('shop');
    const complete = await connected(server.superuserUrl('postgres'), async (client) => {
      const database = await client.query(`select from pg_database where datname = 'shop'`);
      if (database.rowCount === 0) {
        await client.query('create role shop login');
        await client.query('create database shop owner shop');
      }
      await client.query(`alter role shop password '${password}'`);
      return database.rowCount !== 0;
    });
    await connected(adminUrl, async (client) => {
      // A first start that was stopped half-way leaves an empty database: the seed is one transaction.
      const seeded =
        complete &&
        (await client.query(`select from pg_tables where tablename = 'alembic_version'`)).rowCount !== 0;
      if (!seeded) await seed(client, options, await (hashing ?? legacyUsers()));
    });
    return { server, adminUrl, url: server.url('shop', password, 'shop'), stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abandon);
  }
}
