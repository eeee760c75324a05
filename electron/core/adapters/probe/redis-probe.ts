import { createClient } from '@redis/client';
import { AppError } from '#shared/model/errors';
import { classifyNetworkError } from './classify';

export interface RedisFacts {
  /** Milliseconds of one PING. */
  pingMs: number;
  version: string;
  /** Bytes. */
  usedMemory: number;
  /** Bytes; 0 means no limit. */
  maxMemory: number;
  evictedKeys: number;
  connectedClients: number;
  /** Items by list. */
  lists: { name: string; length: number }[];
}

/** Signs in, pings and reads; changes nothing. Throws the network's codes and `DATABASE_AUTH_FAILED`. */
export async function probeRedis(
  url: string,
  lists: readonly string[],
  signal: AbortSignal,
): Promise<RedisFacts> {
  const { host } = new URL(url);
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: 8000, reconnectStrategy: false },
  });
  client.on('error', () => undefined);
  const abort = () => client.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    const started = performance.now();
    await client.ping();
    const pingMs = performance.now() - started;
    const info = await client.info();
    const found: RedisFacts['lists'] = [];
    for (const name of lists) found.push({ name, length: await client.lLen(name) });
    return {
      pingMs,
      version: field(info, 'redis_version'),
      usedMemory: Number(field(info, 'used_memory')),
      maxMemory: Number(field(info, 'maxmemory')),
      evictedKeys: Number(field(info, 'evicted_keys')),
      connectedClients: Number(field(info, 'connected_clients')),
      lists: found,
    };
  } catch (error) {
    if (error instanceof Error && /NOAUTH|WRONGPASS/.test(error.message)) {
      throw new AppError('DATABASE_AUTH_FAILED', `redis at ${host} refuses the password.`, {
        hint: 'Put the password into the redis URL of the health settings: redis://:password@host:6379.',
      });
    }
    throw classifyNetworkError(error, host);
  } finally {
    signal.removeEventListener('abort', abort);
    if (client.isOpen) client.destroy();
  }
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
}
