import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { CreateBucketCommand, PutBucketCorsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildChecks } from '../../electron/core/services/health/build-checks';
import { createSettings } from '../../electron/core/services/settings/settings';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { type Fault as StoreFault, startS3Server } from '../../practice/s3/s3-server';
import { startSupabaseServer } from '../../practice/supabase-server';
import { type Fault, watch, type Watched } from './support/watched';
import { defaultHealthConfig } from '#shared/model/health';

/** Faults are really made at the managed ends; each is seen with its cause and remedy, and seen to heal. */
const intervalMs = 4000;
const canary = { email: 'canary@example.com', password: 'canary-password-1' };
const ref = 'abcdefghijklmnopqrst';
const stops: (() => Promise<unknown>)[] = [];
let watched: Watched;
let database: ManagedPostgres;
/** What goes wrong with requests to R2, by the method. */
const objects: { fault?: StoreFault; methods: string[] } = { methods: [] };
/** What the management API says. */
const platform = { status: 'ACTIVE_HEALTHY', backupHours: 4, level: 'WARN', answers: 200 };
/** What the Auth service in front of the real one does. */
const auth = { down: false, withoutKeys: false };
const front = { text: 'the shop' };
let admin: Client;
/** Beside the one that may be in a transaction. */
let other: Client;

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

beforeAll(async () => {
  database = await startManagedPostgres({
    settings: { max_connections: '40', shared_buffers: '16MB' },
  });
  stops.push(() => database.stop());
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  stops.push(() => admin.end());
  other = new Client({ connectionString: database.adminUrl });
  await other.connect();
  stops.push(() => other.end());
  await admin.query('create table waiting_orders (id int)');
  await admin.query('grant all on waiting_orders to postgres');
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
  put = (bytes) =>
    s3.send(new PutObjectCommand({ Bucket: 'files', Key: 'large', Body: Buffer.alloc(bytes) }));
  const frontend = await listening(() => ({ status: 200, body: front.text }));
  origin = frontend;
  await rule(frontend);

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
    if (auth.withoutKeys && url.pathname.endsWith('/jwks.json'))
      return Promise.resolve(new Response('{}', { status: 500 }));
    return direct(supabase.url + url.pathname + url.search, init);
  });
  stops.push(() => Promise.resolve(vi.unstubAllGlobals()));

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
        APP_FRONTEND_URL: frontend,
        SOURCE_S3_ENDPOINT: r2.endpoint,
        SOURCE_S3_ACCESS_KEY_ID: keys.accessKeyId,
        SOURCE_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
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
      frontendMarker: 'shop',
      // What takes a quarter of an hour, gigabytes or days elsewhere takes seconds here.
      limits: {
        ...defaultHealthConfig.limits,
        transactionMinutes: 1 / 30,
        lockWaitSeconds: 1,
        slotWalMegabytes: 8,
        growthMegabytes: 20,
        bucketGigabytes: 1 / 10_000,
      },
      custom: [
        {
          kind: 'sql',
          id: 'orders',
          title: 'Orders that wait',
          database: 'target',
          query: 'select count(*) from waiting_orders',
          max: 3,
          intervalSeconds: 60,
        },
      ],
    },
    { keyPassphrase: undefined, agent: undefined },
  );
  stops.push(() => built.close());
  watched = watch(
    built.checks.filter(({ id }) => !['dns.names', 'tls.certificates'].includes(id)),
    intervalMs,
  );
  stops.push(() => watched.monitor.stop());
});
let origin = '';
let cors: (origin: string) => Promise<unknown>;
let put: (bytes: number) => Promise<unknown>;
const publicStatus = { value: 404 };

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  watched.printWaits();
});

const fault = (
  id: string,
  state: Fault['state'],
  code: string,
  make: () => unknown,
  mend: () => unknown,
  says = /./,
): Fault => ({ id, state, code, says, make, mend });
let queries: Promise<unknown> = Promise.resolve();
/** One statement after another, in one session. */
const sql = (text: string, values: string[] = []) => {
  const done = queries.then(() => admin.query(text, values));
  queries = done.catch(() => undefined);
  return done;
};

const nothing = () => undefined;

/** A session of the application, which runs statements and stays open. */
function session(...statements: string[]) {
  const client = new Client({ connectionString: database.url, application_name: 'the shop' });
  client.on('error', () => undefined);
  let last: Promise<unknown> = Promise.resolve();
  return {
    begin: async () => {
      await client.connect();
      // The last one may wait for another session.
      for (const statement of statements) {
        await last;
        last = client.query(statement).catch(() => undefined);
      }
    },
    end: async () => {
      await last;
      await client.end();
    },
  };
}

/** Reads a table again and again that is too large to be kept in memory. */
function scans(table: string) {
  const client = new Client({ connectionString: database.adminUrl });
  let on = true;
  let reading: Promise<void> | undefined;
  const read = async () => {
    await client.connect();
    while (on) {
      await client.query(`select count(*) from ${table}`);
      await client.query('select pg_sleep(0.3)');
    }
    await client.end();
  };
  return {
    begin: () => {
      reading = read();
    },
    end: async () => {
      on = false;
      await reading;
    },
  };
}

test('accounts, the platform, buckets, and what a database suffers from', async () => {
  const [long, holder, waiter] = [
    session('begin', 'select 1'),
    session('begin', 'lock table held', 'select 1'),
    session('select count(*) from held'),
  ];
  const reader = scans('grown');
  const indexes = () =>
    watched.monitor
      .checks()
      .find(({ definition }) => definition.id === 'supabase-postgres.tables')
      ?.last?.outcome.facts.find(({ label }) => label === 'Unused indexes over 10 MB')?.value;
  await watched.seesAndHeals([
    fault(
      'supabase-auth.sign-in',
      'degraded',
      'SIGN_IN_FAILED',
      () =>
        sql(`update auth.users set banned_until = now() + interval '1 day' where email = $1`, [canary.email]),
      () => sql('update auth.users set banned_until = null where email = $1', [canary.email]),
    ),
    fault(
      'supabase-platform.services',
      'down',
      'PLATFORM_UNHEALTHY',
      () => (platform.status = 'UNHEALTHY'),
      () => (platform.status = 'ACTIVE_HEALTHY'),
    ),
    fault(
      'supabase-platform.backups',
      'degraded',
      'BACKUP_OLD',
      () => (platform.backupHours = 60),
      () => (platform.backupHours = 4),
      /60 hours old/,
    ),
    fault(
      'supabase-platform.advisors',
      'degraded',
      'ADVISOR_WARNS',
      () => (platform.level = 'ERROR'),
      () => (platform.level = 'WARN'),
      /security advisor/,
    ),
    fault('supabase-platform.performance', 'degraded', 'ADVISOR_WARNS', nothing, nothing, /performance/),
    fault(
      'r2.canary',
      'degraded',
      'OBJECTS_PERMISSION_DENIED',
      () => Object.assign(objects, { fault: { status: 403, code: 'AccessDenied' }, methods: ['DELETE'] }),
      () => (objects.methods = []),
    ),
    fault(
      'r2.cors',
      'degraded',
      'CORS_REFUSED',
      () => cors('http://other.localhost'),
      () => cors(origin),
    ),
    fault(
      'r2.public',
      'down',
      'WRONG_STATUS',
      () => (publicStatus.value = 502),
      () => (publicStatus.value = 404),
    ),
    fault(
      'r2.usage',
      'degraded',
      'BUCKETS_OVER_LIMIT',
      () => put(200_000),
      () => put(10),
      /R2 holds 200 kB in \d objects?; the limit is 100 kB/,
    ),
    fault(
      'frontend.page',
      'down',
      'WRONG_ANSWER',
      () => (front.text = 'Welcome to nginx!'),
      () => (front.text = 'the shop'),
    ),
    fault(
      'supabase-postgres.limits',
      'degraded',
      'LONG_TRANSACTION',
      long.begin,
      long.end,
      /transaction of the shop \(pid \d+\)/,
    ),
    fault(
      'supabase-postgres.limits',
      'degraded',
      'LOCKS_WAITING',
      async () => {
        await sql('create table held ()');
        await sql('grant all on held to postgres');
        await holder.begin();
        await waiter.begin();
      },
      async () => {
        await holder.end();
        await waiter.end();
      },
      /1 statement waits for locks, .* pid \d+ holds them/,
    ),
    fault(
      'supabase-postgres.limits',
      'degraded',
      'SLOT_RETAINS_WAL',
      async () => {
        await sql(`select pg_create_physical_replication_slot('left_over', true)`);
        await sql(`create table logged as select repeat('x', 500) as text from generate_series(1, 30000)`);
      },
      () => sql(`select pg_drop_replication_slot('left_over')`),
      /slot left_over holds back/,
    ),
    fault(
      'supabase-postgres.tables',
      'degraded',
      'SIZE_GROWS_FAST',
      async () => {
        await sql(
          'create table grown with (autovacuum_enabled = false) as select generate_series(1, 1000000) as id',
        );
        await sql('create index unused on grown (id)');
        reader.begin();
      },
      async () => {
        expect(indexes()).toMatch(/^public\.unused \(2\d\.?\d? MB\)$/);
        await reader.end();
        await sql('drop table grown');
        await sql('drop table logged');
      },
      /has grown by/,
    ),
    fault('supabase-postgres.tables', 'degraded', 'CACHE_HIT_LOW', nothing, nothing, /found in memory/),
  ]);
  expect(indexes()).toBe('none');
});

test('keys that are gone, a token that is refused, stores that hang, and a database without connections', async () => {
  const clients: Client[] = [];
  await watched.seesAndHeals([
    fault(
      'supabase-auth.keys',
      'down',
      'SUPABASE_AUTH_UNAVAILABLE',
      () => (auth.withoutKeys = true),
      () => (auth.withoutKeys = false),
    ),
    fault(
      'supabase-platform.services',
      'degraded',
      'SUPABASE_KEY_REFUSED',
      () => (platform.answers = 401),
      () => (platform.answers = 200),
    ),
    fault(
      'r2.list',
      'down',
      'TIMED_OUT',
      () => Object.assign(objects, { fault: 'stall', methods: ['GET'] }),
      () => (objects.methods = []),
    ),
    fault('source-objects.list', 'down', 'TIMED_OUT', nothing, nothing),
    fault(
      'supabase-postgres.limits',
      'degraded',
      'CONNECTIONS_NEAR_LIMIT',
      async () => {
        for (let count = 0; count < 32; count += 1) {
          const client = new Client({ connectionString: database.adminUrl });
          client.on('error', () => undefined);
          clients.push(client);
          await client.connect();
        }
      },
      () => Promise.all(clients.map((client) => client.end())),
      /of 37 connections/,
    ),
    fault(
      'supabase-postgres.write',
      'degraded',
      'TARGET_READ_ONLY',
      () => sql('alter role postgres set default_transaction_read_only = on'),
      () => sql('alter role postgres reset default_transaction_read_only'),
    ),
    fault(
      'custom-orders.check',
      'degraded',
      'WRONG_ANSWER',
      () => sql('insert into waiting_orders select generate_series(1, 4)'),
      () => sql('truncate waiting_orders'),
      /The value is 4/,
    ),
  ]);
});

test('a table of dead rows', () =>
  watched.seesAndHeals([
    fault(
      'supabase-postgres.tables',
      'degraded',
      'TABLES_BLOATED',
      async () => {
        await sql(
          'create table dead with (autovacuum_enabled = false) as select generate_series(1, 60000) as id',
        );
        await sql('delete from dead');
        // The server counts them when the session has been idle for 10 s, unless it is told to do so at once.
        await sql('select pg_stat_force_next_flush()');
      },
      () => sql('vacuum dead'),
      /public\.dead/,
    ),
  ]));

test('Auth that refuses, a write that waits, and a statement that no longer fits', async () => {
  await watched.heal('supabase-auth.keys', 'supabase-auth.sign-in');
  await watched.seesAndHeals([
    fault(
      'supabase-auth.health',
      'down',
      'CONNECTION_REFUSED',
      () => (auth.down = true),
      async () => {
        // What depends on it is not blamed.
        await watched.shows('supabase-auth.keys', 'unknown', 'DEPENDENCY_DOWN');
        auth.down = false;
      },
    ),
    fault(
      'supabase-postgres.write',
      'down',
      'TIMED_OUT',
      // Somebody holds the scratch table.
      async () => {
        await sql('begin');
        await sql('lock table cutover_health.probe in access exclusive mode');
      },
      () => sql('rollback'),
    ),
    fault(
      'custom-orders.check',
      'degraded',
      'DATABASE_STATEMENT_FAILED',
      () => other.query('alter table waiting_orders rename to orders'),
      () => other.query('alter table orders rename to waiting_orders'),
    ),
  ]);
  await watched.heal('supabase-auth.keys', 'supabase-auth.sign-in');
});
