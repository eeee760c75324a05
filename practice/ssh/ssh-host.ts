import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import ssh2, { type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import { generateKeyPair } from './key-pair';

export interface SshHostOptions {
  /** Where the client's private key is written, mode 600. */
  keyFile: string;
  user?: string;
  port?: number | undefined;
}

/** A small SSH server that plays the Docker host. */
export interface SshHost {
  host: '127.0.0.1';
  port: number;
  user: string;
  keyFile: string;
  /** `SHA256:` and base64 without padding, as OpenSSH shows it. */
  fingerprint: string;
  close(): Promise<void>;
}

const { Server, utils } = ssh2;

function parsed(text: string | Buffer): ParsedKey {
  const result = utils.parseKey(text);
  if (result instanceof Error) throw result;
  return Array.isArray(result) ? firstOf(result) : result;
}

function firstOf(keys: readonly ParsedKey[]): ParsedKey {
  const [key] = keys;
  if (key === undefined) throw new Error('No key in the file.');
  return key;
}

const standInNotice = 'practice: stand-in host, no Docker engine runs here';

/** The commands that the stand-in answers, word for word; everything else it refuses and says why. */
const answers: Record<string, string> = {
  true: '',
  whoami: 'deploy\n',
  hostname: 'practice-easypanel\n',
  uname: 'Linux\n',
  'uname -a': 'Linux practice-easypanel 0.0.0-practice stand-in\n',
  'uname -sm': 'Linux x86_64\n',
  'docker --version': `Docker version 0.0.0-practice (${standInNotice})\n`,
  "docker version --format '{{json .}}'": `${JSON.stringify({ Client: { Version: '0.0.0-practice' }, Server: null })}\n`,
  "docker version --format '{{.Server.Version}}'": '0.0.0-practice\n',
  "docker info --format '{{json .}}'": `${JSON.stringify({
    ServerVersion: '0.0.0-practice',
    OperatingSystem: 'Practice stand-in',
    Swarm: { LocalNodeState: 'inactive' },
    Warnings: [standInNotice],
  })}\n`,
  "docker ps --format '{{json .}}'": '',
};

function execute(command: string, channel: ServerChannel): void {
  const answer = answers[command.trim()];
  if (answer === undefined) {
    const words = /\bdocker\b/.test(command) ? 'docker: not found' : `it does not run: ${command}`;
    channel.stderr.write(`${standInNotice}; ${words}\n`);
    channel.exit(127);
  } else {
    channel.write(answer);
    channel.exit(0);
  }
  channel.end();
}

function serve(connection: Connection, user: string, clientKey: ParsedKey): void {
  const allowed = clientKey.getPublicSSH();
  connection.on('authentication', (context) => {
    if (context.method !== 'publickey' || context.username !== user) {
      context.reject(['publickey']);
      return;
    }
    const { data } = context.key;
    const known = data.length === allowed.length && timingSafeEqual(data, allowed);
    // Without a signature the client only asks whether this key would do. The library returns an Error for a damaged
    // signature although its types promise a boolean.
    const verdict: unknown =
      context.signature === undefined || clientKey.verify(context.blob ?? Buffer.alloc(0), context.signature);
    const signed = verdict === true;
    if (known && signed) context.accept();
    else context.reject(['publickey']);
  });
  connection.on('ready', () => {
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        execute(command, acceptExec());
      });
    });
  });
  connection.on('error', () => undefined);
}

/** Starts the host on 127.0.0.1 with new host and client keys. */
export async function startSshHost(options: SshHostOptions): Promise<SshHost> {
  const user = options.user ?? 'deploy';
  const host = generateKeyPair();
  const client = generateKeyPair({ comment: 'cutover-practice' });
  await writeFile(options.keyFile, client.private, { mode: 0o600 });
  await chmod(options.keyFile, 0o600);
  const clientKey = parsed(client.public);
  const connections = new Set<Connection>();
  const server = new Server({ hostKeys: [host.private] }, (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    serve(connection, user, clientKey);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return {
    host: '127.0.0.1',
    port: address.port,
    user,
    keyFile: options.keyFile,
    fingerprint: `SHA256:${createHash('sha256').update(parsed(host.public).getPublicSSH()).digest('base64').replace(/=+$/, '')}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.end();
      await closed;
    },
  };
}
