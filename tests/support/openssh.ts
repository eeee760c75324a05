import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** Makes a key pair with OpenSSH: `file` and `file.pub`. */
export function keygen(file: string, type: 'ed25519' | 'rsa', passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'cutover-test', '-f', file]);
}

/** What OpenSSH says of a public key: `SHA256:…`. */
export function fingerprintOfKey(file: string): string {
  const printed = execFileSync('ssh-keygen', ['-l', '-E', 'sha256', '-f', `${file}.pub`], {
    encoding: 'utf8',
  });
  return printed.split(' ')[1] ?? '';
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = z.object({ port: z.number() }).parse(probe.address());
  probe.close();
  await once(probe, 'close');
  return address.port;
}

async function answers(port: number): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export interface OpenSshServer {
  port: number;
  /** Ends the server; connections that are open live on in its children unless they are to end too. */
  stop(options?: { withConnections: boolean }): Promise<void>;
}

/** The processes that hold the connections of a server. Commands that run in them go on, as they do when a network breaks. */
function connectionsOf(server: number): number[] {
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim();
  if (children === '') return [];
  return children
    .split(' ')
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sshd'))
    .flatMap((pid) => [Number(pid), ...connectionsOf(Number(pid))]);
}

/** Starts OpenSSH's server on loopback. Needs /usr/sbin/sshd (Debian: openssh-server). Keys are files as {@link keygen} makes them. `within`: a command that runs it in other surroundings. */
export async function startOpenSsh(
  folder: string,
  keys: { host: readonly string[]; users: readonly string[] },
  {
    port: fixedPort,
    settings = [],
    within = [],
  }: { port?: number; settings?: readonly string[]; within?: readonly string[] } = {},
): Promise<OpenSshServer> {
  const authorized = path.join(folder, 'authorized_keys');
  writeFileSync(authorized, keys.users.map((file) => readFileSync(`${file}.pub`, 'utf8')).join(''));
  chmodSync(authorized, 0o600);
  const port = fixedPort ?? (await freePort());
  const config = path.join(folder, 'sshd_config');
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...keys.host.map((file) => `HostKey ${file}`),
      `AuthorizedKeysFile ${authorized}`,
      `PidFile ${path.join(folder, 'sshd.pid')}`,
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      ...settings,
    ].join('\n'),
  );
  // OpenSSH as root separates privileges into this folder and does not start without it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const [command, ...args] = [...within, '/usr/sbin/sshd', '-D', '-e', '-f', config];
  const server = spawn(command, args, { stdio: 'ignore' });
  for (let tries = 0; tries < 100 && !(await answers(port)); tries += 1) await delay(100);
  return {
    port,
    stop: async ({ withConnections } = { withConnections: false }) => {
      const connections = withConnections && server.pid !== undefined ? connectionsOf(server.pid) : [];
      const ended = once(server, 'exit');
      server.kill();
      await ended;
      for (const pid of connections) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended with its server.
        }
      }
    },
  };
}
