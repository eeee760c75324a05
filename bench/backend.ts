/**
 * `npm run bench -- backend [--users 100] [--seconds 20] [--processes 2]`: how long the backend template takes to answer when many people use
 * it at once: its own container's program with the settings that it ships with, PostgreSQL behind PgBouncer in both modes, tokens of the Auth
 * service. The load, the database and the backend share the machine's cores. Needs what `tests/system/backend-template.test.ts` needs.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { z } from 'zod';
import { startBackendServices } from '../tests/system/support/backend-services';
import { freePort, run, startProgram } from '../tests/system/support/program';
import { pythonEnvironment } from '../tests/system/support/python';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    processes: { type: 'string', default: '2' },
  },
  allowPositionals: true,
});
const users = Number(values.users);
const seconds = Number(values.seconds);
const rows = 20_000;
const limitMs = 200;

interface Operation {
  name: string;
  /** How many of a hundred requests it is. */
  share: number;
  method: 'GET' | 'POST';
  path: () => string;
}

const someRow = () => 1 + Math.floor(Math.random() * rows);
const operations: readonly Operation[] = [
  { name: 'who am I', share: 20, method: 'GET', path: () => '/auth/me' },
  { name: 'list of 20 rows', share: 30, method: 'GET', path: () => '/items' },
  { name: 'one row', share: 30, method: 'GET', path: () => `/items/${someRow()}` },
  { name: 'new row', share: 10, method: 'POST', path: () => '/items' },
  { name: 'signed link', share: 10, method: 'GET', path: () => `/items/${someRow()}/file` },
];

const template = path.join(import.meta.dirname, '../resources/templates/backend');
const folder = await mkdtemp(path.join(tmpdir(), 'cutover-bench-backend-'));
const bin = await pythonEnvironment(
  ['requirements.txt', 'requirements-dev.txt'].map((name) => path.join(template, name)),
);
const services = await startBackendServices();
try {
  const backend = path.join(folder, 'backend');
  await cp(template, backend, { recursive: true });
  await cp(path.join(import.meta.dirname, 'backend/operations.py'), path.join(backend, 'operations.py'));
  const tokens = await signIn(users);
  console.log(
    `${users} people, ${values.processes} processes of the backend, ${cpus().length} cores for everything, ${seconds} s each`,
  );
  let prepared = false;
  for (const pooler of ['session', 'transaction'] as const) {
    const env = {
      ...services.env,
      PATH: process.env['PATH'],
      DATABASE_URL: services.env[`TEST_${pooler.toUpperCase()}_POOLER_URL`],
      DATABASE_POOL_MODE: pooler,
      WEB_CONCURRENCY: values.processes,
      DRAIN_SECONDS: '0',
    };
    if (!prepared) await run(path.join(bin, 'python'), ['operations.py'], { cwd: backend, env });
    prepared = true;
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const program = await startProgram(
      path.join(bin, 'python'),
      ['serve.py', 'operations:create_app', String(port)],
      { cwd: backend, env, ready: async () => (await fetch(`${url}/health`)).ok },
    );
    try {
      // Imports, keys and connections are paid once.
      await load(url, tokens, 3, 0);
      report(
        `${pooler} pooler, a second between two requests of a person`,
        await load(url, tokens, seconds, 1000),
      );
      report(`${pooler} pooler, ${users} requests at every moment`, await load(url, tokens, seconds, 0));
    } finally {
      await program.stop();
    }
  }
} finally {
  await services.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Makes users and their sessions at the Auth service. */
async function signIn(count: number): Promise<string[]> {
  const ask = async (route: string, key: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${services.supabaseUrl}/auth/v1/${route}`, {
      method: 'POST',
      headers: { apikey: key, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { SUPABASE_SECRET_KEY: secret = '', SUPABASE_PUBLISHABLE_KEY: open = '' } = services.env;
  const tokens: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const account = { email: `bench-${number}@example.com`, password: 'correct horse 1' };
    await ask('admin/users', secret, { ...account, email_confirm: true });
    const session = await ask('token?grant_type=password', open, account);
    tokens.push(z.object({ access_token: z.string() }).parse(session).access_token);
  }
  return tokens;
}

interface Measured {
  times: Map<string, number[]>;
  failed: number;
  seconds: number;
}

/** Every person sends one request after the other, with a pause of this length at most that differs each time. */
async function load(
  url: string,
  tokens: readonly string[],
  duration: number,
  pauseMs: number,
): Promise<Measured> {
  const pool = new Pool(url, { connections: tokens.length, pipelining: 1 });
  const times = new Map<string, number[]>(operations.map(({ name }) => [name, []]));
  const deck = operations.flatMap((operation) => Array.from({ length: operation.share }, () => operation));
  const began = performance.now();
  const end = began + duration * 1000;
  let failed = 0;
  await Promise.all(
    tokens.map(async (token) => {
      const pause = (factor: number) => new Promise((resolve) => setTimeout(resolve, pauseMs * factor));
      await pause(Math.random());
      while (performance.now() < end) {
        const operation = deck[Math.floor(Math.random() * deck.length)] ?? operations[0];
        if (operation === undefined) return;
        const sent = performance.now();
        const { statusCode, body } = await pool.request({
          method: operation.method,
          path: operation.path(),
          headers: { authorization: `Bearer ${token}` },
        });
        await body.dump();
        if (statusCode === 200) times.get(operation.name)?.push(performance.now() - sent);
        else failed += 1;
        if (pauseMs > 0) await pause(0.5 + Math.random());
      }
    }),
  );
  await pool.close();
  return { times, failed, seconds: (performance.now() - began) / 1000 };
}

function report(title: string, { times, failed, seconds: took }: Measured): void {
  const all = [...times.values()].flat();
  const p95 = percentile(all, 0.95);
  console.log(
    `\n${title}: ${all.length} requests, ${(all.length / took).toFixed(0)} a second, ${failed} failed; p95 ${p95.toFixed(0)} ms, ${p95 < limitMs ? 'under' : 'OVER'} ${limitMs} ms`,
  );
  for (const [name, list] of [...times, ['all', all] as const]) {
    const [p50, p95th, p99] = [0.5, 0.95, 0.99].map((share) =>
      percentile(list, share).toFixed(1).padStart(7),
    );
    console.log(
      `  ${name.padEnd(16)} ${String(list.length).padStart(6)}  p50 ${p50}  p95 ${p95th}  p99 ${p99} ms`,
    );
  }
}

function percentile(list: readonly number[], share: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
