import { createHash } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Client } from 'pg';
import { z } from 'zod';
import { bucketNames, listKeys, type RunningPractice, s3Client, withClient } from './practice';

const pinned = `set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set extra_float_digits = 1; set bytea_output = 'hex'`;

const tableRows = z.array(z.object({ schema: z.string(), name: z.string() }));
const digestRows = z.array(z.object({ rows: z.string(), digest: z.string().nullable() }));

async function tablesOf(client: Client): Promise<{ schema: string; name: string }[]> {
  const result = await client.query(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'extensions')
     and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1, 2`,
  );
  return tableRows.parse(result.rows);
}

/** Row count and MD5 over the sorted text of all rows, per table and materialized view: an own proof, not the product's. */
async function databaseDigests(
  url: string,
  tables?: { schema: string; name: string }[],
): Promise<Record<string, string>> {
  return withClient(url, async (client) => {
    await client.query(pinned);
    const digests: Record<string, string> = {};
    for (const table of tables ?? (await tablesOf(client))) {
      const name = `${client.escapeIdentifier(table.schema)}.${client.escapeIdentifier(table.name)}`;
      const result = await client.query(
        `select count(*) as rows, md5(string_agg(md5(t::text), '' order by md5(t::text))) as digest from ${name} t`,
      );
      const [row] = digestRows.parse(result.rows);
      digests[name] = `${row?.rows ?? '0'} ${row?.digest ?? 'empty'}`;
    }
    return digests;
  });
}

/** Digests of every table, on both sides. The target must hold each of the source's tables. */
export async function compareDatabases(
  practice: RunningPractice,
): Promise<{ source: Record<string, string>; target: Record<string, string> }> {
  const sourceUrl = practice.value('SOURCE_DATABASE_URL');
  const tables = await withClient(sourceUrl, tablesOf);
  const [source, target] = await Promise.all([
    databaseDigests(sourceUrl, tables),
    databaseDigests(practice.value('SUPABASE_DB_URL'), tables),
  ]);
  return { source, target };
}

async function objectDigests(
  practice: RunningPractice,
  side: 'source' | 'target',
  prefix: string,
): Promise<Record<string, string>> {
  const client = s3Client(practice, side);
  const digests: Record<string, string> = {};
  for (const bucket of await bucketNames(client)) {
    for (const key of await listKeys(client, bucket)) {
      const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const body = await object.Body?.transformToByteArray();
      digests[`${bucket.slice(prefix.length)}/${key}`] = JSON.stringify({
        bytes: body?.length ?? 0,
        sha256: createHash('sha256')
          .update(body ?? new Uint8Array())
          .digest('hex'),
        type: object.ContentType,
        encoding: object.ContentEncoding,
        disposition: object.ContentDisposition,
        language: object.ContentLanguage,
        cache: object.CacheControl,
        metadata: Object.entries(object.Metadata ?? {}).sort(),
      });
    }
  }
  client.destroy();
  return digests;
}

/** SHA-256, size, headers and metadata of every object, by bucket (without the target's prefix) and key, on both sides. */
export async function compareObjects(
  practice: RunningPractice,
): Promise<{ source: Record<string, string>; target: Record<string, string> }> {
  const source = await objectDigests(practice, 'source', '');
  const target = await objectDigests(practice, 'target', practice.env.R2_BUCKET_PREFIX ?? '');
  return { source, target };
}

/** Signs in through the Auth service with a password; resolves with the user id. */
export async function signIn(practice: RunningPractice, email: string, password: string): Promise<string> {
  const answer = await fetch(`${practice.value('SUPABASE_URL')}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: practice.value('SUPABASE_PUBLISHABLE_KEY'), 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error(`Sign-in of ${email} answered ${answer.status}: ${JSON.stringify(body)}`);
  return z.object({ user: z.object({ id: z.string() }) }).parse(body).user.id;
}
