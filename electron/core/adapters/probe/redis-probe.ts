import { createClient, ErrorReply } from '@redis/client';
import { z } from 'zod';
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
  /** What it does at its limit: `noeviction` refuses what would write. */
  policy: string;
  /** What it answered instead of doing its work, such as `MISCONF …` or `LOADING …`. */
  refused?: string;
  connectedClients: number;
  lists: RedisList[];
  /** When the task was taken that is under way for the longest; milliseconds since 1970. */
  oldestTakenAt?: number;
}

/** A queue of celery. */
export interface RedisList {
  name: string;
  length: number;
  /** The id of the task that is next; absent when the list is empty or holds something else. */
  oldest?: string;
}

const taskSchema = z.object({ headers: z.object({ id: z.string() }) });

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
    const refused = await client.ping().then(() => undefined, refusalOf);
    const pingMs = performance.now() - started;
    const info = await client.info();
    const found: RedisFacts['lists'] = [];
    // celery pushes on the left and takes from the right.
    for (const name of refused === undefined ? lists : []) {
      const [length, oldest] = [await client.lLen(name), idOf(await client.lIndex(name, -1))];
      found.push({ name, length, ...(oldest === undefined ? {} : { oldest }) });
    }
    const [taken] = found.length === 0 ? [] : await client.zRangeWithScores('unacked_index', 0, 0);
    return {
      pingMs,
      version: field(info, 'redis_version'),
      usedMemory: Number(field(info, 'used_memory')),
      maxMemory: Number(field(info, 'maxmemory')),
      evictedKeys: Number(field(info, 'evicted_keys')),
      connectedClients: Number(field(info, 'connected_clients')),
      policy: field(info, 'maxmemory_policy'),
      ...(refused === undefined ? {} : { refused }),
      lists: found,
      ...(taken === undefined ? {} : { oldestTakenAt: taken.score * 1000 }),
    };
  } catch (error) {
    throw classifyRedisError(error, host);
  } finally {
    signal.removeEventListener('abort', abort);
    if (client.isOpen) client.destroy();
  }
}

/** What redis itself answers when it will not work; anything else is thrown on. */
function refusalOf(error: unknown): string {
  if (error instanceof ErrorReply && !isAuthRefusal(error)) return error.message;
  throw error;
}

function isAuthRefusal(error: unknown): boolean {
  return error instanceof Error && /NOAUTH|WRONGPASS|NOPERM/.test(error.message);
}

/** What redis or the way to it says, as what the operator faces. */
export function classifyRedisError(error: unknown, host: string): AppError {
  if (isAuthRefusal(error)) {
    return new AppError('DATABASE_AUTH_FAILED', `redis at ${host} refuses the password.`, {
      hint: 'Put the password into the redis URL of the health settings: redis://:password@host:6379.',
    });
  }
  return classifyNetworkError(error, host);
}

function idOf(task: string | null): string | undefined {
  try {
    return taskSchema.parse(JSON.parse(task ?? '')).headers.id;
  } catch {
    return undefined;
  }
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
}
