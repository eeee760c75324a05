import type pg from 'pg';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { connectClient, farewell, within, type Patience } from './client';
import { urlSetting, type ConnectionConfig } from './connection-config';

/** Milliseconds that a request to stop gets before the connection is cut anyway. */
export const cancelTimeout = 1_500;

/**
 * Asks the server on a connection of its own to stop what a backend of ours is doing, or to end it; whether it did is seen by the caller's own
 * statement.
 */
export async function stopBackend(
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

/** The number of the server process at the other end. */
export async function backendOf(client: pg.Client): Promise<number> {
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
export async function lookAfter(
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
