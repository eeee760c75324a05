import { join } from 'node:path';
import { type Practice } from '../../../practice/start-practice';
import { valueOf } from './migrated-shop';
import { accepts, freePort, type Program, startProgram } from './program';

/** The key of the old login. */
export const oldSecret = 'the-old-login-signed-with-this-secret-of-the-shop';

export interface BackendApp {
  url: string;
  stop(): Promise<void>;
}

/** Runs the backend in `folder` against a migrated shop, during the changeover, with a Redis of its own. */
export async function startBackendApp(
  folder: string,
  bin: string,
  shop: Practice,
  changes: { port: number; origins: readonly string[]; bucket: string },
): Promise<BackendApp> {
  const redisPort = await freePort();
  const redis = await startProgram(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', ''],
    { ready: () => accepts(redisPort) },
  );
  try {
    const program: Program = await startProgram(
      join(bin, 'python'),
      ['serve.py', 'main:create_app', String(changes.port)],
      {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          SUPABASE_URL: valueOf(shop, 'SUPABASE_URL'),
          SUPABASE_SECRET_KEY: valueOf(shop, 'SUPABASE_SECRET_KEY'),
          DATABASE_URL: valueOf(shop, 'SUPABASE_DB_URL'),
          DATABASE_SSL_MODE: 'disable',
          R2_ENDPOINT: valueOf(shop, 'R2_ENDPOINT'),
          R2_ACCESS_KEY_ID: valueOf(shop, 'R2_ACCESS_KEY_ID'),
          R2_SECRET_ACCESS_KEY: valueOf(shop, 'R2_SECRET_ACCESS_KEY'),
          R2_BUCKET: changes.bucket,
          REDIS_URL: `redis://127.0.0.1:${redisPort}/0`,
          CORS_ORIGINS: changes.origins.join(','),
          OLD_AUTH_UNTIL: new Date(Date.now() + 3_600_000).toISOString(),
          OLD_JWT_SECRET: oldSecret,
          OLD_JWT_SUBJECT: 'email',
          WEB_CONCURRENCY: '1',
          DRAIN_SECONDS: '0',
        },
        ready: async () => (await fetch(`http://127.0.0.1:${changes.port}/health`)).ok,
      },
    );
    return {
      url: `http://127.0.0.1:${changes.port}`,
      async stop() {
        await program.stop();
        await redis.stop();
      },
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}
