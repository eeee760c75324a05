import { writeFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildChecks } from '../../electron/core/services/health/build-checks';
import { createSettings } from '../../electron/core/services/settings/settings';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { type Fault, startS3Server } from '../../practice/s3/s3-server';
import { startSupabaseServer } from '../../practice/supabase-server';
import { type DockerHost, importImages, startDockerHost } from './docker-host';
import { mountSmallDisk, type SmallDisk } from './small-disk';
import { accepts, freePort, type Program, startProgram } from './support/program';
import { pythonEnvironment } from './support/python';
import { watch, type Watched } from './support/watched';
import { defaultHealthConfig } from '#shared/model/health';

/** Faults are really made at everything that live health checks on the new side; each is seen with its cause and remedy, and seen to heal. */
const intervalMs = 1500;
const canary = { email: 'canary@example.com', password: 'canary-password-1' };
const ref = 'abcdefghijklmnopqrst';
const stops: (() => Promise<unknown>)[] = [];
let watched: Watched;
let database: ManagedPostgres;
let host: DockerHost;
let disk: SmallDisk;
let worker: Program;
let redisPort = 0;
/** What goes wrong with requests to R2, by the method. */
const objects: { fault?: Fault; methods: string[] } = { methods: [] };
/** What the management API says. */
const platform = { status: 'ACTIVE_HEALTHY', backupHours: 4, level: 'WARN', answers: 200 };
/** What the Auth service in front of the real one does. */
const auth = { down: false };
let admin: Client;

async function listening(answer: (request: IncomingMessage) => { status: number; body: unknown }) {
  const server = createServer((request, response) => {
    const { status, body } = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}`;
}

async function startCelery(folder: string): Promise<() => Promise<Program>> {
  const bin = await pythonEnvironment([], ['celery==5.7.0', 'redis']);
  await writeFile(
    join(folder, 'tasks.py'),
    `from celery import Celery\napp = Celery('tasks', broker='redis://127.0.0.1:${redisPort}/0')\n`,
  );
  return () => {
    const started = startProgram(
      join(bin, 'celery'),
      ['-A', 'tasks', 'worker', '--concurrency', '1', '--loglevel', 'INFO', '--hostname', 'one@here'],
      {
        cwd: folder,
        env: { ...process.env, C_FORCE_ROOT: '1', PYTHONDONTWRITEBYTECODE: '1' },
        ready: () => Promise.resolve(true),
      },
    );
    return started;
  };
}

beforeAll(async () => {
  database = await startManagedPostgres({ settings: { max_connections: '40' } });
  stops.push(() => database.stop());
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  stops.push(() => admin.end());
  const supabase = await startSupabaseServer({
    authUrl: database.authUrl,
    restUrl: database.restUrl,
    rateLimits: false,
  });
  stops.push(() => supabase.close());
  const made = await fetch(`${supabase.url}/auth/v1/admin/users`, {
    method: 'POST',
    headers: {
      apikey: supabase.secretKey,
      authorization: `Bearer ${supabase.secretKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ...canary, email_confirm: true }),
  });
  expect(made.status).toBe(200);

  const keys = { accessKeyId: 'r2-key', secretAccessKey: 'r2-secret-value' };
  const r2 = await startS3Server({
    profile: 'r2',
    ...keys,
    fault: ({ method }) => (objects.methods.includes(method) ? objects.fault : undefined),
  });
  stops.push(() => r2.close());
  const s3 = new S3Client({ endpoint: r2.endpoint, region: 'auto', forcePathStyle: true, credentials: keys });
  await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  const rule = (origin: string) =>
    s3.send(
      new PutBucketCorsCommand({
        Bucket: 'files',
        CORSConfiguration: { CORSRules: [{ AllowedOrigins: [origin], AllowedMethods: ['PUT'] }] },
      }),
    );
  stops.push(() => {
    s3.destroy();
    return Promise.resolve();
  });
  cors = rule;
  await rule('http://shop.localhost');

  const management = await listening(({ url = '' }) => {
    if (platform.answers !== 200) return { status: platform.answers, body: {} };
    if (url.includes('/health?')) return { status: 200, body: [{ name: 'db', status: platform.status }] };
    if (url.includes('/backups')) {
      const inserted_at = new Date(Date.now() - platform.backupHours * 3_600_000).toISOString();
      return { status: 200, body: { pitr_enabled: false, backups: [{ status: 'COMPLETED', inserted_at }] } };
    }
    return { status: 200, body: { lints: [{ name: 'rls', title: 'RLS disabled', level: platform.level }] } };
  });
  // The addresses of Supabase are fixed; here they lead to the stand-ins.
  const direct = globalThis.fetch;
  vi.stubGlobal('fetch', (input: string, init?: RequestInit) => {
    const url = new URL(input);
    if (url.host === 'api.supabase.com') return direct(management + url.pathname + url.search, init);
    if (url.host !== `${ref}.supabase.co`) return direct(input, init);
    if (auth.down)
      return Promise.reject(
        new TypeError('fetch failed', {
          cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
        }),
      );
    return direct(supabase.url + url.pathname + url.search, init);
  });
  stops.push(() => Promise.resolve(vi.unstubAllGlobals()));

  disk = await mountSmallDisk(20);
  stops.push(() => disk.remove());
  host = await startDockerHost('watched');
  stops.push(() => host.close());
  await importImages(host, { 'server:1': ['ENTRYPOINT ["/busybox"]'] });

  redisPort = await freePort();
  const redis = await startProgram(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', '', '--dir', disk.folder],
    { ready: () => accepts(redisPort) },
  );
  stops.push(() => redis.stop());
  const celery = await startCelery(disk.folder);
  worker = await celery();
  stops.push(() => worker.stop());

  const built = buildChecks(
    createSettings({
      environment: {
        SUPABASE_DB_URL: database.url,
        SUPABASE_URL: `https://${ref}.supabase.co`,
        SUPABASE_SECRET_KEY: supabase.secretKey,
        SUPABASE_ACCESS_TOKEN: 'sbp_token',
        HEALTH_CANARY_EMAIL: canary.email,
        HEALTH_CANARY_PASSWORD: canary.password,
        R2_ENDPOINT: r2.endpoint,
        R2_ACCOUNT_ID: 'a'.repeat(32),
        R2_ACCESS_KEY_ID: keys.accessKeyId,
        R2_SECRET_ACCESS_KEY: keys.secretAccessKey,
        R2_PUBLIC_URL: await listening(() => ({ status: publicStatus.value, body: {} })),
        APP_FRONTEND_URL: 'http://shop.localhost',
        APP_REDIS_URL: `redis://127.0.0.1:${redisPort}/0`,
        ...host.env,
      },
      workspace: {},
      locked: [],
      lockedError: () => {
        throw new Error('Nothing is locked.');
      },
      secretTexts: [],
    }),
    {
      ...defaultHealthConfig,
      databaseWriteProbe: true,
      objectCanaryBucket: 'files',
      hostDisks: [disk.folder],
      taskWaitMinutes: 1,
    },
    { keyPassphrase: undefined, agent: undefined },
  );
  stops.push(() => built.close());
  watched = watch(
    built.checks.filter(({ id }) => !['frontend.page', 'dns.names', 'tls.certificates'].includes(id)),
    intervalMs,
  );
  stops.push(() => watched.monitor.stop());
});
let cors: (origin: string) => Promise<unknown>;
const publicStatus = { value: 404 };

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  for (const { id, to, intervals } of watched.waits)
    console.log(`${id.padEnd(28)} ${to.padEnd(26)} ${intervals.toFixed(1)} intervals`);
});

test('Auth: an account that is banned, a service that refuses, keys that are gone', async () => {
  await watched.heal('supabase-auth.health', 'supabase-auth.keys', 'supabase-auth.sign-in');
  await admin.query(`update auth.users set banned_until = now() + interval '1 day' where email = $1`, [
    canary.email,
  ]);
  await watched.shows('supabase-auth.sign-in', 'degraded', 'SIGN_IN_FAILED');
  await admin.query('update auth.users set banned_until = null where email = $1', [canary.email]);
  await watched.heal('supabase-auth.sign-in');
  auth.down = true;
  await watched.shows('supabase-auth.health', 'down', 'CONNECTION_REFUSED');
  // What depends on it is not blamed.
  await expect
    .poll(
      () => watched.monitor.checks().find(({ definition }) => definition.id === 'supabase-auth.keys')?.state,
      { timeout: 30_000 },
    )
    .toBe('unknown');
  auth.down = false;
  await watched.heal('supabase-auth.health', 'supabase-auth.keys', 'supabase-auth.sign-in');
});

test('the platform: a service that is ill, a backup that is old, an advisor that errs, a token that is refused', async () => {
  const ids = ['supabase-platform.services', 'supabase-platform.backups', 'supabase-platform.advisors'];
  await watched.heal(...ids);
  Object.assign(platform, { status: 'UNHEALTHY', backupHours: 60, level: 'ERROR' });
  await watched.shows('supabase-platform.services', 'down', 'PLATFORM_UNHEALTHY');
  await watched.shows('supabase-platform.backups', 'degraded', 'BACKUP_OLD');
  await watched.shows('supabase-platform.advisors', 'degraded', 'ADVISOR_WARNS');
  Object.assign(platform, { status: 'ACTIVE_HEALTHY', backupHours: 4, level: 'WARN' });
  await watched.heal(...ids);
  platform.answers = 401;
  await watched.shows('supabase-platform.services', 'degraded', 'SUPABASE_KEY_REFUSED');
  platform.answers = 200;
  await watched.heal(...ids);
});

test('R2: a store that fails, one that takes no object, a public address that fails, uploads that are refused', async () => {
  const ids = ['r2.list', 'r2.canary', 'r2.cors', 'r2.public'];
  await watched.heal(...ids);
  Object.assign(objects, { fault: { status: 403, code: 'AccessDenied' }, methods: ['PUT'] });
  await watched.shows('r2.canary', 'degraded', 'OBJECTS_PERMISSION_DENIED');
  objects.methods = [];
  await cors('http://other.localhost');
  await watched.shows('r2.cors', 'degraded', 'CORS_REFUSED');
  await cors('http://shop.localhost');
  publicStatus.value = 502;
  await watched.shows('r2.public', 'down', 'WRONG_STATUS');
  publicStatus.value = 404;
  await watched.heal(...ids);
  Object.assign(objects, { fault: 'stall', methods: ['GET'] });
  await watched.shows('r2.list', 'down', 'TIMED_OUT');
  objects.methods = [];
  await watched.heal(...ids);
});

test('PostgreSQL: connections near the limit, a lock that is waited for, a write that is refused, a server that is gone', async () => {
  await watched.heal('supabase-postgres.query', 'supabase-postgres.limits', 'supabase-postgres.write');
  const clients: Client[] = [];
  for (let count = 0; count < 33; count += 1) {
    const client = new Client({ connectionString: database.adminUrl });
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
  }
  await watched.shows('supabase-postgres.limits', 'degraded', 'CONNECTIONS_NEAR_LIMIT');
  await Promise.all(clients.map((client) => client.end()));
  await watched.heal('supabase-postgres.limits');

  // Another owner holds the scratch row.
  await admin.query('begin');
  await admin.query('lock table cutover_health.probe in access exclusive mode');
  await watched.shows('supabase-postgres.write', 'down', 'TIMED_OUT');
  await admin.query('rollback');
  await watched.heal('supabase-postgres.write');
  await admin.query('alter role postgres set default_transaction_read_only = on');
  await watched.shows('supabase-postgres.write', 'degraded', 'TARGET_READ_ONLY');
  await admin.query('alter role postgres reset default_transaction_read_only');
  await watched.heal('supabase-postgres.write');
});

test('celery: a worker that hangs, a task that nobody takes', async () => {
  await watched.heal('redis.ping', 'celery.queues', 'celery.workers');
  worker.child.kill('SIGSTOP');
  await watched.shows('celery.workers', 'down', 'WORKERS_SILENT');
  worker.child.kill('SIGCONT');
  await watched.heal('celery.workers');
});

test('the host: a disk that fills up, an SSH server that is gone', async () => {
  const state = () =>
    watched.monitor.checks().find(({ definition }) => definition.id === 'easypanel-host.system');
  const codes = () => (state()?.last?.outcome.findings ?? []).map(({ code }) => code);
  await expect.poll(() => state()?.last !== undefined, { timeout: 60_000 }).toBe(true);
  expect(codes()).not.toContain('DISK_NEARLY_FULL');
  const filler = join(disk.folder, 'filler');
  await writeFile(filler, Buffer.alloc(18 * 1024 * 1024, 1));
  await expect.poll(codes, { timeout: 60_000 }).toContain('DISK_NEARLY_FULL');
  await rm(filler);
  await expect.poll(codes, { timeout: 60_000 }).not.toContain('DISK_NEARLY_FULL');
});

test('containers: one that ends, one that is ill, one that ran out of memory', async () => {
  await watched.heal('containers.state');
  const faulty = async (code: string, ...args: string[]) => {
    await host.docker('run', '--detach', '--name', 'faulty', '--network', 'none', ...args);
    await watched.shows('containers.state', 'degraded', code);
    await host.docker('rm', '--force', 'faulty');
    await watched.heal('containers.state');
  };
  await faulty('CONTAINER_NOT_RUNNING', 'server:1', 'sh', '-c', 'exit 3');
  await faulty(
    'CONTAINER_UNHEALTHY',
    ...['--health-cmd', '/busybox false', '--health-interval', '1s', '--health-retries', '1'],
    ...['server:1', 'sleep', '1000'],
  );
  await faulty('CONTAINER_RESTARTS', '--restart', 'always', 'server:1', 'sh', '-c', 'exit 3');
});
