import { Socket } from 'node:net';
import type pg from 'pg';
import { lookAfter, stopBackend } from './backend';
import type { Patience } from './client';
import type { ConnectionConfig } from './connection-config';

/** How often in a row a look must find a connection dead before it is cut. */
const looks = 2;

/** A connection that is watched, and the number of the server process at its other end. */
export interface Watched {
  readonly client: pg.Client;
  readonly config: ConnectionConfig;
  readonly patience: Patience;
  readonly pid: number;
}

/**
 * Watches a connection while `work` waits for the server. When nothing has come or gone for a while, the server is asked on another connection
 * whether it is at work; a connection that both ends wait on is cut, so that `work` fails instead of waiting for ever.
 * `owed`: whether it is the server's turn at present.
 */
export async function supervise<T>(
  { client, config, patience, pid }: Watched,
  owed: () => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const { stream } = client.connection;
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
  }
}
