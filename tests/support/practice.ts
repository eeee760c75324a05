import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  S3Client,
  DeleteObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  DeleteBucketCommand,
} from '@aws-sdk/client-s3';
import { Client } from 'pg';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../..');
export const cliPath = path.join(root, 'bin/cutover.mjs');

/** Where the commands of tests keep their list of workspaces, so that the operator's own list stays as it is. */
export const testHome = path.join(tmpdir(), 'cutover-test-home');

const readySchema = z.object({
  url: z.string(),
  workspace: z.string(),
  envFile: z.string(),
  env: z.record(z.string(), z.string()),
});

export interface RunningPractice extends z.infer<typeof readySchema> {
  /** Milliseconds from start to the ready line. */
  startedInMs: number;
  /** A value of `env`; throws when the practice environment does not give it. */
  value(name: string): string;
  stop(): Promise<void>;
}

/** Starts `cutover practice --no-open --json` as an operator would, on its own ports and folders. */
export async function startPracticeCommand(...args: string[]): Promise<RunningPractice> {
  const started = Date.now();
  const child = spawn(process.execPath, ['--', cliPath, 'practice', '--no-open', '--json', ...args], {
    cwd: root,
    env: { ...process.env, CUTOVER_HOME: testHome },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(child, 'exit').then(([code]) => {
      throw new Error(`cutover practice ended with ${String(code)} before it was ready: ${stderr}`);
    }),
  ]);
  const ready = readySchema.parse(JSON.parse(line));
  return {
    ...ready,
    startedInMs: Date.now() - started,
    value: valueOf(ready.env),
    stop: () => stopChild(child),
  };
}

function valueOf(env: Readonly<Record<string, string>>): RunningPractice['value'] {
  return (name) => {
    const value = env[name];
    if (value === undefined) throw new Error(`The practice environment does not give ${name}.`);
    return value;
  };
}

/** The same environment with some variables replaced: an end of the test's own, or one behind a proxy. */
export function withChanges(practice: RunningPractice, changes: Record<string, string>): RunningPractice {
  const env = { ...practice.env, ...changes };
  return { ...practice, env, value: valueOf(env) };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** A connection of the test's own, not the product's. */
export async function withClient<T>(
  connectionString: string,
  body: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}

export type ObjectSide = 'source' | 'target';

/** An S3 client of the test's own for one side of the practice environment. */
export function s3Client(practice: RunningPractice, side: ObjectSide): S3Client {
  const prefix = side === 'source' ? 'SOURCE_S3_' : 'R2_';
  return new S3Client({
    region: side === 'source' ? 'us-east-1' : 'auto',
    endpoint: practice.value(`${prefix}ENDPOINT`),
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    credentials: {
      accessKeyId: practice.value(`${prefix}ACCESS_KEY_ID`),
      secretAccessKey: practice.value(`${prefix}SECRET_ACCESS_KEY`),
    },
  });
}

/** Every key of a bucket. */
export async function listKeys(client: S3Client, bucket: string): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    for (const object of page.Contents ?? []) if (object.Key !== undefined) keys.push(object.Key);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}

export async function bucketNames(client: S3Client): Promise<string[]> {
  const answer = await client.send(new ListBucketsCommand({}));
  return (answer.Buckets ?? []).flatMap((bucket) => bucket.Name ?? []);
}

/** Empties the managed side of the practice environment, so that another first migration can run against it. */
export async function clearTarget(practice: RunningPractice): Promise<void> {
  await withClient(practice.value('SUPABASE_DB_URL'), async (client) => {
    const schemas = await client.query<{ name: string }>(
      `select nspname as name from pg_namespace where pg_has_role(nspowner, 'usage') and nspname not like 'pg\\_%'
       and nspname not in ('public', 'extensions', 'information_schema')`,
    );
    for (const { name } of schemas.rows)
      await client.query(`drop schema ${client.escapeIdentifier(name)} cascade`);
    const owned = await client.query<{ command: string }>(clearPublicSql);
    for (const { command } of owned.rows) await client.query(command);
    await client.query('delete from auth.users');
  });
  const client = s3Client(practice, 'target');
  for (const bucket of await bucketNames(client)) {
    for (const key of await listKeys(client, bucket))
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  }
  client.destroy();
}

/** `drop` statements for everything in `public` that is not an extension's; `cascade` makes later ones of the list void, hence `if exists`. */
const clearPublicSql = `
  with members as (select objid from pg_depend where deptype = 'e')
  select format('drop %s if exists %s cascade',
    case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end, c.oid::regclass) as command
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
    and c.oid not in (select objid from members)
    and not (c.relkind = 'S' and exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'i' and d.classid = 'pg_class'::regclass))
  union all
  select format('drop routine if exists %s cascade', p.oid::regprocedure) from pg_proc p
  where p.pronamespace = 'public'::regnamespace and p.oid not in (select objid from members)
    and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'i' and d.classid = 'pg_proc'::regclass)
  union all
  select format('drop type if exists %s cascade', t.oid::regtype) from pg_type t
  where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd', 'c', 'r') and t.oid not in (select objid from members)
    and (t.typrelid = 0 or exists (select 1 from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`;
