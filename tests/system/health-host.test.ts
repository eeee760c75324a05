import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildChecks } from '../../electron/core/services/health/build-checks';
import { createSettings } from '../../electron/core/services/settings/settings';
import { type DockerHost, importImages, startDockerHost } from './docker-host';
import { mountSmallDisk, type SmallDisk } from './small-disk';
import { type FaultyHost, makeFaultyHost } from './support/faulty-host';
import { accepts, freePort, type Program, run, startProgram } from './support/program';
import { pythonEnvironment } from './support/python';
import { type Fault, watch, type Watched } from './support/watched';
import { defaultHealthConfig } from '#shared/model/health';

/** Faults are really made on the Docker host, at redis and at celery; each is seen with its cause and remedy, and seen to heal. */
const intervalMs = 4000;
const stops: (() => Promise<unknown>)[] = [];
let watched: Watched;
let host: DockerHost;
let faulty: FaultyHost;
let disk: SmallDisk;
let fewFiles: SmallDisk;
let worker: Program;
let celery = '';
let redisPort = 0;

const redis = (...words: string[]) => run('redis-cli', ['-p', String(redisPort), ...words]);

async function startWorker(): Promise<void> {
  await writeFile(
    join(disk.folder, 'tasks.py'),
    `from celery import Celery\napp = Celery('tasks', broker='redis://127.0.0.1:${redisPort}/0')\n@app.task\ndef work():\n    pass\n`,
  );
  worker = await startProgram(
    celery,
    ['-A', 'tasks', 'worker', '--concurrency', '1', '--loglevel', 'INFO', '--hostname', 'one@here'],
    {
      cwd: disk.folder,
      env: { ...process.env, C_FORCE_ROOT: '1', PYTHONDONTWRITEBYTECODE: '1' },
      ready: () => Promise.resolve(true),
    },
  );
}

beforeAll(async () => {
  celery = join(await pythonEnvironment([], ['celery[redis]==5.7.0', 'packaging']), 'celery');
  disk = await mountSmallDisk(20);
  stops.push(() => disk.remove());
  fewFiles = await mountSmallDisk(5, 100);
  stops.push(() => fewFiles.remove());
  faulty = await makeFaultyHost();
  stops.push(() => faulty.remove());
  host = await startDockerHost('watched', faulty.place);
  stops.push(() => host.close());
  await importImages(host, { 'server:1': ['ENTRYPOINT ["/busybox"]'] });

  redisPort = await freePort();
  const server = await startProgram(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', '', '--dir', disk.folder],
    { ready: () => accepts(redisPort) },
  );
  stops.push(() => server.stop());
  await startWorker();
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
    // A task that waits for two seconds waits too long here.
    { ...defaultHealthConfig, hostDisks: [disk.folder, fewFiles.folder], taskWaitMinutes: 1 / 30 },
    { keyPassphrase: undefined, agent: undefined },
  );
  stops.push(() => built.close());
  // Workers may take three seconds to answer, and Docker's client has to start several times.
  watched = watch(built.checks, intervalMs, { 'celery.workers': 8000, 'containers.state': 6000 });
  stops.push(() => watched.monitor.stop());
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  watched.printWaits();
});

const system = (code: string, says: RegExp, make: () => unknown, mend: () => unknown): Fault => ({
  id: 'easypanel-host.system',
  state: 'degraded',
  code,
  says,
  make,
  mend,
});

/** A container that is not as it should be; `args` follow `docker run`. */
function container(name: string, code: string, ...args: string[]): Fault {
  return {
    id: 'containers.state',
    state: 'degraded',
    code,
    says: new RegExp(name),
    make: () => host.docker('run', '--detach', '--name', name, '--network', 'none', ...args),
    mend: () => host.docker('rm', '--force', name),
  };
}

test('the host, its containers and the workers of celery', async () => {
  await host.docker('run', '--detach', '--name', 'steady', '--network', 'none', 'server:1', 'sleep', '1000');
  const files = Array.from({ length: 95 }, (_item, index) => join(fewFiles.folder, String(index)));
  const call = () =>
    run(celery, ['-A', 'tasks', 'call', 'tasks.work'], {
      cwd: disk.folder,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
  await watched.seesAndHeals([
    system(
      'LOAD_HIGH',
      /load is 90/,
      () => faulty.load(90),
      () => faulty.load(0.1),
    ),
    system(
      'MEMORY_LOW',
      /97% of the memory/,
      () => faulty.memory(0.97),
      () => faulty.memory(0.3),
    ),
    system(
      'CLOCK_DRIFTS',
      /120 s off/,
      () => faulty.clock(120),
      () => faulty.clock(0),
    ),
    system(
      'UNITS_FAILED',
      /nginx\.service, cron\.service/,
      () => faulty.failedUnits('nginx.service', 'cron.service'),
      () => faulty.failedUnits(),
    ),
    system(
      'REBOOT_NEEDED',
      /waits for a restart/,
      () => faulty.rebootNeeded(true),
      () => faulty.rebootNeeded(false),
    ),
    system(
      'INODES_NEARLY_USED',
      /inodes/,
      () => Promise.all(files.map((file) => writeFile(file, ''))),
      () => Promise.all(files.map((file) => rm(file))),
    ),
    container('ended', 'CONTAINER_NOT_RUNNING', 'server:1', 'sh', '-c', 'exit 3'),
    container(
      'ill',
      'CONTAINER_UNHEALTHY',
      ...['--health-cmd', '/busybox false', '--health-interval', '1s', '--health-retries', '1'],
      ...['server:1', 'sleep', '1000'],
    ),
    container('loops', 'CONTAINER_RESTARTS', '--restart', 'always', 'server:1', 'sh', '-c', 'exit 3'),
    container(
      'greedy',
      'CONTAINER_OUT_OF_MEMORY',
      ...['--memory', '32m', '--memory-swap', '32m', 'server:1', 'tail', '/dev/zero'],
    ),
    {
      id: 'celery.workers',
      state: 'down',
      code: 'WORKERS_SILENT',
      make: () => worker.child.kill('SIGSTOP'),
      mend: () => worker.child.kill('SIGCONT'),
    },
    {
      id: 'celery.queues',
      state: 'degraded',
      code: 'QUEUE_STUCK',
      says: /next task of the queue celery waits/,
      // The first one is given to the worker, which asked for it before it was stopped.
      make: async () => {
        await call();
        await call();
      },
      mend: () => undefined,
    },
  ]);
  const steady = watched.monitor
    .checks()
    .find(({ definition }) => definition.id === 'containers.state')
    ?.last?.outcome.facts.find(({ label }) => label === 'steady');
  expect(steady?.value).toMatch(/^running, 0 restarts, made .*, image 0 days old$/);
});

test('SSH that is gone, Docker that is gone, and redis without room', async () => {
  const socket = host.env.EASYPANEL_DOCKER_SOCKET ?? '';
  await watched.seesAndHeals([
    {
      id: 'containers.state',
      state: 'down',
      code: 'DOCKER_UNAVAILABLE',
      make: () => rename(socket, `${socket}.away`),
      mend: () => rename(`${socket}.away`, socket),
    },
    {
      id: 'redis.ping',
      state: 'down',
      code: 'REDIS_MEMORY_HIGH',
      says: /refuses what would write/,
      make: async () => {
        await redis('debug', 'populate', '2000', 'filler', '1000');
        await redis('config', 'set', 'maxmemory', '1mb');
      },
      mend: () => redis('config', 'set', 'maxmemory', '0'),
    },
  ]);
  await watched.seesAndHeals([
    {
      id: 'redis.ping',
      state: 'degraded',
      code: 'REDIS_MEMORY_HIGH',
      says: /uses .* of /,
      make: async () => {
        const used = /used_memory:(\d+)/.exec(await redis('info', 'memory'))?.[1];
        await redis('config', 'set', 'maxmemory', String(Math.round(Number(used) * 1.05)));
      },
      mend: () => redis('config', 'set', 'maxmemory', '0'),
    },
    {
      id: 'easypanel-host.system',
      state: 'down',
      code: 'CONNECTION_REFUSED',
      make: () => host.stopSsh(),
      mend: async () => {
        // Nothing is known of the containers meanwhile.
        await watched.shows('containers.state', 'unknown', 'DEPENDENCY_DOWN');
        await host.startSsh();
      },
    },
  ]);
  await watched.heal('containers.state');
});

test('a disk that fills up, and redis that throws keys away', async () => {
  // The broker of a worker would lose its tasks.
  await worker.stop();
  const evicting = { on: true };
  const evict = async () => {
    await redis('config', 'set', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', '4mb');
    const write = `for i = 1, 2000 do redis.call('set', ARGV[1] .. i, string.rep('x', 1000)) end`;
    for (let round = 0; evicting.on; round += 1) await redis('eval', write, '0', `${round}-`);
  };
  let writing: Promise<void> | undefined;
  await watched.seesAndHeals([
    {
      id: 'redis.ping',
      state: 'degraded',
      code: 'REDIS_EVICTS',
      make: () => {
        writing = evict();
      },
      mend: async () => {
        evicting.on = false;
        await writing;
        await redis('flushall');
        await redis('config', 'set', 'maxmemory-policy', 'noeviction', 'maxmemory', '0');
      },
    },
  ]);
  const filler = join(disk.folder, 'filler');
  const fill = async () => {
    await writeFile(filler, Buffer.alloc(30 * 1024 * 1024, 1)).catch(() => undefined);
    await redis('set', 'k', 'v');
    await redis('config', 'set', 'save', '1 1');
    await redis('bgsave').catch(() => undefined);
  };
  await watched.seesAndHeals(
    [
      system('DISK_NEARLY_FULL', /full/, fill, () => rm(filler)),
      {
        id: 'redis.ping',
        state: 'down',
        code: 'REDIS_FAILED',
        says: /MISCONF/,
        make: () => undefined,
        mend: () => undefined,
      },
    ].map((fault): Fault => ({ ...fault, state: 'down' })),
  );
});
