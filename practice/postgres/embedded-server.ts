import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { prepareBinaries, type PostgresBinaries, type PostgresMajor } from './binaries';
import { canEnter, serverAccount, type ServerAccount } from './server-account';
import { createScratch, type Scratch } from './scratch';
import { guard } from './watchdog';

export interface EmbeddedServerOptions {
  version: PostgresMajor;
  /** Where its binaries are, for a version that does not come with Cutover: the folder `native` of its platform package. */
  native?: string | undefined;
  /** Name of the bootstrap superuser. */
  superuser: string;
  /** Folder of a cluster that outlives the server; without it the cluster is thrown away at the stop. */
  dataDir?: string | undefined;
  /** The port to take when it is free, so that a kept cluster keeps its address; any free port otherwise. */
  preferredPort?: number | undefined;
  /** Further server settings, as for `postgres -c name=value`. */
  settings?: Readonly<Record<string, string>> | undefined;
  /** Extensions that a role without superuser may create besides PostgreSQL's own trusted ones. */
  trustedExtensions?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

/** A running PostgreSQL on 127.0.0.1. Its superuser's password was generated for this cluster and stands nowhere else. */
export interface EmbeddedServer {
  readonly port: number;
  readonly dataDir: string;
  /** True when the cluster was made by this start, false when it was kept from an earlier one. */
  readonly created: boolean;
  /** A connection URL of the superuser. */
  superuserUrl(database: string): string;
  /** A connection URL of any role. */
  url(user: string, password: string, database: string): string;
  /** Stops at once and without a checkpoint, for tests of a server that dies; {@link restart} brings it back. */
  crash(): Promise<void>;
  /** Starts a crashed server again, on the same port with the same data. */
  restart(): Promise<void>;
  /** Ends all sessions, stops, and removes what is not kept. Safe to call twice. */
  stop(): Promise<void>;
}

/** 32 hexadecimal digits: safe in a URL and in SQL without quoting. */
export function generatePassword(): string {
  return randomBytes(16).toString('hex');
}

/** A port of 127.0.0.1 that nothing listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

const passwordFile = 'practice-superuser-password';

/**
 * Nothing is forced to disk: a practice cluster that survives a power cut is worth less than a start in a second. A
 * commit still survives the death of the server itself, which is what tests of a crash rely on.
 */
const practiceSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  max_wal_size: '2GB',
  max_connections: '100',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  password_encryption: 'scram-sha-256',
};

function environment(): NodeJS.ProcessEnv {
  // A PGPORT or PGDATA of the operator's own must not reach this server.
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

/** Sorting by code point and case rules of all languages, the same on every machine. */
function localeFlags(version: PostgresMajor): string[] {
  if (version >= 17) return ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  return [process.platform === 'linux' ? '--locale=C.UTF-8' : '--locale=C'];
}

async function initialise(
  binaries: PostgresBinaries,
  options: EmbeddedServerOptions,
  dataDir: string,
  account: ServerAccount | undefined,
  scratch: Scratch,
): Promise<string> {
  const password = generatePassword();
  const pwfile = join(scratch.path, 'initdb-password');
  await writeFile(pwfile, `${password}\n`, { mode: 0o600 });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (account !== undefined) {
    await chown(pwfile, account.uid, account.gid);
    await chown(dataDir, account.uid, account.gid);
  }
  try {
    const child = spawn(
      binaries.initdb,
      [
        `--pgdata=${dataDir}`,
        `--username=${options.superuser}`,
        `--pwfile=${pwfile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-sync',
        ...(options.version >= 14 ? ['--no-instructions'] : []),
        ...localeFlags(options.version),
      ],
      { ...account, cwd: scratch.path, env: environment(), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`initdb of PostgreSQL ${options.version} failed: ${complaint.trim()}`));
      });
    });
  } finally {
    await rm(pwfile, { force: true });
  }
  await writeFile(join(dataDir, passwordFile), password, { mode: 0o600 });
  return password;
}

class AddressInUse extends Error {}

/** Starts the server process and resolves when it accepts connections. */
async function launch(
  postgres: string,
  dataDir: string,
  port: number,
  settings: Readonly<Record<string, string>>,
  account: ServerAccount | undefined,
): Promise<ChildProcess> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', dataDir, '-p', String(port), ...flags], {
    ...account,
    cwd: dataDir,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    // In a group of its own: Ctrl-C in a terminal reaches us alone, and we stop the server in order.
    detached: true,
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.once('close', () => {
      reject(
        output.includes('could not bind') || output.includes('could not create any TCP/IP sockets')
          ? new AddressInUse()
          : new Error(`PostgreSQL did not start: ${output.trim().split('\n').slice(-4).join(' ')}`),
      );
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (output.length > 100_000) return;
      output += chunk.toString();
      if (output.includes('database system is ready to accept connections')) {
        output = '';
        resolve();
      }
    });
  });
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  // A fast shutdown that hangs on a client would hang its caller with it.
  const insist = setTimeout(() => child.kill('SIGQUIT'), 10_000);
  await exited;
  clearTimeout(insist);
}

/**
 * Starts a PostgreSQL of its own on a free port of 127.0.0.1, with SCRAM passwords and logical replication enabled.
 * Works as root (the server then runs as `postgres`) and as any other user. The server dies with this process, also
 * when it is killed.
 *
 * @throws Error when the binaries are missing for this platform, or the server does not start.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  options.signal?.throwIfAborted();
  const account = await serverAccount();
  const scratch = await createScratch();
  try {
    const binaries = await prepareBinaries({
      version: options.version,
      native: options.native,
      account,
      copyTo: join(scratch.path, 'postgres'),
      ...(options.trustedExtensions === undefined ? {} : { trustedExtensions: options.trustedExtensions }),
    });
    const dataDir = options.dataDir ?? join(scratch.path, 'data');
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const kept = await readFile(join(dataDir, passwordFile), 'utf8').catch(() => undefined);
    if (!(await canEnter(join(await realpath(dataDir), '..'), account))) {
      throw new Error(`The account that PostgreSQL runs under may not enter ${dataDir}.`);
    }
    if (process.platform !== 'win32') await chmod(dataDir, 0o700);
    options.signal?.throwIfAborted();
    const password = kept ?? (await initialise(binaries, options, dataDir, account, scratch));
    options.signal?.throwIfAborted();

    const settings = { ...practiceSettings, ...options.settings };
    const start = (port: number): Promise<ChildProcess> =>
      launch(binaries.postgres, dataDir, port, settings, account);
    const release = guard({ kind: 'cluster', path: dataDir });
    let port = options.preferredPort ?? (await freePort());
    let child: ChildProcess;
    for (let attempt = 1; ; attempt += 1) {
      try {
        child = await start(port);
        break;
      } catch (error) {
        // Somebody else may take the port between our look and the server's bind.
        if (!(error instanceof AddressInUse) || attempt === 5) {
          release();
          throw error;
        }
        port = await freePort();
      }
    }

    const url = (user: string, secret: string, database: string): string =>
      `postgresql://${user}:${secret}@127.0.0.1:${port}/${database}`;
    let stopping: Promise<void> | undefined;
    return {
      port,
      dataDir,
      created: kept === undefined,
      url,
      superuserUrl: (database) => url(options.superuser, password, database),
      crash: () => end(child, 'SIGQUIT'),
      async restart() {
        child = await start(port);
      },
      stop() {
        stopping ??= (async () => {
          await end(child, 'SIGINT');
          release();
          await scratch.remove();
        })();
        return stopping;
      },
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
