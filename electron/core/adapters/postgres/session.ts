import { setMaxListeners } from 'node:events';
import type pg from 'pg';
import { z } from 'zod';
import type { DatabaseSession, DatabaseSide } from '../../ports/database';
import { backendOf, cancelTimeout, requireOwnBackend, stopBackend } from './backend';
import { classifyDatabaseError } from './classify';
import { connectClient, farewell, usualPatience, within, type Patience } from './client';
import type { ConnectionConfig } from './connection-config';
import { LendingSocket } from './lending-socket';
import { supervise } from './supervise';

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
  /** Watches over work on the connection as {@link supervise} does; a cancel meanwhile stops the server before it cuts the connection. */
  supervised<T>(owed: () => boolean, work: () => Promise<T>): Promise<T>;
}

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
    busy += 1;
    try {
      return await supervise({ client, config, patience, pid }, owed, work);
    } finally {
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
