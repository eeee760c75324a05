import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { preflightFindingSchema, releasePlanSchema } from '#shared/model/deploy';
import { panelViewSchema } from '#shared/model/easypanel';
import { errorOf, runCli } from '../support/cli';
import { panelToken, startStandInPanel } from '../support/easypanel-panel';
import { type ImageRegistry, registryPassword, startImageRegistry } from './support/image-registry';
import { plantedSecret, type ReleaseStage, startReleaseStage } from './support/release-stage';

// What goes wrong around a release, on a real engine behind a real SSH server with a real registry: each told by its name, with the services
// as they were. Needs root, docker.io, docker-registry, openssh-server and busybox-static of Debian.

let stage: ReleaseStage;
let registry: ImageRegistry;
/** The configuration of whoever pushes images, apart from the host's. */
let pusher: string;

beforeAll(async () => {
  registry = await startImageRegistry();
  stage = await startReleaseStage('cutovertrouble');
  pusher = await mkdtemp(path.join(tmpdir(), 'cutover-pusher-'));
  await writeFile(path.join(pusher, 'config.json'), registry.login(registryPassword));
});
afterAll(async () => {
  await stage.close();
  await registry.stop();
  await rm(pusher, { recursive: true, force: true });
});

/** The service runs this image, as it did. */
async function serves(image: string): Promise<void> {
  const [service] = (await stage.status()).services;
  expect(service).toMatchObject({ health: 'healthy', replicas: { running: 2 } });
  expect(service?.image).toContain(image);
}

async function push(from: string, to: string): Promise<void> {
  await stage.host.docker('tag', from, to);
  await stage.host.docker('--config', pusher, 'push', '-q', to);
  await stage.host.docker('rmi', to);
}

const logIn = (password: string) =>
  writeFile(path.join(stage.host.dockerConfig, 'config.json'), registry.login(password));

/** The command lines of all processes, again and again while `body` goes on. */
async function whileWatching<T>(body: () => Promise<T>): Promise<{ result: T; lines: Set<string> }> {
  const lines = new Set<string>();
  let ended = false;
  const look = async () => {
    while (!ended) {
      const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      const read = processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
      for (const line of await Promise.all(read)) lines.add(line.replaceAll('\0', ' '));
      await delay(20);
    }
  };
  const watching = look();
  try {
    return { result: await body(), lines };
  } finally {
    ended = true;
    await watching;
  }
}

test('without a swarm Compose runs the application, and says that there is a gap', async () => {
  const { host, folder, stack } = stage;
  await host.docker('network', 'create', 'edge');
  await stage.write('shop/web:1');
  const withGap = (...more: string[]) => stage.apply('--without-swarm', ...more);
  const first = await withGap();
  expect(first.code, first.stdout.slice(-2000) + first.stderr).toBe(0);
  expect(first.stdout).toContain('requests fail in between');
  const now = await stage.status();
  expect(now).toMatchObject({
    runtime: 'compose',
    services: [{ name: 'web', health: 'healthy', image: 'shop/web:1' }],
  });
  const planned = await stage.cli('plan', '--dir', folder);
  expect(releasePlanSchema.parse(JSON.parse(planned.stdout)).services).toMatchObject([
    { change: 'unchanged' },
  ]);
  // What they were given came through as it was meant.
  const [id = ''] = (
    await host.docker('ps', '-q', '--filter', `label=com.docker.compose.project=${stack}`)
  ).split('\n');
  expect(await host.docker('exec', id, '/busybox', 'env')).toContain(`GREETING_SECRET=${plantedSecret}\n`);

  await stage.write('shop/web:broken');
  const failed = await withGap();
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('RELEASE_ROLLED_BACK');
  expect((await stage.status()).services).toMatchObject([{ image: 'shop/web:1', health: 'healthy' }]);
  expect((await stage.cli('scale', 'web', '2', '--yes')).code).toBe(0);
  expect((await stage.cli('restart', 'web', '--yes')).code).toBe(0);
  expect((await stage.status()).services).toMatchObject([
    { image: 'shop/web:1', health: 'healthy', replicas: { running: 2, desired: 2 } },
  ]);
  expect((await stage.cli('logs', 'web', '--search', 'LISTENS')).stdout).toContain('version 1 listens');

  // A swarm beside it would do everything twice.
  expect((await stage.cli('init-swarm', '--yes')).code).toBe(0);
  const both = await stage.apply();
  expect(both.code).toBe(2);
  expect(both.stdout).toContain('runs by Compose');
  const ids = await host.docker('ps', '-aq');
  await host.docker('rm', '-f', ...ids.split('\n'));
  await host.docker('network', 'rm', 'edge');
  await host.docker('network', 'create', '--driver', 'overlay', '--attachable', 'edge');
});

test('a secret stands in no command line, label, log or answer, not even when the application prints it', async () => {
  await stage.write('shop/web:1');
  const { result, lines } = await whileWatching(() => stage.apply('--migrate', 'web: /busybox env'));
  expect(result.code, result.stdout.slice(-2000) + result.stderr).toBe(0);
  // It did run, with the release's environment.
  expect(result.stdout).toContain('GREETING_SECRET=•••');
  expect([...lines].some((line) => line.includes('docker stack deploy'))).toBe(true);
  const docker = (...args: string[]) => stage.host.docker(...args);
  const containers = (await docker('ps', '-aq')).split('\n');
  const services = (await docker('service', 'ls', '-q')).split('\n');
  const held = z
    .looseObject({ Config: z.looseObject({ Env: z.array(z.string()) }) })
    .array()
    .parse(JSON.parse(await docker('inspect', ...containers)));
  expect(JSON.stringify(held)).toContain('planted');
  const withoutEnvironment = held.map((container) => ({
    ...container,
    Config: { ...container.Config, Env: [] },
  }));
  const labels = await docker(
    'service',
    'inspect',
    '-f',
    '{{json .Spec.Labels}} {{json .Spec.TaskTemplate.ContainerSpec.Labels}} {{json .Spec.TaskTemplate.ContainerSpec.Args}}',
    ...services,
  );
  const logs = await stage.cli('logs');
  const activity = await runCli(['activity', '--workspace', stage.workspace, '--json'], stage.host.env);
  for (const text of [
    result.stdout,
    result.stderr,
    [...lines].join('\n'),
    JSON.stringify(withoutEnvironment),
    labels,
    logs.stdout,
    activity.stdout,
    stage.host.engineLog(),
  ])
    expect(text).not.toContain('planted');
});

test('a change of the schema that fails stops the release before anything changes', async () => {
  await stage.write('shop/web:2');
  const failed = await stage.apply('--migrate', 'web: /busybox cat /proc/self/environ /unauthorized');
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('RELEASE_FAILED');
  // Its own words don’t count as Docker’s.
  expect(failed.stdout).not.toContain('REGISTRY_AUTH_FAILED');
  expect(failed.stdout).toContain('/unauthorized');
  expect(failed.stdout).not.toContain('planted');
  await serves('shop/web:1');
});

test('a registry’s refusal, a missing image, and an image that stays what it was when its tag moves', async () => {
  const image = `${registry.name}/shop/web:stable`;
  await push('shop/web:2', image);
  await stage.write(image);
  const finding = async () =>
    preflightFindingSchema
      .array()
      .parse(JSON.parse((await stage.cli('preflight', '--dir', stage.folder)).stdout))
      .find(({ id }) => id === 'images');
  // Without a login, and with a wrong password.
  expect((await stage.apply()).stdout).toContain('REGISTRY_AUTH_FAILED');
  await logIn('wrong password');
  expect((await stage.apply()).stdout).toContain('REGISTRY_AUTH_FAILED');
  expect(await finding()).toMatchObject({ severity: 'blocker' });
  await logIn(registryPassword);
  await stage.write(`${registry.name}/shop/web:absent`);
  expect((await stage.apply()).stdout).toContain('IMAGE_NOT_FOUND');
  expect(await finding()).toMatchObject({ severity: 'blocker' });
  await serves('shop/web:1');

  await stage.write(image);
  expect(await finding()).toMatchObject({ severity: 'ok' });
  const first = await stage.apply();
  expect(first.code, first.stdout.slice(-2000)).toBe(0);
  const { live = '', releases, services } = await stage.status();
  expect(releases[0]?.pinned[image]).toMatch(/:stable@sha256:[0-9a-f]{64}$/);
  expect(services[0]?.image).toBe(releases[0]?.pinned[image]);
  await push('shop/web:1', image);
  expect((await stage.apply()).code).toBe(0);
  expect((await stage.status()).services[0]?.image).not.toBe(services[0]?.image);
  const back = await stage.cli('rollback', live, '--yes');
  expect(back.code, back.stdout.slice(-2000)).toBe(0);
  await serves(services[0]?.image ?? '');
});

test('a port that is taken, a full disk, a file that is none and another host key change nothing', async () => {
  const before = (await stage.status()).services[0]?.image ?? '';
  const holder = createServer().listen(0, '0.0.0.0');
  await once(holder, 'listening');
  const { port } = z.object({ port: z.number() }).parse(holder.address());
  await stage.write('shop/web:2', `    ports: [{ target: 8080, published: ${port}, mode: host }]`);
  const taken = await stage.apply();
  expect(taken.stdout).toContain('PORT_TAKEN');
  expect(taken.stdout).toContain(String(port));
  holder.close();

  await stage.host.leaveDisk(300);
  await stage.write('shop/web:2');
  const full = await stage.apply();
  expect(full.stdout).toContain('HOST_DISK_FULL');
  await stage.host.leaveDisk(8000);

  await stage.write('shop/web:2', '      - not: a mapping');
  expect((await stage.apply()).stdout).toContain('COMPOSE_INVALID');
  const changed = await runCli(['deploy', 'status', '--workspace', stage.workspace, '--json'], {
    ...stage.host.env,
    EASYPANEL_SSH_HOST_KEY: `SHA256:${'A'.repeat(43)}`,
  });
  expect(errorOf(changed).code).toBe('SSH_HOST_KEY_CHANGED');
  await serves(before);
});

test('an image that the host’s disk can’t take is told by name, and what runs is as it was', async () => {
  const { image: before = '' } = (await stage.status()).services[0] ?? {};
  const image = `${registry.name}/shop/web:large`;
  await registry.pushLarge('shop/web', 'large', 1500);
  await stage.write(image);
  // Enough for the look at the host beforehand, and not for the image.
  await stage.host.leaveDisk(1200);
  const full = await stage.apply();
  expect(full.code).toBe(1);
  expect(errorOf(full).code).toBe('HOST_DISK_FULL');
  expect(errorOf(full).message).toContain(image);
  expect(errorOf(full).hint).toContain('docker system df');
  await serves(before);
  const [kept] = (await stage.status()).releases;
  expect(kept).toMatchObject({ state: 'failed', error: { code: 'HOST_DISK_FULL' } });

  // What was half there takes no space: the next release goes through.
  await stage.host.leaveDisk(8000);
  await stage.write('shop/web:2');
  expect((await stage.apply()).code).toBe(0);
  await serves('shop/web:2');
});

test('an App service of Easypanel, through the panel’s API over SSH: listed, set up, deployed, and watched until it is healthy', async () => {
  const { host, workspace, folder } = stage;
  const panel = await startStandInPanel('flat', [
    {
      projectName: 'shop',
      name: 'web',
      type: 'app',
      env: 'OLD=1',
      token: 'planted-deploy-token',
      createDotEnv: true,
      source: { type: 'image', image: 'shop/web:1', username: 'shop', password: 'planted-registry-password' },
      deploy: { replicas: 1, command: null, zeroDowntime: false },
    },
    { projectName: 'shop', name: 'stack', type: 'compose', env: '', token: 'planted-deploy-token' },
  ]);
  const env = { ...host.env, EASYPANEL_PANEL_PORT: String(panel.port), EASYPANEL_API_TOKEN: panelToken };
  const easypanel = (...command: string[]) =>
    runCli(['deploy', 'easypanel', ...command, '--workspace', workspace, '--json'], env);
  try {
    await host.docker(
      'service',
      'create',
      '-q',
      '-d',
      '--name',
      'shop_web',
      '--network',
      'edge',
      'shop/web:1',
    );
    // What the panel does when it is told to deploy.
    panel.onDeploy = async ({ source }) => {
      await host.docker(
        'service',
        'update',
        '-q',
        '-d',
        '--update-order',
        'start-first',
        '--image',
        source?.image ?? '',
        'shop_web',
      );
    };
    const listed = await easypanel('list');
    expect(listed.code, listed.stdout + listed.stderr).toBe(0);
    expect(listed.stdout).not.toContain('planted');
    const view = panelViewSchema.parse(JSON.parse(listed.stdout));
    expect(view.services.map(({ service, limits }) => [service, limits.length > 0])).toEqual([
      ['web', false],
      ['stack', true],
    ]);
    expect((await easypanel('add-domain', 'shop/web', 'Shop.Example.com', '8080', '--yes')).code).toBe(0);
    expect((await easypanel('add-domain', 'shop/stack', 'b.example.com', '80', '--yes')).code).toBe(2);
    await stage.write('shop/web:2');
    const set = await easypanel(
      'set-env',
      'shop/web',
      '--file',
      path.join(folder, '.env.production'),
      '--yes',
    );
    expect(set.code, set.stdout).toBe(0);
    expect(set.stdout + set.stderr).not.toContain('planted');
    expect(panel.services[0]?.env).toContain('GREETING_SECRET=');
    const deployed = await easypanel('deploy', 'shop/web', 'shop/web:2', '--yes', '--limit', '120');
    expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
    expect(deployed.stdout + deployed.stderr).not.toContain('planted');
    // What the panel keeps for the service besides stays: the registry's login, and the file of its environment.
    expect(panel.services[0]).toMatchObject({
      deploy: { zeroDowntime: true },
      source: { image: 'shop/web:2', username: 'shop', password: 'planted-registry-password' },
      createDotEnv: true,
    });
    expect(
      await host.docker('service', 'inspect', '-f', '{{.Spec.TaskTemplate.ContainerSpec.Image}}', 'shop_web'),
    ).toBe('shop/web:2');
    const compose = await easypanel('deploy', 'shop/stack', 'shop/web:2', '--yes');
    expect(errorOf(compose).code).toBe('INVALID_INPUT');
    const wrong = await runCli(['deploy', 'easypanel', 'list', '--workspace', workspace, '--json'], {
      ...env,
      EASYPANEL_API_TOKEN: 'another-token',
    });
    expect(errorOf(wrong).code).toBe('EASYPANEL_TOKEN_REFUSED');
    const away = await runCli(['deploy', 'easypanel', 'list', '--workspace', workspace, '--json'], {
      ...env,
      EASYPANEL_PANEL_PORT: '1',
    });
    expect(errorOf(away).code).toBe('EASYPANEL_UNAVAILABLE');
  } finally {
    await panel.close();
    await host.docker('service', 'rm', 'shop_web').catch(() => undefined);
  }
});
