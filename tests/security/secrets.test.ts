import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '#shared/contract/contract';
import { toErrorShape } from '#shared/model/errors';
import { settingDefinitions, settingNames } from '#shared/model/settings';
import { createHandlers } from '#core/api/handlers';
import { createCore } from '#core/core';
import { finished } from '../support/cli';
import { spawnSource } from '../integration/cli-from-source';

const mark = 'pl4nted';

/** A listener that swallows what it gets: commands hang on it long enough to be looked at. */
let server: Server;
let home = '';
let port = 0;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'cutover-planted-'));
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = z.object({ port: z.number() }).parse(server.address()).port;
});
afterAll(async () => {
  server.close();
  await rm(home, { recursive: true, force: true });
});

/** A value for each secret that holds the mark, with characters that encodings change. */
function planted(): Record<string, string> {
  return {
    SOURCE_DATABASE_URL: `postgresql://shop:${mark}%2Fsource%40db@127.0.0.1:${port}/shop`,
    SOURCE_S3_ENDPOINT: `http://127.0.0.1:${port}`,
    SOURCE_S3_ACCESS_KEY_ID: 'source-key',
    SOURCE_S3_SECRET_ACCESS_KEY: `${mark}/source+s3`,
    SUPABASE_URL: `http://127.0.0.1:${port}`,
    SUPABASE_DB_URL: `postgresql://postgres:${mark}-target@127.0.0.1:${port}/postgres`,
    SUPABASE_SECRET_KEY: `sb_secret_${mark}`,
    R2_ENDPOINT: `http://127.0.0.1:${port}`,
    R2_ACCESS_KEY_ID: 'r2-key',
    R2_SECRET_ACCESS_KEY: `${mark}=r2`,
    CUTOVER_PASSPHRASE: `${mark} passphrase`,
    CUTOVER_SSH_KEY_PASSPHRASE: `${mark} key passphrase`,
  };
}

async function textsBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (
    await Promise.all(files.map((entry) => readFile(path.join(entry.parentPath, entry.name), 'latin1')))
  ).join('\n');
}

/** Command lines of all processes of this machine but the test's own. */
async function commandLines(): Promise<string> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = names.map((name) => readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).join('\n');
}

test.each([
  ['check', []],
  ['plan', ['--only', 'database']],
  ['run', ['--yes', '--json']],
])(
  '%s: no planted secret in output, files or the process list, also when it is stopped',
  async (command, args) => {
    const data = path.join(home, command);
    const child = spawnSource([command, ...args], { ...planted(), CUTOVER_HOME: data });
    const ended = finished(child);
    const connected = once(server, 'connection');
    await Promise.race([connected, ended]);
    if (process.platform === 'linux') expect(await commandLines()).not.toContain(mark);
    child.kill('SIGINT');
    const { stdout, stderr, code } = await ended;
    expect(code).not.toBeNull();
    expect(stdout + stderr).not.toContain(mark);
    expect(await textsBelow(data)).not.toContain(mark);
  },
);

test('no answer of the contract holds a planted secret, and neither does a failure', async () => {
  const env = planted();
  const core = await createCore({
    dataDir: path.join(home, 'core'),
    host: 'browser',
    env: { CUTOVER_SSH_KEY_PASSPHRASE: env.CUTOVER_SSH_KEY_PASSPHRASE },
    workspace: path.join(home, 'core-workspace'),
    version: '0',
    practice: false,
  });
  const handlers = createHandlers(core);
  const context = { signal: new AbortController().signal };
  const heard: unknown[] = [];
  const hear = async (answer: Promise<unknown>) => {
    heard.push(await answer.catch((error: unknown) => toErrorShape(error)));
  };
  const values = Object.fromEntries(settingNames.map((name) => [name, env[name] ?? null]));

  await hear(handlers['connections.update']({ values }, context));
  await hear(handlers['workspaces.unlock']({ passphrase: `${mark} passphrase` }, context));
  await hear(handlers['connections.update']({ values }, context));
  await hear(handlers['connections.list']({}, context));
  await hear(handlers['workspaces.current']({}, context));
  for (const name of settingNames.filter((setting) => settingDefinitions[setting].secret)) {
    await hear(
      handlers['connections.update']({ values: { [name]: `${mark} of the wrong form\n` } }, context),
    );
  }
  const text = Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
  for (const format of ['env', 'compose'] as const) {
    await hear(
      handlers['connections.import']({ format, text: `${text}\nservices: {`, apply: true }, context),
    );
  }
  await hear(handlers['workspaces.unlock']({ passphrase: `${mark} wrong` }, context));
  await core.close();

  expect(JSON.stringify(heard)).not.toContain(mark);
  expect(heard.some((answer) => contract['connections.list'].output.safeParse(answer).success)).toBe(true);
  expect(await textsBelow(path.join(home, 'core-workspace'))).not.toContain(mark);
  expect(await textsBelow(path.join(home, 'core'))).not.toContain(mark);
});
