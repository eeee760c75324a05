import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lockKept, practiceFolders, readKeptState, writeKeptState } from './keep';
import { practiceUser } from './postgres/legacy/users';
import { startLegacyPostgres, type LegacyPostgres } from './postgres/legacy-postgres';
import { startManagedPostgres, type ManagedPostgres } from './postgres/managed-postgres';
import { createScratch, sweepLeftovers } from './postgres/scratch';
import { startS3Server } from './s3/s3-server';
import { legacyObjectKeys, seedObjects } from './seed-objects';
import { startSshHost } from './ssh/ssh-host';
import { startSupabaseServer, type SupabaseServer } from './supabase-server';

export interface PracticeOptions {
  /** Folder whose data outlives this start and is used again by the next; absent: everything is thrown away. */
  keep?: string | undefined;
  signal: AbortSignal;
  /** Gets one short sentence for each part that is being started or is ready. */
  onProgress: (message: string) => void;
  /** Share of the shop's 200,000 rows, from 0 to 1, for tests. */
  scale?: number | undefined;
  /** False switches the Auth service's rate limits off, for tests that sign in often. */
  rateLimits?: boolean | undefined;
}

/** A running practice environment. */
export interface Practice {
  /** Every connection setting under the name of its environment variable, and `PRACTICE_USER_EMAIL` and `_PASSWORD`. */
  env: Record<string, string>;
  /** The same as a file, mode 600. */
  envFile: string;
  /** A workspace folder that works with `env`. */
  workspace: string;
  /** The parts, for tests that break one. */
  legacy: LegacyPostgres;
  managed: ManagedPostgres;
  supabase: SupabaseServer;
  /** Stops everything and removes what is not kept. Safe to call twice. */
  stop(): Promise<void>;
}

const generateCredentials = (): { accessKeyId: string; secretAccessKey: string } => ({
  accessKeyId: `practice-${randomBytes(6).toString('hex')}`,
  secretAccessKey: randomBytes(24).toString('base64url'),
});

/** Starts on the preferred port, or on any when somebody else has taken it. */
async function preferPort<T>(
  port: number | undefined,
  start: (port: number | undefined) => Promise<T>,
): Promise<T> {
  if (port === undefined) return start(undefined);
  try {
    return await start(port);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return start(undefined);
    throw error;
  }
}

/** The addresses under which the shop's rows know their files: by MinIO's name in the compose network, and by its port here. */
function fileUrls(endpoint: string): string[] {
  const paths = legacyObjectKeys.map((key) => key.split('/').map(encodeURIComponent).join('/'));
  return paths.flatMap((path) => [`http://minio:9000/${path}`, `${endpoint}/${path}`]);
}

/** Waits for all, also when one fails, so that nothing is still starting when the others are stopped. */
async function allOrFailure<T extends readonly unknown[]>(starts: {
  [K in keyof T]: Promise<T[K]>;
}): Promise<void> {
  const results = await Promise.allSettled(starts);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * Starts the whole practice environment on 127.0.0.1: the shop on PostgreSQL 15 and an S3 server as MinIO on one side,
 * a Supabase project, an S3 server as R2 and an SSH host on the other. Ready in a few seconds.
 *
 * @throws when a part does not start or the signal aborts; whatever had started is stopped before.
 */
export async function startPractice(options: PracticeOptions): Promise<Practice> {
  const { onProgress } = options;
  options.signal.throwIfAborted();
  const signal = AbortSignal.any([options.signal]);
  // Five hundred uploads listen to it, which is no leak.
  setMaxListeners(0, signal);
  await sweepLeftovers();
  const keep = options.keep === undefined ? undefined : resolve(options.keep);
  const scratch = keep === undefined ? await createScratch() : undefined;
  const unlock = keep === undefined ? undefined : await lockKept(keep);
  const stops: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await Promise.allSettled(stops.map((end) => end()));
      await scratch?.remove();
      await unlock?.();
    })();
    return stopping;
  };
  const running = <T>(service: T, end: () => Promise<void>): T => {
    stops.push(end);
    return service;
  };

  try {
    const root = keep ?? scratch?.path ?? '';
    const folders = await practiceFolders(root);
    const kept = keep === undefined ? undefined : await readKeptState(keep);
    const minioKeys = generateCredentials();
    const r2Keys = generateCredentials();

    onProgress('Starting the object servers');
    const minio = await preferPort(kept?.ports.minio, (port) =>
      startS3Server({
        profile: 'minio',
        ...minioKeys,
        dir: folders.minio,
        ...(port === undefined ? {} : { port }),
      }),
    );
    running(minio, () => minio.close());
    const r2 = await preferPort(kept?.ports.r2, (port) =>
      startS3Server({ profile: 'r2', ...r2Keys, dir: folders.r2, ...(port === undefined ? {} : { port }) }),
    );
    running(r2, () => r2.close());
    const ssh = await preferPort(kept?.ports.ssh, (port) =>
      startSshHost({ keyFile: join(folders.workspace, 'easypanel_ed25519'), port }),
    );
    running(ssh, () => ssh.close());

    onProgress('Starting PostgreSQL 15 with the shop, and PostgreSQL 17 as a Supabase project');
    const startLegacy = async (): Promise<LegacyPostgres> => {
      const started = await startLegacyPostgres({
        dataDir: keep === undefined ? undefined : folders.legacyData,
        preferredPort: kept?.ports.legacy,
        fileUrls: fileUrls(minio.endpoint),
        scale: options.scale,
        signal,
      });
      onProgress('The shop is ready');
      return running(started, () => started.stop());
    };
    const startManaged = async (): Promise<ManagedPostgres> => {
      const started = await startManagedPostgres({
        dataDir: keep === undefined ? undefined : folders.managedData,
        preferredPort: kept?.ports.managed,
        signal,
      });
      return running(started, () => started.stop());
    };
    const startSupabase = async (database: Promise<ManagedPostgres>): Promise<SupabaseServer> => {
      const { authUrl, restUrl } = await database;
      const started = await preferPort(kept?.ports.supabase, (port) =>
        startSupabaseServer({ authUrl, restUrl, port, rateLimits: options.rateLimits }),
      );
      onProgress('The Supabase project is ready');
      return running(started, () => started.close());
    };
    const putObjects = async (): Promise<void> => {
      if (kept?.objectsSeeded === true) return;
      await seedObjects(minio.endpoint, minioKeys, { signal });
      onProgress('The files are in MinIO');
    };
    const legacyStart = startLegacy();
    const managedStart = startManaged();
    const supabaseStart = startSupabase(managedStart);
    await allOrFailure([legacyStart, managedStart, supabaseStart, putObjects()]);
    const [legacy, managed, supabase] = await Promise.all([legacyStart, managedStart, supabaseStart]);
    signal.throwIfAborted();

    const env: Record<string, string> = {
      SOURCE_DATABASE_URL: legacy.url,
      SOURCE_S3_ENDPOINT: minio.endpoint,
      SOURCE_S3_ACCESS_KEY_ID: minioKeys.accessKeyId,
      SOURCE_S3_SECRET_ACCESS_KEY: minioKeys.secretAccessKey,
      SUPABASE_URL: supabase.url,
      SUPABASE_DB_URL: managed.url,
      SUPABASE_SECRET_KEY: supabase.secretKey,
      SUPABASE_PUBLISHABLE_KEY: supabase.publishableKey,
      R2_ENDPOINT: r2.endpoint,
      R2_ACCESS_KEY_ID: r2Keys.accessKeyId,
      R2_SECRET_ACCESS_KEY: r2Keys.secretAccessKey,
      R2_BUCKET_PREFIX: 'shop-',
      R2_PUBLIC_URL: r2.endpoint,
      EASYPANEL_SSH_HOST: ssh.host,
      EASYPANEL_SSH_PORT: String(ssh.port),
      EASYPANEL_SSH_USER: ssh.user,
      EASYPANEL_SSH_KEY_FILE: ssh.keyFile,
      EASYPANEL_SSH_HOST_KEY: ssh.fingerprint,
      PRACTICE_USER_EMAIL: practiceUser.email,
      PRACTICE_USER_PASSWORD: practiceUser.password,
    };
    const envFile = await writeWorkspace(folders.workspace, env);
    if (keep !== undefined) {
      await writeKeptState(keep, {
        version: 1,
        objectsSeeded: true,
        ports: {
          legacy: legacy.server.port,
          managed: managed.server.port,
          supabase: supabase.port,
          minio: minio.port,
          r2: r2.port,
          ssh: ssh.port,
        },
      });
    }
    return { env, envFile, workspace: folders.workspace, legacy, managed, supabase, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writeWorkspace(workspace: string, env: Record<string, string>): Promise<string> {
  const definition = { version: 1, name: 'Practice shop', practice: true, values: {} };
  // A kept workspace may have been renamed or given values of its own since.
  await writeFile(join(workspace, 'workspace.json'), `${JSON.stringify(definition, undefined, 2)}\n`, {
    flag: 'wx',
  }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const envFile = join(workspace, 'practice.env');
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await writeFile(
    envFile,
    `# The practice environment of this start. Its keys open nothing else.\n${lines.join('\n')}\n`,
    { mode: 0o600 },
  );
  await chmod(envFile, 0o600);
  return envFile;
}
