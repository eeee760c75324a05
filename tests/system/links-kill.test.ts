import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { newDatabase, sql } from '../integration/database-fixture';
import { fill, startTwoStores, type TwoStores } from '../integration/objects-harness';
import { type CliResult, runCli, spawnCli } from '../support/cli';
import { type LinkRow, linkRows } from './support/link-corpus';

const rowCount = 2000;
const kills = { rewrite: 5, undo: 3 };

let postgres: ManagedPostgres;
let stores: TwoStores;
let web: Server;
let address = '';
let folder = '';
let client: Client;
let source = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-links-'));
  [postgres, stores] = await Promise.all([startManagedPostgres(), startTwoStores()]);
  source = (await newDatabase(postgres.server)).url;
  for (const bucket of ['uploads', 'avatars', 'private']) await fill(stores.clients.source, bucket, ['a']);
  web = createServer((_request, response) => response.end());
  await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${z.object({ port: z.number() }).parse(web.address()).port}`;
  client = new Client({ connectionString: postgres.adminUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await Promise.all([postgres.stop(), stores.close()]);
  await new Promise((done) => web.close(done));
  await rm(folder, { recursive: true, force: true });
});

/** A command on the workspace of this test. */
function command(mode: string): { args: (...words: string[]) => string[]; env: Record<string, string> } {
  return {
    args: (...words) => [...words, '--json', '--workspace', path.join(folder, mode)],
    env: {
      ...stores.values,
      SOURCE_DATABASE_URL: source,
      SUPABASE_DB_URL: postgres.url,
      SUPABASE_URL: 'http://127.0.0.1:9',
      SUPABASE_SECRET_KEY: 'unused',
      SOURCE_S3_PUBLIC_URLS: 'http://minio:9000,https://files.acme.example,avatars=https://img.acme.example',
      R2_PUBLIC_URLS: `uploads=${address}/u,avatars=${address}`,
    },
  };
}

const tablesSql = (schema: string): string => `
  create schema ${schema};
  set search_path = ${schema}, public;
  create type ref as (label text, url text);
  create domain link as text check (value ~ '^http');
  create table noted (what text);
  create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
  create function note() returns trigger language plpgsql as $$ begin
    insert into ${schema}.noted values (tg_name); return null; end $$;
  create table rows (id int primary key, body text, raw json, doc jsonb, urls text[], comp ref, dom link,
    loud text generated always as (upper(dom)) stored, updated_at timestamptz default '2020-01-01');
  create trigger touch before update on rows for each row execute function touch();
  create trigger note after update on rows for each row execute function note();
  alter table rows enable always trigger note;
  create table nokey (body text, n int);
  create table parts (id int, body text) partition by range (id);
  create table parts_low partition of parts for values from (0) to (1000);
  create table parts_high partition of parts default;`;

const tables = ['rows', 'nokey', 'parts', 'noted'] as const;

async function fillTables(schema: string, rows: readonly LinkRow[]): Promise<void> {
  await client.query(tablesSql(schema));
  const data = JSON.stringify(rows);
  await client.query(
    `insert into ${schema}.rows (id, body, raw, doc, urls, comp, dom)
     select id, body, raw::json, doc, urls, row(label, dom)::${schema}.ref, dom
     from jsonb_to_recordset($1::jsonb) r (id int, body text, raw text, doc jsonb, urls text[], label text, dom text)`,
    [data],
  );
  // Rows that nothing tells apart, and rows of a partitioned table.
  await client.query(
    `insert into ${schema}.nokey select body, id % 2 from jsonb_to_recordset($1::jsonb) r (id int, body text) where id % 3 = 0;`,
    [data],
  );
  await client.query(
    `insert into ${schema}.parts select id, body from jsonb_to_recordset($1::jsonb) r (id int, body text) where id % 3 = 1`,
    [data],
  );
  await client.query(`grant usage on schema ${schema} to postgres; reset search_path`);
  for (const table of [...tables, 'parts_low', 'parts_high'])
    await client.query(`alter table ${schema}.${table} owner to postgres`);
}

const rowText = z.array(z.object({ row: z.string() }));

/** Every row of the application, in one order. */
async function contents(schema: string): Promise<string[]> {
  const all: string[] = [];
  for (const table of tables) {
    const { rows } = await client.query(
      `select t::text as row from ${schema}.${table} t order by t::text collate "C"`,
    );
    all.push(...rowText.parse(rows).map(({ row }) => `${table} ${row}`));
  }
  return all;
}

/** The first rows that differ: a whole diff of thousands says less. */
function difference(left: readonly string[], right: readonly string[]): string[] {
  const length = Math.max(left.length, right.length);
  for (let at = 0; at < length; at += 1)
    if (left[at] !== right[at]) return [left[at] ?? 'none', right[at] ?? 'none'];
  return [];
}

/** What an update would have touched: the version of each row without a link, and the states of triggers. */
async function untouched(schema: string, without: readonly number[]): Promise<string> {
  const { rows } = await client.query(
    `select string_agg(id::text || ' ' || xmin::text || ' ' || ctid::text, ',' order by id) as row from ${schema}.rows where id = any ($1)
     union all
     select string_agg(tgname || tgenabled::text, ' ' order by tgname) from pg_trigger where tgrelid = '${schema}.rows'::regclass`,
    [without],
  );
  return rowText
    .parse(rows)
    .map(({ row }) => row)
    .join('\n');
}

/** How many changes are on record, or with `undone` how many of them are undone; 0 before the record is there. */
async function recorded(undone: boolean): Promise<number> {
  const { rows } = await client.query(`select to_regclass('cutover_links.change') is not null as present`);
  if (!z.array(z.object({ present: z.boolean() })).parse(rows)[0]?.present) return 0;
  const counted = await client.query(
    `select count(${undone ? 'undone_at' : '*'})::int as count from cutover_links.change`,
  );
  return z.array(z.object({ count: z.number() })).parse(counted.rows)[0]?.count ?? 0;
}

/** Starts a command and kills it once so much more is on record. Resolves with whether the kill came before its end. */
async function killed(
  args: readonly string[],
  env: Record<string, string>,
  undone: boolean,
): Promise<boolean> {
  const goal = (await recorded(undone)) + Math.floor(Math.random() * 300);
  const child = spawnCli(args, env);
  child.stdout.resume();
  child.stderr.resume();
  const closed = once(child, 'close');
  while (child.exitCode === null && (await recorded(undone)) <= goal) await delay(5);
  await delay(Math.random() * 20);
  child.kill('SIGKILL');
  const [, signal] = z.tuple([z.number().nullable(), z.string().nullable()]).parse(await closed);
  return signal === 'SIGKILL';
}

const runList = z.array(z.object({ id: z.string(), state: z.string() }));

/** Rewrites with kills in between, and ends the run. */
async function rewriteWithKills(mode: string): Promise<{ kills: number; last: CliResult }> {
  const { args, env } = command(mode);
  const newest = async () => runList.parse(JSON.parse((await runCli(args('runs'), env)).stdout))[0];
  let done = 0;
  let id: string | undefined;
  while (done < kills.rewrite) {
    const words = id === undefined ? ['links', 'rewrite', '--yes'] : ['run', '--yes', '--resume', id];
    if (!(await killed(args(...words), env, false))) break;
    done += 1;
    id ??= (await newest())?.id;
  }
  const run = await newest();
  if (run === undefined) throw new Error('No run was begun.');
  // A kill can fall between the run's last journal event and the end of the process.
  const last = run.state.startsWith('succeeded') ? ['verify', run.id] : ['run', '--yes', '--resume', run.id];
  return { kills: done, last: await runCli(args(...last), env) };
}

async function undoWithKills(mode: string): Promise<{ kills: number; last: CliResult }> {
  const { args, env } = command(mode);
  const undo = args('links', 'undo', '--yes');
  let done = 0;
  while (done < kills.undo && (await killed(undo, env, true))) done += 1;
  return { kills: done, last: await runCli(undo, env) };
}

describe.each(['replica', 'disabled'] as const)('with triggers kept quiet as %s', (mode) => {
  it(
    'a mean corpus is rewritten and undone exactly, over kills at random moments, and nothing else changes',
    { timeout: 600_000 },
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const corpus = linkRows(seed, rowCount, address);
      const say = `seed ${seed}`;
      await sql(
        postgres.adminUrl,
        `${mode === 'replica' ? 'grant' : 'revoke'} set on parameter session_replication_role ${mode === 'replica' ? 'to' : 'from'} postgres`,
      );
      const app = `app_${mode}`;
      await fillTables(
        app,
        corpus.map(({ before }) => before),
      );
      await fillTables(
        'want',
        corpus.map(({ after }) => after),
      );
      const before = await contents(app);
      const want = await contents('want');
      expect(difference(before, want)).toHaveLength(2);
      const without = corpus.flatMap(({ links, before: { id } }) => (links === 0 ? id : []));
      expect(without.length).toBeGreaterThan(100);
      const quiet = await untouched(app, without);

      const rewritten = await rewriteWithKills(mode);
      expect(rewritten.last.code, rewritten.last.stdout.slice(-1500) + rewritten.last.stderr).toBe(0);
      expect(rewritten.kills, say).toBeGreaterThan(2);
      expect(difference(await contents(app), want), say).toEqual([]);
      expect(await untouched(app, without), say).toBe(quiet);

      const undone = await undoWithKills(mode);
      expect(undone.last.code, undone.last.stdout.slice(-1500) + undone.last.stderr).toBe(0);
      expect(undone.kills, say).toBeGreaterThan(2);
      expect(difference(await contents(app), before), say).toEqual([]);
      expect(await untouched(app, without), say).toBe(quiet);

      const { args, env } = command(mode);
      expect((await runCli(args('links', 'forget', '--yes'), env)).code).toBe(0);
      await client.query(`drop schema ${app} cascade; drop schema want cascade`);
    },
  );
});
