import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent, request } from 'undici';
import {
  deployStatusSchema,
  type DeployStatus,
  preflightFindingSchema,
  releasePlanSchema,
} from '#shared/model/deploy';
import { errorOf, finished, runCli, spawnCli } from '../support/cli';
import { newWorkspace } from '../support/workspace';
import { type DockerHost, importImages, startDockerHost } from './docker-host';

// Releases on a real engine behind a real SSH server, under load. Needs root, docker.io, openssh-server and busybox-static of Debian.

const stack = 'cutovertest';
const secret = 'planted$ecret"#with\'signs';
let host: DockerHost;
let workspace: string;
let folder: string;
/** Through the proxy that stands for Easypanel's. */
let address: string;

beforeAll(async () => {
  host = await startDockerHost(stack);
  workspace = await newWorkspace('Releases');
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-release-'));
  const serve = 'CMD ["/node", "/server.js"]';
  await importImages(host, {
    'shop/web:1': ['ENV VERSION=1', serve],
    'shop/web:2': ['ENV VERSION=2', serve],
    'shop/web:broken': ['ENV VERSION=broken', 'ENV BROKEN=1', serve],
    'shop/proxy:1': ['CMD ["/node", "/proxy.js"]'],
  });
});
afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
  await rm(workspace, { recursive: true, force: true });
});

const cli = (...command: string[]) =>
  runCli(['deploy', ...command, '--workspace', workspace, '--json'], host.env);

async function write(image: string, changes = ''): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, '.env.production'),
    `WEB_IMAGE=${image}\nGREETING='${secret.replace("'", '')}'\n`,
  );
  await writeFile(
    path.join(folder, 'docker-compose.prod.yml'),
    `
services:
  web:
    image: \${WEB_IMAGE}
    env_file: .env.production
    stop_grace_period: 30s
    networks: [edge]
    healthcheck:
      test: ["CMD", "/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"]
      interval: 1s
      timeout: 20s
      retries: 4
      start_period: 5s
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      update_config: { order: start-first, parallelism: 1, failure_action: rollback, monitor: 5s }
      rollback_config: { order: start-first }
      restart_policy: { condition: any, delay: 1s }
${changes}
networks:
  edge: { external: true }
`,
  );
}

const apply = (...more: string[]) => cli('apply', '--dir', folder, '--yes', '--limit', '240', ...more);

async function status(): Promise<DeployStatus> {
  const result = await cli('status');
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return deployStatusSchema.parse(JSON.parse(result.stdout));
}

/** Fifty requests a second, each over a new connection, for as long as `body` takes. */
async function underLoad<T>(
  body: () => Promise<T>,
): Promise<{ result: T; asked: number; failed: string[]; versions: Set<string> }> {
  const failed: string[] = [];
  const versions = new Set<string>();
  let asked = 0;
  const ended = new AbortController();
  const dispatcher = new Agent({ pipelining: 0, connections: null });
  const one = async () => {
    asked += 1;
    try {
      const answer = await request(address, { dispatcher, headersTimeout: 20_000 });
      const text = await answer.body.text();
      if (answer.statusCode === 200) versions.add(text.split(' ')[0] ?? '');
      else failed.push(String(answer.statusCode));
    } catch (error) {
      failed.push(String(error));
    }
  };
  const running = new Set<Promise<void>>();
  const load = (async () => {
    while (!ended.signal.aborted) {
      const pending = one().finally(() => running.delete(pending));
      running.add(pending);
      await delay(20);
    }
    await Promise.all(running);
  })();
  try {
    return { result: await body(), asked, failed, versions };
  } finally {
    ended.abort();
    await load;
    await dispatcher.close();
  }
}

test('a host without a swarm is told, and becomes one on request', async () => {
  await write('shop/web:1');
  const before = await cli('preflight');
  expect(before.code).toBe(3);
  const refused = await apply();
  expect(refused.code).toBe(3);
  expect(refused.stdout).toContain('SWARM_INACTIVE');
  expect((await cli('init-swarm', '--yes')).code).toBe(0);
  const after = await cli('preflight');
  expect(after.code, after.stdout).toBe(0);
  const findings = preflightFindingSchema.array().parse(JSON.parse(after.stdout));
  expect(findings.map(({ id }) => id)).toEqual([
    'engine',
    'swarm',
    'easypanel',
    'disk',
    'memory',
    'clock',
    'stack',
    'lock',
  ]);
  await host.docker('network', 'create', '--driver', 'overlay', '--attachable', 'edge');
});

test('a first release: planned, applied, serving; its secrets are on the host for this user only', async () => {
  const planned = await cli('plan', '--dir', folder);
  const plan = releasePlanSchema.parse(JSON.parse(planned.stdout));
  expect(plan.services).toEqual([{ service: 'web', change: 'created', differences: ['shop/web:1'] }]);
  const result = await apply();
  expect(result.code, result.stdout.slice(-2000) + result.stderr).toBe(0);
  expect(result.stdout + result.stderr).not.toContain('planted');
  const now = await status();
  expect(now.services).toMatchObject([
    { name: 'web', health: 'healthy', replicas: { running: 2, desired: 2 } },
  ]);
  expect(now.releases.map(({ state }) => state)).toEqual(['live']);
  const releases = path.join(userInfo().homedir, '.cutover', stack, 'releases', now.live ?? '');
  expect((await readdir(releases)).sort()).toEqual(['.env.production', 'docker-compose.yml', 'release.json']);
  for (const name of ['docker-compose.yml', 'release.json'])
    expect(await readFile(path.join(releases, name), 'utf8')).not.toContain('planted');

  await host.docker(
    'run',
    '-d',
    '--name',
    'proxy',
    '--network',
    'edge',
    '-p',
    '127.0.0.1::8080',
    'shop/proxy:1',
    '/node',
    '/proxy.js',
    `${stack}_web`,
  );
  address = `http://${await host.docker('port', 'proxy', '8080')}/`;
  await expect
    .poll(
      async () =>
        request(address).then(
          ({ body }) => body.text(),
          () => '',
        ),
      { timeout: 30_000 },
    )
    .toBe(`1 ${secret.replace("'", '')}`);
});

test('an update under load drops no request', async () => {
  await write('shop/web:2');
  const { result, asked, failed, versions } = await underLoad(() => apply('--probe', address));
  expect(result.code, result.stdout.slice(-2000) + result.stderr).toBe(0);
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThan(200);
  expect([...versions].sort()).toEqual(['1', '2']);
  expect((await status()).releases.map(({ state }) => state)).toEqual(['live', 'replaced']);
});

test('a release that never gets healthy is taken back under load, and no request is dropped', async () => {
  await write('shop/web:broken');
  const { result, failed, versions } = await underLoad(() => apply('--probe', address));
  expect(result.code, result.stdout.slice(-2000)).toBe(1);
  expect(result.stdout).toContain('RELEASE_ROLLED_BACK');
  expect(failed).toEqual([]);
  expect([...versions]).toEqual(['2']);
  const now = await status();
  expect(now.releases.map(({ state }) => state)).toEqual(['failed', 'live', 'replaced']);
  expect(now.services).toMatchObject([{ image: 'shop/web:2', health: 'healthy' }]);
});

test('a rollback by hand serves the release before, and drops no request', async () => {
  const { result, failed } = await underLoad(() => cli('rollback', '--yes'));
  expect(result.code, result.stdout.slice(-2000) + result.stderr).toBe(0);
  expect(failed).toEqual([]);
  expect((await status()).services).toMatchObject([{ image: 'shop/web:1', health: 'healthy' }]);
});

test('SSH cut in the middle: told, and the next deployment goes on to the end', async () => {
  await write('shop/web:2');
  const child = spawnCli(
    ['deploy', 'apply', '--dir', folder, '--yes', '--workspace', workspace, '--json'],
    host.env,
  );
  const ended = finished(child);
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('"rollout"')) resolve();
    });
  });
  await host.cutSsh();
  const result = await ended;
  expect(result.code).toBe(1);
  expect(result.stdout).toContain('SSH_FAILED');
  expect((await status()).releases[0]?.state).toBe('applying');
  await expect.poll(async () => (await apply()).code, { timeout: 180_000, interval: 5_000 }).toBe(0);
  const now = await status();
  expect(now.services).toMatchObject([{ image: 'shop/web:2', health: 'healthy' }]);
  expect(now.releases[0]?.state).toBe('live');
});

test('what can go wrong before anything changes is told by its name', async () => {
  await write('shop/absent:9');
  const missing = await apply();
  expect(missing.code).toBe(1);
  expect(missing.stdout).toMatch(/IMAGE_NOT_FOUND|REGISTRY_AUTH_FAILED/);
  await write('shop/web:2', '      - not: a mapping');
  expect((await apply()).stdout).toContain('COMPOSE_INVALID');
  await write('shop/web:2');
  const changed = await runCli(['deploy', 'status', '--workspace', workspace, '--json'], {
    ...host.env,
    EASYPANEL_SSH_HOST_KEY: `SHA256:${'A'.repeat(43)}`,
  });
  expect(errorOf(changed).code).toBe('SSH_HOST_KEY_CHANGED');
  expect((await status()).services).toMatchObject([{ image: 'shop/web:2', health: 'healthy' }]);
});

test('scale, restart and logs', async () => {
  expect((await cli('scale', 'web', '3', '--yes')).code).toBe(0);
  expect((await status()).services[0]?.replicas).toEqual({ running: 3, desired: 3 });
  const { result, failed } = await underLoad(() => cli('restart', 'web', '--yes'));
  expect(result.code, result.stdout).toBe(0);
  expect(failed).toEqual([]);
  const logs = await cli('logs', 'web', '--search', 'LISTENS');
  expect(logs.stdout).toContain('version 2 listens');
  expect((await cli('scale', 'nothing', '1', '--yes')).code).toBe(2);
});
