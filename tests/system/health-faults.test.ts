import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildChecks } from '../../electron/core/services/health/build-checks';
import {
  certificateChecks,
  dnsChecks,
  type TlsPlace,
} from '../../electron/core/services/health/checks/names';
import { createSettings } from '../../electron/core/services/settings/settings';
import { startEmbeddedServer } from '../../practice/postgres/embedded-server';
import { defaultHealthConfig, type CustomCheck, type HealthState } from '#shared/model/health';
import { type NameRecords, startNameServer } from './support/name-server';
import { accepts, freePort, type Program, run, startProgram } from './support/program';
import { type Fault, watch, type Watched } from './support/watched';

const intervalMs = 4000;
const stops: (() => Promise<unknown>)[] = [];
let watched: Watched;
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

interface Certificate {
  key: string;
  cert: string;
}

/** A certificate that is valid until `end` (`YYYYMMDDhhmmssZ`), signed by itself. */
async function certificate(end: string, host = 'localhost'): Promise<Certificate> {
  const home = await mkdtemp(join(folder, 'certificate-'));
  const config = join(home, 'ca.cnf');
  await Promise.all([
    writeFile(join(home, 'index.txt'), ''),
    writeFile(
      config,
      `[ca]\ndefault_ca=own\n[own]\ndatabase=${home}/index.txt\nrand_serial=yes\nnew_certs_dir=${home}\ndefault_md=sha256\npolicy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\nsubjectAltName=DNS:${host}\nbasicConstraints=CA:TRUE\n`,
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
    `/CN=${host}`,
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
let database: { free: () => Promise<void>; exhaust: () => Promise<void> };
/** Servers that show a certificate that is no good, each with another one. */
const certificateFaults: Fault[] = [];
/** What the name servers say: this machine's, two of the zones, and one that many people use. */
const names = { own: new Map(), first: new Map(), second: new Map(), others: new Map() } satisfies Record<
  string,
  NameRecords
>;
const nameServers: [address: string, records: NameRecords][] = [
  ['127.7.7.1', names.own],
  ['127.7.7.2', names.first],
  ['127.7.7.3', names.second],
  ['127.7.7.4', names.others],
];
const zones = ['moved.example', 'torn.example', 'late.example', 'gone.example'];

/** All servers agree on these addresses. */
function nameIs(name: string, ...addresses: string[]): void {
  for (const records of Object.values(names)) records.set(`A ${name}`, addresses);
}

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
          } else if (request.url === '/wrong') response.end(behaviour.marker);
          else if (request.url === '/status') response.writeHead(behaviour.status).end();
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

  const ending = new Date(Date.now() + 9.5 * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');
  const [good, expired, soon, foreign, other] = await Promise.all([
    certificate('20990101000000Z'),
    certificate('20250101000000Z'),
    certificate(ending),
    certificate('20990101000000Z'),
    certificate('20990101000000Z', 'other.example'),
  ]);
  const bad: [code: string, says: RegExp, certificate: Certificate][] = [
    ['CERTIFICATE_EXPIRED', /expired \d+ days ago/, expired],
    ['CERTIFICATE_EXPIRES_SOON', /expires in 9 days/, soon],
    ['CERTIFICATE_UNTRUSTED', /not trusted/, foreign],
    ['CERTIFICATE_WRONG_NAME', /made out for other\.example/, other],
  ];
  const places: TlsPlace[] = [];
  for (const [code, says, certificate] of bad) {
    const tls = createTlsServer({ ...good }, (_request, response) => response.end());
    places.push({ host: 'localhost', port: await listening(tls) });
    certificateFaults.push({
      id: 'tls.certificates',
      state: 'down',
      code,
      says,
      make: () => tls.setSecureContext(certificate),
      mend: () => tls.setSecureContext(good),
    });
  }

  for (const [address, records] of nameServers) stops.push(await startNameServer(address, records));
  for (const zone of zones) {
    nameIs(zone, '192.0.2.1');
    names.own.set(`NS ${zone}`, ['ns1.example', 'ns2.example']);
  }
  nameIs('late.example', '192.0.2.9');
  names.own.set('A ns1.example', ['127.7.7.2']);
  names.own.set('A ns2.example', ['127.7.7.3']);

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
      slowMs: 800,
      queueLimit: 3,
      celeryWorkers: 0,
      custom: [
        http('killed', `http://127.0.0.1:${webPort}/`),
        http('hanging', `http://127.0.0.1:${hangingPort}/`),
        http('slow', `${own}/slow`),
        http('wrong', `${own}/wrong`, { contains: 'shop' }),
        http('status', `${own}/status`),
        http('jitter', `${own}/jitter`),
        { kind: 'tcp', id: 'port', title: 'port', host: '127.0.0.1', port: webPort, intervalSeconds: 1 },
      ],
    },
    { keyPassphrase: undefined, agent: undefined },
  );
  stops.push(() => built.close());
  watched = watch(
    [
      ...built.checks,
      ...certificateChecks(places, 21, [good, expired, soon, other].map(({ cert }) => cert).join('')),
      ...dnsChecks(zones, { own: ['127.7.7.1'], others: ['127.7.7.4'] }),
    ],
    intervalMs,
  );
  stops.push(() => watched.monitor.stop());
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  watched.printWaits();
});

const nothing = () => undefined;

/** Something of the web service of this process that is wrong for a while. */
function behaves(id: string, state: HealthState, code: string, change: Partial<typeof behaviour>): Fault {
  const before = { ...behaviour };
  return {
    id,
    state,
    code,
    make: () => Object.assign(behaviour, change),
    mend: () => Object.assign(behaviour, before),
  };
}

/** A name about which the servers say something else. */
function named(state: HealthState, code: string, says: RegExp, name: string, change: () => unknown): Fault {
  return { id: 'dns.names', state, code, says, make: change, mend: () => nameIs(name, '192.0.2.1') };
}

test('web services, certificates, names, connections and queues', async () => {
  await watched.heal('custom-jitter.check', 'backend.health');
  await watched.seesAndHeals([
    {
      id: 'custom-killed.check',
      state: 'down',
      code: 'CONNECTION_REFUSED',
      make: () => web.program.child.kill('SIGKILL'),
      mend: async () => {
        web.program = await startWeb(web.port);
      },
    },
    { id: 'custom-port.check', state: 'down', code: 'CONNECTION_REFUSED', make: nothing, mend: nothing },
    {
      id: 'custom-hanging.check',
      state: 'down',
      code: 'TIMED_OUT',
      make: () => hanging.child.kill('SIGSTOP'),
      mend: () => hanging.child.kill('SIGCONT'),
    },
    behaves('custom-slow.check', 'degraded', 'SLOW', { delayMs: 1200 }),
    behaves('custom-wrong.check', 'down', 'WRONG_ANSWER', { marker: 'another page' }),
    behaves('custom-status.check', 'down', 'WRONG_STATUS', { status: 500 }),
    behaves('backend.ready', 'degraded', 'NOT_READY', { ready: 'failed' }),
    {
      id: 'celery.queues',
      state: 'degraded',
      code: 'QUEUE_LONG',
      make: () => run('redis-cli', ['-p', String(redis.port), 'rpush', 'celery', '1', '2', '3', '4']),
      mend: () => run('redis-cli', ['-p', String(redis.port), 'del', 'celery']),
    },
    {
      id: 'supabase-postgres.query',
      state: 'down',
      code: 'DATABASE_TOO_MANY_CONNECTIONS',
      make: () => database.exhaust(),
      mend: () => database.free(),
    },
    ...certificateFaults,
    named(
      'down',
      'DNS_ANSWERS_DIFFER',
      /moved\.example resolves to 192\.0\.2\.1 here, and to 192\.0\.2\.7/,
      'moved.example',
      () => {
        for (const records of [names.first, names.second]) records.set('A moved.example', ['192.0.2.7']);
      },
    ),
    named(
      'down',
      'DNS_ANSWERS_DIFFER',
      /name servers of the zone disagree: torn\.example/,
      'torn.example',
      () => names.second.set('A torn.example', ['192.0.2.8']),
    ),
    named(
      'down',
      'DNS_ANSWERS_DIFFER',
      /127\.7\.7\.4 still says 192\.0\.2\.9 for late\.example/,
      'late.example',
      () => {
        nameIs('late.example', '192.0.2.1');
        names.others.set('A late.example', ['192.0.2.9']);
      },
    ),
    named('down', 'HOST_NOT_FOUND', /gone\.example/, 'gone.example', () => nameIs('gone.example')),
  ]);
  // What had no fault raised no alarm, its answers being late at random.
  for (const id of ['custom-jitter.check', 'backend.health']) {
    expect(watched.history.get(id)?.filter((state) => state === 'down' || state === 'degraded')).toEqual([]);
  }
});

test('redis that is killed: nothing is known of the queues', async () => {
  await watched.heal('redis.ping', 'celery.queues');
  redis.program.child.kill('SIGKILL');
  await Promise.all([
    watched.shows('redis.ping', 'down', 'CONNECTION_REFUSED'),
    watched.shows('celery.queues', 'unknown', 'DEPENDENCY_DOWN'),
  ]);
  redis.program = await startRedis(redis.port);
  await watched.heal('redis.ping', 'celery.queues');
});
