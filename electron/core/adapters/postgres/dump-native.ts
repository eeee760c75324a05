import { execFile, type ExecFileException } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import { withDeadline } from '../common/deadline';
import type { ConnectionConfig } from './connection-config';
import { dumpArguments, dumpFailed, dumpTimeout } from './pg-dump-options';
import { OutgoingFrames, welcome } from './pg-dump-relay';

/** Which pg_dump reads the source: the built-in one and others where it can't serve, or the one that the operator names. */
export type PgDumpChoice =
  | { readonly kind: 'automatic' | 'built-in' | 'native' }
  | { readonly kind: 'container'; readonly name: string };

/** Reads `SOURCE_PG_DUMP`: nothing, `built-in`, `native`, or `docker:CONTAINER`. Throws `SETTING_INVALID`. */
export function parsePgDumpChoice(text: string | undefined): PgDumpChoice {
  if (text === undefined || text === '') return { kind: 'automatic' };
  if (text === 'built-in' || text === 'native') return { kind: text };
  const name = /^docker:([\w.-]+)$/.exec(text)?.[1];
  if (name !== undefined) return { kind: 'container', name };
  throw new AppError('SETTING_INVALID', 'SOURCE_PG_DUMP names no pg_dump.', {
    hint: 'Leave it empty, or write built-in, native, or docker: and the name of the container.',
    details: { setting: 'SOURCE_PG_DUMP' },
  });
}

/** A dump with what wrote it. */
export interface NativeDump {
  readonly text: string;
  readonly program: string;
}

/** Characters that a dump may have. */
export const longestDump = 2 ** 28;

/** The version that `pg_dump --version` printed: as it stands there, and its major number. */
export function pgDumpVersion(printed: string): { text: string; major: number } | undefined {
  const text = /^pg_dump \(PostgreSQL\) (\d+\S*)/.exec(printed)?.[1];
  return text === undefined ? undefined : { text, major: Number.parseInt(text, 10) };
}

/** Throws `SCHEMA_DUMP_FAILED` unless the program is as new as the server: pg_dump does not know what a newer one has. */
export function requireRecent(
  printed: string,
  serverVersion: string,
  place: string,
): { text: string; major: number } {
  const version = pgDumpVersion(printed);
  if (version === undefined || version.major < Number.parseInt(serverVersion, 10)) {
    throw new AppError(
      'SCHEMA_DUMP_FAILED',
      `The pg_dump ${place} is ${version?.text ?? 'of an unknown version'}, older than the server’s ${serverVersion}.`,
      { hint: `Install the client programs of PostgreSQL ${Number.parseInt(serverVersion, 10)} or later.` },
    );
  }
  return version;
}

/** The arguments that a pg_dump of a version knows. */
export function argumentsFor(major: number): string[] {
  const known = dumpArguments.filter((argument) => major >= 15 || argument !== '--no-table-access-method');
  return [...known, '--no-password'];
}

const portShape = z.object({ port: z.number() });

/**
 * Lets one client that calls itself `user` speak over an authenticated connection: so pg_dump needs no password, and TLS stays as it was
 * verified.
 */
async function lend(
  stream: Duplex,
  serverVersion: string,
  user: string,
): Promise<{ server: Server; port: number }> {
  let taken = false;
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    const frames = new OutgoingFrames();
    const hear = (chunk: Buffer): void => {
      const [startup] = frames.push(chunk);
      if (startup === undefined) return;
      socket.off('data', hear);
      if (taken || !startup.bytes.includes(`\0user\0${user}\0`)) {
        socket.destroy();
        return;
      }
      taken = true;
      socket.write(welcome(serverVersion));
      socket.pipe(stream, { end: false });
      stream.pipe(socket);
    };
    socket.on('data', hear);
  });
  stream.on('close', () => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: portShape.parse(server.address()).port };
}

/** Environment of a client program: nothing of the operator's own libpq settings reaches it. */
function environment(own: Record<string, string>): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined || /^PG|^CUTOVER_|_URL$|KEY|TOKEN|SECRET|PASS/i.test(name) ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', ...own };
}

interface Ended {
  readonly error: ExecFileException | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runProgram(
  args: readonly string[],
  own: Record<string, string>,
  signal: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      'pg_dump',
      [...args],
      { env: environment(own), signal, maxBuffer: longestDump, encoding: 'utf8', windowsHide: true },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    );
  });
}

/** Runs the pg_dump that PATH leads to over an authenticated connection. Throws `SCHEMA_DUMP_FAILED` when there is none, or an older one. */
export async function dumpNative(
  config: ConnectionConfig,
  stream: Duplex,
  serverVersion: string,
  signal: AbortSignal,
): Promise<NativeDump> {
  const asked = await runProgram(['--version'], {}, signal);
  if (asked.error !== null) {
    if (signal.aborted) throw new AppError('CANCELLED', 'The operation was cancelled.');
    throw new AppError('SCHEMA_DUMP_FAILED', 'There is no pg_dump on this machine.', {
      hint: `Install the client programs of PostgreSQL ${Number.parseInt(serverVersion, 10)} or later.`,
    });
  }
  const version = requireRecent(asked.stdout, serverVersion, 'of this machine');
  const user = randomBytes(16).toString('hex');
  const { server, port } = await lend(stream, serverVersion, user);
  const deadline = withDeadline(signal, dumpTimeout);
  try {
    const { error, stdout, stderr } = await runProgram(
      argumentsFor(version.major),
      {
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGUSER: user,
        PGDATABASE: config.database,
        PGSSLMODE: 'disable',
        PGGSSENCMODE: 'disable',
        PGCONNECT_TIMEOUT: '20',
      },
      deadline,
    );
    if (signal.aborted) throw new AppError('CANCELLED', 'The operation was cancelled.');
    if (deadline.aborted)
      throw dumpFailed(config, `pg_dump took longer than ${dumpTimeout / 60_000} minutes`);
    if (error !== null) throw dumpFailed(config, stderr.trim() === '' ? error.message : stderr);
    return { text: stdout, program: `pg_dump ${version.text} of this machine` };
  } finally {
    server.close();
  }
}
