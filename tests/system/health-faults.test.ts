import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildChecks } from '../../electron/core/services/health/build-checks';
import { certificateChecks, dnsChecks } from '../../electron/core/services/health/checks/names';
import { createMonitor, type Monitor } from '../../electron/core/services/health/monitor';
import { createSettings } from '../../electron/core/services/settings/settings';
import { startEmbeddedServer } from '../../practice/postgres/embedded-server';
import { defaultHealthConfig, type CustomCheck, type HealthState } from '#shared/model/health';
import { accepts, freePort, type Program, run, startProgram } from './support/program';

const stops: (() => Promise<unknown>)[] = [];
/** Every state that a check took, in order. */
const history = new Map<string, HealthState[]>();
let monitor: Monitor;
let folder = '';

/** How the web service of this process answers, by path. */
const behaviour = { delayMs: 0, status: 200, marker: 'shop', ready: 'ok' };

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  stops.push(async () => {
    server.close();
    await once(server, 'close');
  });
  return portOf(server);
}

const program = 'require("http").createServer((_q, s) => s.end("ok")).listen(process.argv[1], "127.0.0.1")';
const startWeb = (port: number): Promise<Program> =>
  startProgram(process.execPath, ['-e', program, String(port)], { ready: () => accepts(port) });
const startRedis = (port: number): Promise<Program> =>
  startProgram(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', folder],
    {
      ready: () => accepts(port),
    },
  );

/** A certificate of localhost that is valid until `end` (`YYYYMMDDhhmmssZ`), signed by itself. */
async function certificate(name: string, end: string): Promise<{ key: string; cert: string }> {
  const home = join(folder, name);
  await mkdir(home);
  const config = join(home, 'ca.cnf');
  await Promise.all([
    writeFile(join(home, 'index.txt'), ''),
    writeFile(
      config,
      `[ca]\ndefault_ca=own\n[own]\ndatabase=${home}/index.txt\nrand_serial=yes\nnew_certs_dir=${home}\ndefault_md=sha256\npolicy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\nsubjectAltName=DNS:localhost\nbasicConstraints=CA:TRUE\n`,
    ),
  ]);
  const [key, request, cert] = [join(home, 'key.pem'), join(home, 'request.pem'), join(home, 'cert.pem')];
  await run('openssl', [
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    request,
    '-subj',
    '/CN=localhost',
  ]);
  await run('openssl', [
    'ca',
    '-batch',
    '-config',
    config,
    '-selfsign',
    '-keyfile',
    key,
    '-in',
    request,
    '-out',
    cert,
    '-notext',
    '-startdate',
    '20200101000000Z',
    '-enddate',
    end,
  ]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
}

let web: { port: number; program: Program };
let hanging: Program;
let redis: { port: number; program: Program };
let database: { url: string; free: () => Promise<void>; exhaust: () => Promise<void> };
let showCertificate: (which: 'good' | 'expired') => void;
/** Whether the name that the monitor watches is there. */
const name = { host: 'localhost' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-health-faults-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const ownPort = await listening(
    createServer((request, response) => {
      const wait = request.url === '/jitter' ? Math.random() * 300 : behaviour.delayMs;
      setTimeout(
        () => {
          if (request.url === '/health/ready') {
            response.writeHead(behaviour.ready === 'ok' ? 200 : 503);
            response.end(JSON.stringify({ checks: { database: 'ok', queue: behaviour.ready } }));
          } else if (request.url === '/wrong') response.writeHead(behaviour.status).end(behaviour.marker);
          else response.end('ok');
        },
        request.url === '/slow' || request.url === '/jitter' ? wait : 0,
      );
    }),
  );
  const [webPort, hangingPort, redisPort] = [await freePort(), await freePort(), await freePort()];
  web = { port: webPort, program: await startWeb(webPort) };
  hanging = await startWeb(hangingPort);
  redis = { port: redisPort, program: await startRedis(redisPort) };
  stops.push(
    () => web.program.stop(),
    () => hanging.stop(),
    () => redis.program.stop(),
  );

  const server = await startEmbeddedServer({
    version: 17,
    superuser: 'postgres',
    settings: { max_connections: '12' },
  });
  stops.push(() => server.stop());
  const admin = new Client({ connectionString: server.superuserUrl('postgres') });
  await admin.connect();
  stops.push(() => admin.end());
  await admin.query(`create role app login password 'app-password'`);
  const url = server.url('app', 'app-password', 'postgres');
  let taken: Client[] = [];
  const free = async () => {
    await Promise.all(taken.map((client) => client.end()));
    taken = [];
  };
  stops.push(free);
  database = {
    url,
    free,
    // As an application whose pool has no bound: it takes what the server has, the monitor's connections included.
    exhaust: async () => {
      for (;;) {
        const client = new Client({ connectionString: url });
        client.on('error', () => undefined);
        try {
          await client.connect();
        } catch {
          return;
        }
        taken.push(client);
      }
    },
  };

  const [good, expired] = [
    await certificate('good', '20990101000000Z'),
    await certificate('expired', '20250101000000Z'),
  ];
  const tls = createTlsServer({ ...good }, (_request, response) => response.end());
  const tlsPort = await listening(tls);
  showCertificate = (which) => tls.setSecureContext(which === 'good' ? good : expired);

  const http = (id: string, address: string, more: object = {}): CustomCheck => ({
    kind: 'http',
    id,
    title: id,
    url: address,
    status: 200,
    intervalSeconds: 1,
    ...more,
  });
  const own = `http://127.0.0.1:${ownPort}`;
  const built = buildChecks(
    createSettings({
      environment: {
        APP_BACKEND_URL: own,
        APP_REDIS_URL: `redis://127.0.0.1:${redisPort}/0`,
        SUPABASE_DB_URL: url,
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
      queueLimit: 3,
      custom: [
        http('killed', `http://127.0.0.1:${webPort}/`),
        http('hanging', `http://127.0.0.1:${hangingPort}/`),
        http('slow', `${own}/slow`),
        http('wrong', `${own}/wrong`, { contains: 'shop' }),
        http('jitter', `${own}/jitter`),
        { kind: 'tcp', id: 'port', title: 'port', host: '127.0.0.1', port: webPort, intervalSeconds: 1 },
      ],
    },
    { keyPassphrase: undefined, agent: undefined },
  );
  stops.push(() => built.close());
  monitor = createMonitor({
    hasNetwork: () => true,
    onTransition: ({ definition: { id }, to }) => history.set(id, [...(history.get(id) ?? []), to]),
    checks: [
      ...built.checks,
      ...certificateChecks([{ host: 'localhost', port: tlsPort }], good.cert + expired.cert),
      {
        id: 'dns.moving',
        title: 'Name',
        service: { id: 'dns', title: 'DNS', group: 'host' as const },
        intervalMs: 1000,
        timeoutMs: 5000,
        run: async (signal: AbortSignal) => {
          const [check] = dnsChecks([name.host]);
          if (check === undefined) throw new Error('There is no check of names.');
          return check.run(signal);
        },
      },
    ].map((check) => ({ ...check, intervalMs: 1000, timeoutMs: Math.min(check.timeoutMs, 5000) })),
  });
  monitor.start();
  stops.push(() => monitor.stop());
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** What a check shows, as soon as it is what was waited for. */
async function shows(id: string, state: HealthState, code?: string): Promise<void> {
  await expect
    .poll(
      () => {
        const check = monitor.checks().find(({ definition }) => definition.id === id);
        return { state: check?.state, code: check?.last?.outcome.findings[0]?.code };
      },
      { timeout: 60_000, interval: 100 },
    )
    .toEqual({ state, code });
  const [found] =
    monitor.checks().find(({ definition }) => definition.id === id)?.last?.outcome.findings ?? [];
  // A fault without something to do about it helps nobody.
  if (code !== undefined) expect(found?.remedy.length).toBeGreaterThan(20);
}

const watched = [
  'backend.health',
  'backend.ready',
  'redis.ping',
  'celery.queues',
  'supabase-postgres.query',
  'custom-killed.check',
  'custom-hanging.check',
  'custom-slow.check',
  'custom-wrong.check',
  'custom-jitter.check',
  'custom-port.check',
  'tls.certificates',
  'dns.moving',
];

test('faults that are really made are seen with state, cause and remedy, and seen to heal', async () => {
  for (const id of watched) await shows(id, 'healthy');

  const push = (...words: string[]) => run('redis-cli', ['-p', String(redis.port), ...words]);
  await push('rpush', 'celery', '1', '2', '3', '4');
  web.program.child.kill('SIGKILL');
  hanging.child.kill('SIGSTOP');
  behaviour.delayMs = 1500;
  behaviour.marker = 'another page';
  behaviour.ready = 'failed';
  await database.exhaust();
  showCertificate('expired');
  name.host = 'gone.invalid';
  await shows('custom-killed.check', 'down', 'CONNECTION_REFUSED');
  await shows('custom-port.check', 'down', 'CONNECTION_REFUSED');
  await shows('custom-hanging.check', 'down', 'TIMED_OUT');
  await shows('custom-slow.check', 'degraded', 'SLOW');
  await shows('custom-wrong.check', 'down', 'WRONG_ANSWER');
  await shows('backend.ready', 'degraded', 'NOT_READY');
  await shows('celery.queues', 'degraded', 'QUEUE_LONG');
  await shows('supabase-postgres.query', 'down', 'DATABASE_TOO_MANY_CONNECTIONS');
  await shows('tls.certificates', 'down', 'CERTIFICATE_EXPIRED');
  await shows('dns.moving', 'down', 'HOST_NOT_FOUND');
  behaviour.status = 500;
  await shows('custom-wrong.check', 'down', 'WRONG_STATUS');
  redis.program.child.kill('SIGKILL');
  await shows('redis.ping', 'down', 'CONNECTION_REFUSED');
  // Nothing is known of the queues without redis.
  await expect
    .poll(() => monitor.checks().find(({ definition }) => definition.id === 'celery.queues')?.state, {
      timeout: 60_000,
    })
    .toBe('unknown');

  web.program = await startWeb(web.port);
  hanging.child.kill('SIGCONT');
  redis.program = await startRedis(redis.port);
  Object.assign(behaviour, { delayMs: 0, status: 200, marker: 'shop', ready: 'ok' });
  await database.free();
  showCertificate('good');
  name.host = 'localhost';
  for (const id of watched) await shows(id, 'healthy');

  // What had no fault raised no alarm, its answers being late at random.
  for (const id of ['custom-jitter.check', 'backend.health']) {
    expect(history.get(id)?.filter((state) => state === 'down' || state === 'degraded')).toEqual([]);
  }
});
