import { setMaxListeners } from 'node:events';
import { Socket } from 'node:net';
import pg from 'pg';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession, DatabaseSide } from '../../ports/database';
import { classifyDatabaseError } from './classify';
import { urlSetting, type ConnectionConfig } from './connection-config';
import { LendingSocket } from './lending-socket';

/** Milliseconds. */
const connectTimeout = 10_000;
/** Milliseconds that a cancel request gets before the connection is cut anyway. */
const cancelTimeout = 1_500;
/** Milliseconds for the last words on a connection. */
const farewellTimeout = 2_000;

/**
 * Settings of every session. Text forms of values must be the same on both servers, since hashes and text copies are made
 * of them. Those that a server does not know are skipped.
 */
const sessionSettings: readonly (readonly [string, string])[] = [
  ['statement_timeout', '0'],
  ['lock_timeout', '0'],
  ['idle_in_transaction_session_timeout', '0'],
  ['idle_session_timeout', '0'],
  ['transaction_timeout', '0'],
  ['client_encoding', 'UTF8'],
  ['TimeZone', 'UTC'],
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['xmloption', 'content'],
  ['lc_monetary', 'C'],
  ['check_function_bodies', 'off'],
  // A filtered copy would look complete: an error is better.
  ['row_security', 'off'],
  ['search_path', ''],
  // A server that hears nothing of us for a minute gives up, and with it the locks that a resumed run waits for.
  ['tcp_keepalives_idle', '30'],
  ['tcp_keepalives_interval', '10'],
  ['tcp_keepalives_count', '3'],
];

/** Nothing is ever written to the source. */
const readOnly = ['default_transaction_read_only', 'on'] as const;

function setUp(side: DatabaseSide): string {
  const settings = side === 'source' ? [...sessionSettings, readOnly] : sessionSettings;
  const values = settings.map(([name, value]) => `('${name}', '${value}')`).join(', ');
  return `select set_config(s.name, v.value, false) from (values ${values}) v (name, value)
    join pg_catalog.pg_settings s on lower(s.name) = lower(v.name)`;
}

/** A session with the parts that other files of this adapter need. */
export interface PgSession extends DatabaseSession {
  readonly client: pg.Client;
  readonly config: ConnectionConfig;
  readonly signal: AbortSignal;
  /** Cuts the connection at once. */
  destroy(): void;
  /**
   * Watches the connection while `work` waits for the server. When nothing has come or gone for a while, the server is asked on another
   * connection whether it is at work; a connection that both ends wait on is cut, so that `work` fails instead of waiting for ever.
   * `owed`: whether it is the server's turn at present.
   */
  supervised<T>(owed: () => boolean, work: () => Promise<T>): Promise<T>;
}

/** How long a connection may be silent before it is looked after, in milliseconds. */
export interface Patience {
  readonly silence: number;
}

/** Long enough for a server that is slow, short enough for an operator who watches. */
export const usualPatience: Patience = { silence: 30_000 };

function clientOptions(config: ConnectionConfig): pg.ClientConfig {
  return {
    host: config.host,
    port: config.port,
    user: config.user,
    password: config.password,
    database: config.database,
    ssl:
      config.tls === 'off'
        ? false
        : { rejectUnauthorized: true, ...(config.ca === undefined ? {} : { ca: config.ca }) },
    application_name: 'cutover',
    connectionTimeoutMillis: connectTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** Connects and authenticates, nothing more. The caller owns the client; `options` go before those that follow from the configuration. Throws a classified AppError. */
export async function connectClient(
  config: ConnectionConfig,
  signal: AbortSignal,
  options: pg.ClientConfig = {},
): Promise<pg.Client> {
  if (signal.aborted) throw new AppError('CANCELLED', 'The operation was cancelled.');
  const client = new pg.Client({ ...clientOptions(config), ...options });
  // A connection that dies between two statements tells nobody but this event; the next statement fails.
  client.on('error', () => undefined);
  const abort = (): void => {
    client.connection.stream.destroy(new Error('Connection ended by cancel'));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    throw classifyDatabaseError(error, { config, phase: 'connect', signal });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Cuts the connection when `work` on it takes longer: a link that swallows packets tells nobody. */
export async function within<T>(client: pg.Client, milliseconds: number, work: () => Promise<T>): Promise<T> {
  const deadline = setTimeout(
    () => client.connection.stream.destroy(new Error('Connection terminated unexpectedly')),
    milliseconds,
  );
  try {
    return await work();
  } finally {
    clearTimeout(deadline);
  }
}

/** Ends a connection politely where the other end still listens; never throws. */
async function farewell(client: pg.Client): Promise<void> {
  await within(client, farewellTimeout, () => client.end()).catch(() => undefined);
}

/**
 * Asks the server on a connection of its own to stop what a backend of ours is doing, or to end it; whether it did is seen by the caller's own
 * statement.
 */
async function stopBackend(
  config: ConnectionConfig,
  pid: number,
  how: 'pg_cancel_backend' | 'pg_terminate_backend',
): Promise<void> {
  try {
    const client = await connectClient(config, AbortSignal.timeout(cancelTimeout));
    try {
      await within(client, cancelTimeout, () =>
        client.query(
          `select pg_catalog.${how}(pid) from pg_catalog.pg_stat_activity where pid = $1 and application_name = 'cutover'`,
          [pid],
        ),
      );
    } finally {
      await farewell(client);
    }
  } catch {
    // The connection is cut next, which stops all but statements that send nothing.
  }
}

const pidRow = z.object({ pid: z.number().int() });

async function backendOf(client: pg.Client): Promise<number> {
  return pidRow.parse((await client.query('select pg_catalog.pg_backend_pid() as pid')).rows[0]).pid;
}

/** Addresses that gave each of our connections a server process of its own. */
const ownBackends = new Set<string>();
/** How often two connections are compared: a pooler under load need not give both the same process at once. */
const comparisons = 3;

/**
 * Throws `SUPABASE_TRANSACTION_POOLER` when two connections share a server process. There every setting made here would
 * stay on a process that the application gets next, with an empty search path and without the right to write. Must come
 * before the first setting.
 */
export async function requireOwnBackend(
  client: pg.Client,
  config: ConnectionConfig,
  signal: AbortSignal,
  patience: Patience,
): Promise<void> {
  const address = `${config.host}:${config.port}`;
  if (ownBackends.has(address)) return;
  const other = await connectClient(config, signal);
  const ask = (one: pg.Client) => within(one, patience.silence, () => backendOf(one));
  try {
    for (let round = 0; round < comparisons; round += 1) {
      if ((await ask(client)) !== (await ask(other))) continue;
      throw new AppError(
        'SUPABASE_TRANSACTION_POOLER',
        `${urlSetting[config.side]} leads to a pooler that shares server connections between clients.`,
        {
          hint: 'Connect to PostgreSQL itself, or to a pool in session mode. Nothing was changed.',
          details: { setting: urlSetting[config.side] },
        },
      );
    }
    ownBackends.add(address);
  } finally {
    await farewell(other);
  }
}

const activityRow = z.object({ state: z.string().nullable(), wait: z.string().nullable() });

/**
 * What a backend does, asked on a connection of its own. `waiting`: it has nothing to do or waits for its client. `unknown`: there is no
 * asking at present.
 */
async function lookAfter(
  config: ConnectionConfig,
  pid: number,
  timeout: number,
): Promise<'working' | 'waiting' | 'gone' | 'unreachable' | 'unknown'> {
  try {
    const client = await connectClient(config, AbortSignal.timeout(timeout));
    try {
      const { rows } = await within(client, timeout, () =>
        client.query(
          'select state, wait_event_type as wait from pg_catalog.pg_stat_activity where pid = $1',
          [pid],
        ),
      );
      if (rows.length === 0) return 'gone';
      const { state, wait } = activityRow.parse(rows[0]);
      if (state === null) return 'unknown';
      return state !== 'active' || wait === 'Client' ? 'waiting' : 'working';
    } finally {
      await farewell(client);
    }
  } catch (error) {
    return error instanceof AppError && error.code === 'DATABASE_TOO_MANY_CONNECTIONS'
      ? 'unknown'
      : 'unreachable';
  }
}

/** How often in a row a look must find a connection dead before it is cut. */
const looks = 2;

/** Opens a session; see {@link DatabaseSession}. */
export async function openSession(
  config: ConnectionConfig,
  signal: AbortSignal,
  patience: Patience = usualPatience,
): Promise<PgSession> {
  // One signal stops a whole run: every connection and every copy of it listens.
  setMaxListeners(0, signal);
  // Over TLS the bytes arrive in buffers of the decryption.
  const client = await connectClient(
    config,
    signal,
    config.tls === 'off' ? { stream: () => new LendingSocket() } : {},
  );
  let busy = 0;
  let closed = false;

  const destroy = (): void => {
    closed = true;
    client.connection.stream.destroy();
  };
  const supervised = async <T>(owed: () => boolean, work: () => Promise<T>): Promise<T> => {
    const { stream } = client.connection;
    busy += 1;
    const traffic = (): number =>
      stream instanceof Socket ? stream.bytesRead + stream.bytesWritten - stream.writableLength : 0;
    let seen = traffic();
    let dead = 0;
    let looking = false;
    const look = async (): Promise<void> => {
      const now = traffic();
      if (now !== seen || !owed()) {
        seen = now;
        dead = 0;
        return;
      }
      const found = await lookAfter(config, pid, patience.silence);
      if (traffic() !== seen || !owed() || found === 'working' || found === 'unknown') dead = 0;
      else dead += found === 'gone' ? looks : 1;
      if (dead < looks) return;
      // On the other side of a link that swallows packets the backend would keep its locks until the server's keep-alives give up.
      if (found === 'waiting') await stopBackend(config, pid, 'pg_terminate_backend');
      client.connection.stream.destroy(new Error('Connection terminated unexpectedly'));
    };
    const timer = setInterval(() => {
      if (looking) return;
      looking = true;
      void look().finally(() => {
        looking = false;
      });
    }, patience.silence);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      busy -= 1;
    }
  };
  const run = async <R>(work: () => Promise<R>): Promise<R> => {
    try {
      return await supervised(() => true, work);
    } catch (error) {
      throw classifyDatabaseError(error, { config, phase: 'work', signal });
    }
  };

  let pid: number;
  try {
    await requireOwnBackend(client, config, signal, patience);
    // Behind a pooler the number differs from the key data of the start.
    pid = await within(client, patience.silence, async () => {
      await client.query(setUp(config.side));
      return backendOf(client);
    });
  } catch (error) {
    destroy();
    throw classifyDatabaseError(error, { config, phase: 'connect', signal });
  }

  const abort = (): void => {
    if (busy === 0) {
      destroy();
      return;
    }
    const deadline = setTimeout(destroy, cancelTimeout);
    void stopBackend(config, pid, 'pg_cancel_backend').finally(() => {
      clearTimeout(deadline);
      destroy();
    });
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();

  return {
    client,
    config,
    signal,
    destroy,
    supervised,
    async query(row, sql, values) {
      const { rows } = await run(() =>
        client.query<Record<string, unknown>>(sql, values === undefined ? [] : [...values]),
      );
      return rows.map((item) => row.parse(item));
    },
    execute: (sql, values) =>
      run(async () => {
        const result: unknown =
          values === undefined ? await client.query(sql) : await client.query(sql, [...values]);
        return rowCountOf(result);
      }),
    async close() {
      signal.removeEventListener('abort', abort);
      if (closed) return;
      closed = true;
      if (busy > 0) {
        client.connection.stream.destroy();
        return;
      }
      await farewell(client);
    },
  };
}

const resultShape = z.object({ rowCount: z.number().nullable() });

function rowCountOf(result: unknown): number {
  const last: unknown = Array.isArray(result) ? result.at(-1) : result;
  const parsed = resultShape.safeParse(last);
  return parsed.success ? (parsed.data.rowCount ?? 0) : 0;
}
