import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildChecks } from '../../electron/core/services/health/build-checks';
import { createSettings } from '../../electron/core/services/settings/settings';
import { type DockerHost, importImages, startDockerHost } from './docker-host';
import { mountSmallDisk, type SmallDisk } from './small-disk';
import { accepts, freePort, type Program, startProgram } from './support/program';
import { pythonEnvironment } from './support/python';
import { watch, type Watched } from './support/watched';
import { defaultHealthConfig } from '#shared/model/health';

/** Faults are really made on the Docker host and at celery; each is seen with its cause and remedy, and seen to heal. */
const intervalMs = 1500;
const stops: (() => Promise<unknown>)[] = [];
let watched: Watched;
let host: DockerHost;
let disk: SmallDisk;
let worker: Program;
let redisPort = 0;

async function startCelery(folder: string): Promise<Program> {
  const bin = await pythonEnvironment([], ['celery[redis]==5.7.0', 'packaging']);
  await writeFile(
    join(folder, 'tasks.py'),
    `from celery import Celery\napp = Celery('tasks', broker='redis://127.0.0.1:${redisPort}/0')\n`,
  );
  return startProgram(
    join(bin, 'celery'),
    ['-A', 'tasks', 'worker', '--concurrency', '1', '--loglevel', 'INFO', '--hostname', 'one@here'],
    {
      cwd: folder,
      env: { ...process.env, C_FORCE_ROOT: '1', PYTHONDONTWRITEBYTECODE: '1' },
      ready: () => Promise.resolve(true),
    },
  );
}

beforeAll(async () => {
  disk = await mountSmallDisk(20);
  stops.push(() => disk.remove());
  host = await startDockerHost('watched');
  stops.push(() => host.close());
  await importImages(host, { 'server:1': ['ENTRYPOINT ["/busybox"]'] });

  redisPort = await freePort();
  const redis = await startProgram(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', '', '--dir', disk.folder],
    { ready: () => accepts(redisPort) },
  );
  stops.push(() => redis.stop());
  worker = await startCelery(disk.folder);
  stops.push(() => worker.stop());

  const built = buildChecks(
    createSettings({
      environment: { APP_REDIS_URL: `redis://127.0.0.1:${redisPort}/0`, ...host.env },
      workspace: {},
      locked: [],
      lockedError: () => {
        throw new Error('Nothing is locked.');
      },
      secretTexts: [],
    }),
    { ...defaultHealthConfig, hostDisks: [disk.folder] },
    { keyPassphrase: undefined, agent: undefined },
  );
  stops.push(() => built.close());
  watched = watch(built.checks, intervalMs);
  stops.push(() => watched.monitor.stop());
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  watched.printWaits();
});

const find = (id: string) => watched.monitor.checks().find(({ definition }) => definition.id === id);

test('celery: a worker that hangs', async () => {
  await watched.heal('redis.ping', 'celery.queues', 'celery.workers');
  worker.child.kill('SIGSTOP');
  await watched.shows('celery.workers', 'down', 'WORKERS_SILENT');
  worker.child.kill('SIGCONT');
  await watched.heal('celery.workers');
});

test('the host: a disk that fills up', async () => {
  const state = () => find('easypanel-host.system');
  const codes = () => (state()?.last?.outcome.findings ?? []).map(({ code }) => code);
  await expect.poll(() => state()?.last !== undefined, { timeout: 60_000 }).toBe(true);
  expect(codes()).not.toContain('DISK_NEARLY_FULL');
  const filler = join(disk.folder, 'filler');
  await writeFile(filler, Buffer.alloc(18 * 1024 * 1024, 1));
  await expect.poll(codes, { timeout: 60_000 }).toContain('DISK_NEARLY_FULL');
  await rm(filler);
  await expect.poll(codes, { timeout: 60_000 }).not.toContain('DISK_NEARLY_FULL');
});

test('containers: one that ends, one that is ill, one that starts again and again', async () => {
  await watched.heal('containers.state');
  await host.docker('run', '--detach', '--name', 'steady', '--network', 'none', 'server:1', 'sleep', '1000');
  await expect
    .poll(() => find('containers.state')?.last?.outcome.facts, { timeout: 60_000 })
    .toMatchObject([{ label: 'steady' }]);
  const [steady] = find('containers.state')?.last?.outcome.facts ?? [];
  expect(steady?.value).toMatch(/^running, 0 restarts, made .*, image 0 days old$/);
  const faulty = async (code: string, ...args: string[]) => {
    await host.docker('run', '--detach', '--name', 'faulty', '--network', 'none', ...args);
    await watched.shows('containers.state', 'degraded', code);
    await host.docker('rm', '--force', 'faulty');
    await watched.heal('containers.state');
  };
  await faulty('CONTAINER_NOT_RUNNING', 'server:1', 'sh', '-c', 'exit 3');
  await faulty(
    'CONTAINER_UNHEALTHY',
    ...['--health-cmd', '/busybox false', '--health-interval', '1s', '--health-retries', '1'],
    ...['server:1', 'sleep', '1000'],
  );
  await faulty('CONTAINER_RESTARTS', '--restart', 'always', 'server:1', 'sh', '-c', 'exit 3');
});
