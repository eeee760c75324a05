import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { isGone, ownScratchFolders } from '../test-support';
import { canEnter } from './server-account';
import { startEmbeddedServer, type EmbeddedServer } from './embedded-server';

const servers: EmbeddedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(
  options: Partial<Parameters<typeof startEmbeddedServer>[0]> = {},
): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ version: 17, superuser: 'boss', ...options });
  servers.push(server);
  return server;
}

async function ask(server: EmbeddedServer, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: server.superuserUrl('postgres') });
  await client.connect();
  try {
    const result: { rows: unknown[] } = await client.query(text);
    return result.rows;
  } finally {
    await client.end();
  }
}

it('listens on loopback only, with SCRAM passwords, and removes its files', async () => {
  const server = await start({ version: 15 });
  expect(
    await ask(
      server,
      `select current_setting('listen_addresses') as listen, current_setting('wal_level') as wal, (select left(rolpassword, 13) from pg_authid where rolname = 'boss') as kind`,
    ),
  ).toEqual([{ listen: '127.0.0.1', wal: 'logical', kind: 'SCRAM-SHA-256' }]);
  const wrong = new Client({ connectionString: server.url('boss', 'wrong', 'postgres') });
  await expect(wrong.connect()).rejects.toThrow(/password authentication failed/);
  await server.stop();
  expect(await isGone(dirname(server.dataDir))).toBe(true);
});

it('crashes and comes back on the same port with its data', async () => {
  const server = await start();
  await ask(server, 'create table t as select 7 as n');
  await server.crash();
  await expect(ask(server, 'select 1')).rejects.toThrow();
  await server.restart();
  expect(await ask(server, 'select n from t')).toEqual([{ n: 7 }]);
});

it('keeps a cluster, its port and its data between starts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-keep-test-'));
  try {
    const dataDir = join(folder, 'data');
    // Only root has another account to start the server under, which has to pass through the folder.
    if (process.getuid?.() === 0) await chmod(folder, 0o755);
    const first = await start({ dataDir });
    expect(first.created).toBe(true);
    await ask(first, 'create table t as select 7 as n');
    await first.stop();
    const second = await start({ dataDir, preferredPort: first.port });
    expect(second.created).toBe(false);
    expect(second.port).toBe(first.port);
    expect(await ask(second, 'select n from t')).toEqual([{ n: 7 }]);
    await second.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('stops and cleans up when its process is killed', async () => {
  const program = `
    const { startEmbeddedServer } = await import(${JSON.stringify(resolve(import.meta.dirname, 'embedded-server.ts'))});
    const server = await startEmbeddedServer({ version: 17, superuser: 'boss' });
    console.log(JSON.stringify({ port: server.port, dataDir: server.dataDir }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: resolve(import.meta.dirname, '../..'),
  });
  const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(child.stdout, 'data'));
  const { dataDir } = z.object({ port: z.number(), dataDir: z.string() }).parse(JSON.parse(line.toString()));
  const postmaster = Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
  expect(() => process.kill(postmaster, 0)).not.toThrow();
  child.kill('SIGKILL');
  await once(child, 'exit');
  await vi.waitFor(
    async () => {
      expect(() => process.kill(postmaster, 0)).toThrow();
      expect(await isGone(dirname(dataDir))).toBe(true);
    },
    { timeout: 15_000, interval: 50 },
  );
});

it('leaves nothing behind when it is cancelled', async () => {
  const controller = new AbortController();
  const starting = startEmbeddedServer({ version: 17, superuser: 'boss', signal: controller.signal });
  controller.abort();
  await expect(starting).rejects.toThrow();
  expect(await ownScratchFolders()).toEqual([]);
});

it('knows which folders an account can enter', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-enter-test-'));
  const stranger = { uid: 54_321, gid: 54_321 };
  expect(await canEnter(folder, stranger)).toBe(false);
  expect(await canEnter(folder, undefined)).toBe(true);
  expect(await canEnter('/', stranger)).toBe(true);
  await rm(folder, { recursive: true });
});
