import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { serverAccount } from '../../../practice/postgres/server-account';
import { startManagedPostgres } from '../../../practice/postgres/managed-postgres';
import { startS3Server } from '../../../practice/s3/s3-server';
import { startSupabaseServer } from '../../../practice/supabase-server';
import { accepts, freePort, type Program, startProgram } from './program';

/** Everything that the backend template talks to. */
export interface BackendServices {
  /** The backend's settings, under the names of its environment variables, and what its tests want besides. */
  env: Record<string, string>;
  supabaseUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL laid out as a project, PgBouncer before it in both modes, the Auth service, an S3 server as R2, and Redis.
 * PgBouncer and Redis are Debian's.
 */
export async function startBackendServices(): Promise<BackendServices> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'cutover-backend-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const database = await startManagedPostgres();
    stops.push(() => database.stop());
    const supabase = await startSupabaseServer({
      authUrl: database.authUrl,
      restUrl: database.restUrl,
      rateLimits: false,
    });
    stops.push(() => supabase.close());
    const keys = { accessKeyId: 'backend-key', secretAccessKey: 'backend-secret-value' };
    const r2 = await startS3Server({ profile: 'r2', ...keys });
    stops.push(() => r2.close());
    const client = new S3Client({
      endpoint: r2.endpoint,
      region: 'auto',
      forcePathStyle: true,
      credentials: keys,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'files' }));
    client.destroy();

    const redisPort = await freePort();
    const redis = await startProgram(
      'redis-server',
      ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', '', '--dir', folder],
      { ready: () => accepts(redisPort) },
    );
    stops.push(() => redis.stop());
    const pooler = await startPooler(folder, database.url);
    stops.push(() => pooler.program.stop());
    const pooled = (name: string): string => {
      const url = new URL(database.url);
      url.port = String(pooler.port);
      url.pathname = `/${name}`;
      return url.toString();
    };
    return {
      supabaseUrl: supabase.url,
      env: {
        SUPABASE_URL: supabase.url,
        SUPABASE_SECRET_KEY: supabase.secretKey,
        SUPABASE_PUBLISHABLE_KEY: supabase.publishableKey,
        DATABASE_URL: database.url,
        DATABASE_SSL_MODE: 'disable',
        TEST_SESSION_POOLER_URL: pooled('session'),
        TEST_TRANSACTION_POOLER_URL: pooled('transaction'),
        R2_ENDPOINT: r2.endpoint,
        R2_ACCESS_KEY_ID: keys.accessKeyId,
        R2_SECRET_ACCESS_KEY: keys.secretAccessKey,
        R2_BUCKET: 'files',
        R2_REGION: 'auto',
        REDIS_URL: `redis://127.0.0.1:${redisPort}/0`,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** PgBouncer in front of the database: its name `session` gives a server connection for a session, `transaction` for a transaction. */
async function startPooler(folder: string, databaseUrl: string): Promise<{ program: Program; port: number }> {
  const { hostname, port: databasePort, username, password, pathname } = new URL(databaseUrl);
  const port = await freePort();
  const target = `host=${hostname} port=${databasePort} dbname=${pathname.slice(1)}`;
  const users = join(folder, 'users.txt');
  const configuration = join(folder, 'pgbouncer.ini');
  await writeFile(users, `"${username}" "${password}"\n`, { mode: 0o600 });
  await writeFile(
    configuration,
    `[databases]
session = ${target} pool_mode=session
transaction = ${target} pool_mode=transaction
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
default_pool_size = 8
max_client_conn = 300
`,
    { mode: 0o600 },
  );
  // It refuses to run as root.
  const account = await serverAccount();
  if (account !== undefined) {
    await chmod(folder, 0o711);
    for (const file of [users, configuration]) await chown(file, account.uid, account.gid);
  }
  const program = await startProgram('/usr/sbin/pgbouncer', [configuration], {
    ...account,
    cwd: folder,
    ready: () => accepts(port),
  });
  return { program, port };
}
