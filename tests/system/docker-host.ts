import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fingerprintOfKey, keygen, startOpenSsh } from '../support/openssh';
import { mountSmallDisk } from './small-disk';

const run = promisify(execFile);

/** Of the engine's disk, in memory: more than a release asks for. */
const diskMegabytes = 8 * 1024;

/** A Docker engine of its own behind an OpenSSH server of its own, as Cutover meets a host. */
export interface DockerHost {
  /** The settings that lead to it. */
  env: Record<string, string>;
  docker(...args: string[]): Promise<string>;
  /** Ends the SSH server and its connections. */
  stopSsh(): Promise<void>;
  /** Starts it again at the same port. */
  startSsh(): Promise<void>;
  /** Both at once. */
  cutSsh(): Promise<void>;
  /** What the engine has printed. */
  engineLog(): string;
  /** Leaves the engine's disk so many megabytes. */
  leaveDisk(megabytes: number): Promise<void>;
  /** The folder of the host user's registry logins. */
  dockerConfig: string;
  close(): Promise<void>;
}

/** Where the SSH server runs, when not in plain surroundings: see {@link startOpenSsh}. */
export interface SshPlace {
  within: readonly string[];
  /** `NAME=value` for its sessions. */
  environment: readonly string[];
}

/** Starts both; needs root, dockerd (Debian: docker.io), sshd (openssh-server) and busybox-static. */
export async function startDockerHost(
  stack: string,
  place: SshPlace = { within: [], environment: [] },
): Promise<DockerHost> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-docker-host-'));
  const disk = await mountSmallDisk(diskMegabytes);
  const dockerConfig = path.join(folder, 'docker-config');
  await mkdir(dockerConfig);
  const file = (name: string) => path.join(folder, name);
  const socket = file('docker.sock');
  const log: string[] = [];
  const engine = spawn(
    'dockerd',
    [
      '--data-root',
      path.join(disk.folder, 'data'),
      '--exec-root',
      file('exec'),
      '--pidfile',
      file('pid'),
      '-H',
      `unix://${socket}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  engine.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const docker = async (...args: string[]) =>
    (await run('docker', ['-H', `unix://${socket}`, ...args], { maxBuffer: 1 << 24 })).stdout.trim();
  let up = false;
  for (let tries = 0; tries < 300 && !up; tries += 1) {
    up = await docker('version', '-f', '{{.Server.Version}}').then(
      () => true,
      () => false,
    );
    if (!up) await delay(200);
  }
  if (!up) throw new Error(`dockerd did not start: ${log.join('').slice(-2000)}`);

  keygen(file('host_key'), 'ed25519');
  keygen(file('user_key'), 'ed25519');
  const keys = { host: [file('host_key')], users: [file('user_key')] };
  const surroundings = {
    within: place.within,
    // Only the first line of its kind counts.
    settings: [['SetEnv', `DOCKER_CONFIG=${dockerConfig}`, ...place.environment].join(' ')],
  };
  let ssh = await startOpenSsh(folder, keys, surroundings);
  const stopSsh = () => ssh.stop({ withConnections: true });
  const startSsh = async () => {
    ssh = await startOpenSsh(folder, keys, { ...surroundings, port: ssh.port });
  };
  return {
    env: {
      EASYPANEL_SSH_HOST: '127.0.0.1',
      EASYPANEL_SSH_PORT: String(ssh.port),
      EASYPANEL_SSH_USER: userInfo().username,
      EASYPANEL_SSH_KEY_FILE: file('user_key'),
      EASYPANEL_SSH_HOST_KEY: fingerprintOfKey(file('host_key')),
      EASYPANEL_DOCKER_SOCKET: socket,
      EASYPANEL_STACK: stack,
    },
    docker,
    stopSsh,
    startSsh,
    cutSsh: async () => {
      await stopSsh();
      await startSsh();
    },
    engineLog: () => log.join(''),
    leaveDisk: async (megabytes) => {
      const { bsize, blocks, bfree } = await statfs(disk.folder);
      await disk.enlarge(Math.ceil(((blocks - bfree) * bsize) / 1024 ** 2) + megabytes);
    },
    dockerConfig,
    close: async () => {
      await docker('stack', 'rm', stack).catch(() => undefined);
      await docker('swarm', 'leave', '--force').catch(() => undefined);
      const ids = await docker('ps', '-aq').catch(() => '');
      if (ids !== '') await docker('rm', '-f', ...ids.split('\n')).catch(() => undefined);
      await ssh.stop();
      const ended = once(engine, 'exit');
      engine.kill();
      await ended;
      await disk.remove();
      await rm(path.join(userInfo().homedir, '.cutover', stack), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What answers in the containers: its version, its health, a slow end after SIGTERM as a server that drains has it. */
const serverScript = `
const { createServer } = require('node:http');
const broken = process.env.BROKEN === '1';
let draining = false;
const server = createServer((request, response) => {
  const healthy = !broken && !draining;
  if (request.url === '/health') response.writeHead(healthy ? 200 : 503).end();
  else response.writeHead(200, { connection: 'close' }).end(process.env.VERSION + ' ' + (process.env.GREETING_SECRET ?? ''));
}).listen(8080);
console.log('version ' + process.env.VERSION + ' listens');
process.on('SIGTERM', () => { draining = true; setTimeout(() => server.close(() => process.exit(0)), 5000); });
`;
/** Stands for the proxy of Easypanel: it asks the engine's DNS for the tasks of a service and passes connections on. */
const proxyScript = `
const { createServer, connect } = require('node:net');
const { resolve4 } = require('node:dns').promises;
let addresses = [];
let next = 0;
const look = async () => {
  const found = await resolve4('tasks.' + process.argv[2]).catch(() => []);
  if (found.length > 0) addresses = found;
  setTimeout(look, 200);
};
look();
const dial = (client, tries) => {
  const address = addresses[next++ % Math.max(addresses.length, 1)];
  if (address === undefined || tries === 0) return client.destroy();
  const server = connect(8080, address);
  const again = () => { server.removeAllListeners(); server.on('error', () => undefined).destroy(); dial(client, tries - 1); };
  server.setTimeout(1000, again);
  server.once('error', again);
  server.once('connect', () => {
    server.setTimeout(0);
    server.off('error', again);
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
    client.pipe(server).pipe(client);
  });
};
createServer((client) => dial(client.on('error', () => undefined), 15)).listen(8080);
`;

/** Makes images of a small server without a registry: Node of this machine with the libraries that it loads. */
export async function importImages(host: DockerHost, versions: Record<string, string[]>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-image-'));
  try {
    const node = await realpath(process.execPath);
    const libraries = execFileSync('ldd', [node], { encoding: 'utf8' })
      .split('\n')
      .flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
    for (const library of libraries) {
      const to = path.join(folder, library);
      await mkdir(path.dirname(to), { recursive: true });
      await copyFile(await realpath(library), to);
    }
    await copyFile(node, path.join(folder, 'node'));
    await writeFile(path.join(folder, 'server.js'), serverScript);
    await copyFile('/bin/busybox', path.join(folder, 'busybox'));
    await writeFile(path.join(folder, 'proxy.js'), proxyScript);
    await mkdir(path.join(folder, 'tmp'));
    const tar = path.join(folder, '..', `${path.basename(folder)}.tar`);
    await run('tar', ['-C', folder, '-cf', tar, '.']);
    for (const [image, changes] of Object.entries(versions)) {
      await host.docker('import', ...changes.flatMap((change) => ['--change', change]), tar, image);
    }
    await rm(tar);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
