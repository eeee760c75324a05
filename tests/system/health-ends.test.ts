import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { CreateBucketCommand, PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildChecks } from '../../electron/core/services/health/build-checks';
import { createSettings } from '../../electron/core/services/settings/settings';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { type Fault, startS3Server } from '../../practice/s3/s3-server';
import { startSupabaseServer } from '../../practice/supabase-server';
import { watch, type Watched } from './support/watched';
import { defaultHealthConfig } from '#shared/model/health';

/** Faults are really made at the managed ends; each is seen with its cause and remedy, and seen to heal. */
const intervalMs = 1500;
const canary = { email: 'canary@example.com', password: 'canary-password-1' };
const ref = 'abcdefghijklmnopqrst';
const stops: (() => Promise<unknown>)[] = [];
let watched: Watched;
let database: ManagedPostgres;
/** What goes wrong with requests to R2, by the method. */
const objects: { fault?: Fault; methods: string[] } = { methods: [] };
/** What the management API says. */
const platform = { status: 'ACTIVE_HEALTHY', backupHours: 4, level: 'WARN', answers: 200 };
/** What the Auth service in front of the real one does. */
const auth = { down: false, withoutKeys: false };
const front = { text: 'the shop' };
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
const publicStatus = { value: 404 };

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  watched.printWaits();
});

test('Auth: an account that is banned, a service that refuses, keys that are gone', async () => {
  await watched.heal('supabase-auth.health', 'supabase-auth.keys', 'supabase-auth.sign-in');
  await admin.query(`update auth.users set banned_until = now() + interval '1 day' where email = $1`, [
    canary.email,
  ]);
  await watched.shows('supabase-auth.sign-in', 'degraded', 'SIGN_IN_FAILED');
  await admin.query('update auth.users set banned_until = null where email = $1', [canary.email]);
  await watched.heal('supabase-auth.sign-in');
  auth.withoutKeys = true;
  await watched.shows('supabase-auth.keys', 'down', 'SUPABASE_AUTH_UNAVAILABLE');
  auth.withoutKeys = false;
  await watched.heal('supabase-auth.keys');
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
  const ids = ['r2.list', 'r2.canary', 'r2.cors', 'r2.public', 'source-objects.list'];
  await watched.heal(...ids);
  Object.assign(objects, { fault: { status: 403, code: 'AccessDenied' }, methods: ['PUT'] });
  await watched.shows('r2.canary', 'degraded', 'OBJECTS_PERMISSION_DENIED');
  objects.methods = [];
  await cors('http://other.localhost');
  await watched.shows('r2.cors', 'degraded', 'CORS_REFUSED');
  await cors(origin);
  publicStatus.value = 502;
  await watched.shows('r2.public', 'down', 'WRONG_STATUS');
  publicStatus.value = 404;
  await watched.heal(...ids);
  Object.assign(objects, { fault: 'stall', methods: ['GET'] });
  await watched.shows('r2.list', 'down', 'TIMED_OUT');
  await watched.shows('source-objects.list', 'down', 'TIMED_OUT');
  objects.methods = [];
  await watched.heal(...ids);
});

test('PostgreSQL: connections near the limit, dead rows, a write that waits and one that is refused', async () => {
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

  await admin.query(
    'create table dead with (autovacuum_enabled = false) as select generate_series(1, 60000) as id',
  );
  await admin.query('delete from dead');
  await watched.shows('supabase-postgres.tables', 'degraded', 'TABLES_BLOATED');
  await admin.query('vacuum dead');
  await watched.heal('supabase-postgres.tables');

  // Somebody holds the scratch table.
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

test('the front page: another application answers under its address', async () => {
  await watched.heal('frontend.page');
  front.text = 'Welcome to nginx!';
  await watched.shows('frontend.page', 'down', 'WRONG_ANSWER');
  front.text = 'the shop';
  await watched.heal('frontend.page');
});
