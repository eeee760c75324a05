import pg from 'pg';
import { AppError } from '#shared/model/errors';
import { classifyDatabaseError } from './classify';
import type { ConnectionConfig } from './connection-config';

/** Milliseconds. */
const connectTimeout = 10_000;
/** Milliseconds for the last words on a connection. */
const farewellTimeout = 2_000;

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

/**
 * Connects and authenticates, nothing more. The caller owns the client; `options` go before those that follow from the configuration. Throws a
 * classified AppError.
 */
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
export async function farewell(client: pg.Client): Promise<void> {
  await within(client, farewellTimeout, () => client.end()).catch(() => undefined);
}
