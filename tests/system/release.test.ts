import { readdir, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { request } from 'undici';
import { containerUseSchema, preflightFindingSchema, releasePlanSchema } from '#shared/model/deploy';
import { plantedSecret, type ReleaseStage, startReleaseStage, underLoad } from './support/release-stage';

// Releases on a real engine behind a real SSH server, under load. Needs root, docker.io, openssh-server and busybox-static of Debian.

/** When the connection is cut besides an update: `deploy,failure,rollback` is the full proof, each half a minute and a rollout. */
const cuts = new Set((process.env['CUTOVER_SSH_CUTS'] ?? '').split(','));

let stage: ReleaseStage;
/** Through the proxy that stands for Easypanel's. */
let address: string;

beforeAll(async () => {
  stage = await startReleaseStage('cutovertest');
});
afterAll(() => stage.close());

/** A cut is told as such; nobody knows of the deployment's end, and once it has been silent for long enough the state says so. */
async function expectCut(result: { code: number | null; stdout: string }): Promise<void> {
  expect(result.code, result.stdout.slice(-2000)).toBe(1);
  expect(result.stdout).toContain('SSH_FAILED');
  await expect
    .poll(async () => (await stage.status()).releases.map(({ state }) => state), {
      timeout: 90_000,
      interval: 3_000,
    })
    .toContain('interrupted');
}

/** What the load said, for whoever reads the log. */
const tell = (
  what: string,
  { asked, perSecond, failed }: { asked: number; perSecond: number; failed: string[] },
) => console.log(`${what}: ${asked} requests, ${perSecond.toFixed(1)} a second, ${failed.length} failed`);

test('a host without a swarm is told, and becomes one on request', async () => {
  await stage.write('shop/web:1');
  const before = await stage.cli('preflight', '--dir', stage.folder);
  expect(before.code).toBe(3);
  const refused = await stage.apply();
  expect(refused.code).toBe(3);
  expect(refused.stdout).toContain('SWARM_INACTIVE');
  expect((await stage.cli('init-swarm', '--yes')).code).toBe(0);
  const after = await stage.cli('preflight', '--dir', stage.folder);
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
    'ports',
    'images',
  ]);
  await stage.host.docker('network', 'create', '--driver', 'overlay', '--attachable', 'edge');
});

test('a first release: planned, applied, serving; its secrets are on the host for this user only', async () => {
  const planned = await stage.cli('plan', '--dir', stage.folder);
  const plan = releasePlanSchema.parse(JSON.parse(planned.stdout));
  expect(plan.services).toEqual([{ service: 'web', change: 'created', differences: ['shop/web:1'] }]);
  if (cuts.has('deploy')) await expectCut(await stage.cutAt('"rollout"', 'apply'));
  const result = await stage.apply();
  expect(result.code, result.stdout.slice(-2000) + result.stderr).toBe(0);
  expect(result.stdout + result.stderr).not.toContain('planted');
  const now = await stage.status();
  expect(now.services).toMatchObject([
    { name: 'web', health: 'healthy', replicas: { running: 2, desired: 2 } },
  ]);
  expect(now.releases.map(({ state }) => state)).toEqual(cuts.has('deploy') ? ['live', 'failed'] : ['live']);
  const releases = path.join(userInfo().homedir, '.cutover', stage.stack, 'releases', now.live ?? '');
  expect((await readdir(releases)).sort()).toEqual(['.env.production', 'docker-compose.yml', 'release.json']);
  for (const name of ['docker-compose.yml', 'release.json'])
    expect(await readFile(path.join(releases, name), 'utf8')).not.toContain('planted');

  const { host, stack } = stage;
  const proxy = ['--name', 'proxy', '--network', 'edge', '-p', '127.0.0.1::8080', 'shop/proxy:1'];
  await host.docker('run', '-d', ...proxy, '/node', '/proxy.js', `${stack}_web`);
  address = `http://${await host.docker('port', 'proxy', '8080')}/`;
  const ask = async () => (await request(address)).body.text().catch(() => '');
  await expect.poll(() => ask().catch(() => ''), { timeout: 30_000 }).toBe(`1 ${plantedSecret}`);
});

test('an update under load drops no request', async () => {
  await stage.write('shop/web:2');
  const load = await underLoad(address, () => stage.apply('--probe', address));
  tell('update', load);
  expect(load.result.code, load.result.stdout.slice(-2000) + load.result.stderr).toBe(0);
  expect(load.failed).toEqual([]);
  expect(load.asked).toBeGreaterThan(200);
  expect([...load.versions].sort()).toEqual(['1', '2']);
  expect((await stage.status()).releases.slice(0, 2).map(({ state }) => state)).toEqual(['live', 'replaced']);
});

test('a release that never gets healthy is taken back under load, and no request is dropped', async () => {
  await stage.write('shop/web:broken');
  if (cuts.has('failure')) {
    const cut = await underLoad(address, async () => {
      await expectCut(await stage.cutAt('"rollout"', 'apply', '--probe', address));
      // The engine goes back by itself.
      await expect
        .poll(async () => (await stage.status()).services[0]?.update?.state, {
          timeout: 180_000,
          interval: 3_000,
        })
        .toBe('rollback_completed');
    });
    tell('failing release, cut off', cut);
    expect(cut.failed).toEqual([]);
    expect([...cut.versions]).toEqual(['2']);
    expect((await stage.status()).services).toMatchObject([{ image: 'shop/web:2', health: 'healthy' }]);
  }
  const load = await underLoad(address, () => stage.apply('--probe', address));
  tell('failing release', load);
  expect(load.result.code, load.result.stdout.slice(-2000)).toBe(1);
  expect(load.result.stdout).toContain('RELEASE_ROLLED_BACK');
  expect(load.failed).toEqual([]);
  expect([...load.versions]).toEqual(['2']);
  const now = await stage.status();
  expect(now.releases[0]?.state).toBe('failed');
  expect(now.releases.find(({ state }) => state === 'live')?.images).toEqual({ web: 'shop/web:2' });
  expect(now.services).toMatchObject([{ image: 'shop/web:2', health: 'healthy' }]);
});

test('a rollback by hand serves the release before, and drops no request', async () => {
  const load = await underLoad(address, async () => {
    if (cuts.has('rollback')) await expectCut(await stage.cutAt('"rollout"', 'rollback', '--yes'));
    // One that was cut off is what the next one goes on with.
    return stage.cli('rollback', '--yes');
  });
  tell('rollback by hand', load);
  expect(load.result.code, load.result.stdout.slice(-2000) + load.result.stderr).toBe(0);
  expect(load.failed).toEqual([]);
  const now = await stage.status();
  expect(now.services).toMatchObject([{ image: 'shop/web:1', health: 'healthy' }]);
  expect(now.releases.find(({ state }) => state === 'live')?.images).toEqual({ web: 'shop/web:1' });
});

test('SSH cut in the middle of an update: told, and the next deployment goes on to the end', async () => {
  await stage.write('shop/web:2');
  const load = await underLoad(address, async () => {
    await expectCut(await stage.cutAt('"rollout"', 'apply'));
    return stage.apply();
  });
  tell('update, cut off', load);
  expect(load.result.code, load.result.stdout.slice(-2000)).toBe(0);
  expect(load.failed).toEqual([]);
  const now = await stage.status();
  expect(now.services).toMatchObject([{ image: 'shop/web:2', health: 'healthy' }]);
  expect(now.releases.slice(0, 2).map(({ state }) => state)).toEqual(['live', 'failed']);
});

test('scale, use, restart, logs and drain', async () => {
  expect((await stage.cli('scale', 'web', '3', '--yes')).code).toBe(0);
  expect((await stage.status()).services[0]?.replicas).toEqual({ running: 3, desired: 3 });
  const measured = await stage.cli('use');
  expect(measured.code, measured.stderr).toBe(0);
  const use = containerUseSchema.array().parse(JSON.parse(measured.stdout));
  expect(use.map(({ service }) => service)).toEqual(['web', 'web', 'web']);
  for (const { cpus, memoryBytes, memoryLimitBytes } of use) {
    expect(cpus).toBeGreaterThanOrEqual(0);
    // A container holds at least its Node.
    expect(memoryBytes).toBeGreaterThan(5 * 1024 ** 2);
    expect(memoryLimitBytes).toBeGreaterThan(memoryBytes);
  }
  const load = await underLoad(address, () => stage.cli('restart', 'web', '--yes'));
  tell('restart', load);
  expect(load.result.code, load.result.stdout).toBe(0);
  expect(load.failed).toEqual([]);
  const logs = await stage.cli('logs', 'web', '--search', 'LISTENS');
  expect(logs.stdout).toContain('version 2 listens');
  expect((await stage.cli('scale', 'nothing', '1', '--yes')).code).toBe(2);
  const drained = await stage.cli('drain', 'web', '--yes');
  expect(drained.code, drained.stdout).toBe(0);
  expect(drained.stdout).toContain('still at work');
  const { host, stack } = stage;
  expect(await host.docker('ps', '-q', '--filter', `label=com.docker.stack.namespace=${stack}`)).toBe('');
  expect((await stage.status()).services).toMatchObject([{ health: 'stopped' }]);
});
