import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMigrationPorts } from '#core/services/migration/open-ports';
import type { MigrationPorts } from '#core/ports/migration-ports';
import { createLinksService, type LinksService } from '#core/services/links/links-service';
import { linksStep } from '#core/steps/links/links-step';
import type { NewActivity } from '#shared/model/activity';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { MemoryStep, settingsOf, sql } from './database-fixture';
import { fill, startTwoStores, type TwoStores } from './objects-harness';

const never = new AbortController().signal;
const quiet = (): void => undefined;

let postgres: ManagedPostgres;
let stores: TwoStores;
let web: Server;
let address = '';
let ports: MigrationPorts;
let service: LinksService;
const acts: NewActivity[] = [];
const asked: string[] = [];

beforeAll(async () => {
  [postgres, stores] = await Promise.all([startManagedPostgres(), startTwoStores()]);
  await fill(stores.clients.source, 'uploads', ['a']);
  await fill(stores.clients.source, 'avatars', ['a']);
  await fill(stores.clients.source, 'private', ['a']);
  web = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.statusCode = request.url?.includes('missing') === true ? 404 : 200;
    response.end();
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const bound = web.address();
  address = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const settings = settingsOf({
    ...stores.values,
    SOURCE_DATABASE_URL: postgres.url,
    SUPABASE_DB_URL: postgres.url,
    SUPABASE_URL: 'http://127.0.0.1:9',
    SUPABASE_SECRET_KEY: 'unused',
    SOURCE_S3_PUBLIC_URLS: 'http://minio:9000,https://files.acme.example,avatars=https://img.acme.example',
    R2_PUBLIC_URLS: `uploads=${address}/u,avatars=${address}`,
  });
  ports = openMigrationPorts(settings);
  service = createLinksService({
    withPorts: (work) => work(ports),
    activity: () => ({
      record: (entry) => {
        acts.push(entry);
        return Promise.resolve();
      },
      list: () => Promise.resolve({ entries: [] }),
    }),
  });
}, 60_000);
afterAll(async () => {
  await ports.close();
  await Promise.all([postgres.stop(), stores.close()]);
  await new Promise((resolve) => web.close(resolve));
});

const signed = '?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F2024&X-Amz-Signature=0a1b2c';

/** The same rows with old links, and as they have to look afterwards. */
function corpus(schema: string, side: 'old' | 'new'): string {
  const pick = (before: string, after: string): string => (side === 'old' ? before : after);
  const u = (key: string): string => pick(`http://minio:9000/uploads/${key}`, `${address}/u/${key}`);
  const s = (key: string): string => `${u(key)}${pick(signed, '')}`;
  const v = pick('http://avatars.minio:9000/users/1.webp', `${address}/users/1.webp`);
  const escaped = (url: string): string => url.replaceAll('/', '\\/');
  const q = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return `
    create schema ${schema};
    set search_path = ${schema}, public, extensions;
    create type ref as (label text, url text, n int);
    create domain link as varchar(200) check (value ~ '^http');
    create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
    create function note() returns trigger language plpgsql as $$ begin
      insert into ${schema}.noted values (tg_name); return null; end $$;
    create table noted (what text);
    create table rows (
      id int primary key, body text, short varchar(400), padded char(150), raw json, doc jsonb, urls text[], grid text[][],
      docs jsonb[], dom link, doms link[], comp ref, comps ref[], ci citext, h hstore, n numeric,
      loud text generated always as (upper(short)) stored, updated_at timestamptz default '2020-01-01');
    create trigger touch before update on rows for each row execute function touch();
    create trigger note after update on rows for each row execute function note();
    create trigger always after update on rows for each row execute function note();
    alter table rows enable always trigger always;
    create constraint trigger later after update on rows deferrable initially deferred for each row execute function note();
    insert into rows (id, body, short, padded, raw, doc, urls, grid, docs, dom, doms, comp, comps, ci, h, n) values
      (1, ${q(`<p class="x">See <a href='${u('a b.pdf'.replace(' ', '%20'))}'>it</a>, ![i](${u('i(1).png')}) and ${s('d.pdf')}. \u00e9 e\u0301 🙂\n\ttab \\ http://minio:9000/private/p http://minio:9000/gone/x</p>`)},
        ${q(u('x?y=1&z=2'))}, ${q(v)},
        ${q(`{"b" : 1.50,"b":1e3, "http://minio:9000/uploads/k": "${escaped(u('e.jpg'))}", "t":"\\u00e9 ${u('f')}"}`)},
        ${q(JSON.stringify({ n: 1, deep: [{ src: u('g'), html: `<img src="${u('h')}">` }, null, true], json: JSON.stringify({ u: s('j') }) }))},
        array[${q(u('1'))}, null, '', 'a,"b"', ${q(s('2'))}], array[[${q(u('3'))}, 'x'], ['{}', ${q(v)}]],
        array[${q(`{"u":"${u('4')}"}`)}, 'null']::jsonb[], ${q(u('5'))}, array[${q(u('6'))}]::link[],
        row('say "x", (y)', ${q(u('7'))}, 3), array[row(null, ${q(s('8'))}, null)::ref, null], ${q(u('9'))},
        hstore('u', 'http://minio:9000/uploads/10'), 1.50),
      (2, 'nothing', '', null, '[]', '{"k":"http://minio.example/uploads/a"}', '{}', null, null, null, null, null, null, null, null, 1e10);
    insert into rows (id, body, doc) select g, 'row ' || g || ' ${u('many/')}' || g, jsonb_build_object('n', g, 'u', '${u('many/')}' || g || '.jpg')
      from generate_series(100, 799) g;
    create table nokey (url text, n int);
    insert into nokey select '${u('same')}', g % 3 from generate_series(1, 600) g;
    create table parts (id int, url text) partition by range (id);
    create table parts_a partition of parts for values from (0) to (10);
    create table parts_b partition of parts default;
    insert into parts values (1, '${u('p1')}'), (20, '${u('p2')}');
    create view seen as select url from nokey;
    create materialized view counted as select url, count(*) from nokey group by 1;
    create table profiles (id uuid primary key, data jsonb);
    insert into profiles values ('00000000-0000-0000-0000-000000000001', '{"avatar":"${v}"}');`;
}

const contentsOf = async (schema: string): Promise<Record<string, unknown>> => {
  const all: Record<string, unknown> = {};
  for (const table of ['rows', 'nokey', 'parts', 'counted', 'profiles', 'noted']) {
    const rows = await sql(
      postgres.url,
      `select t::text as row from ${schema}.${table} t order by t::text collate "C"`,
    );
    all[table] = rows.map(({ row }) => row);
  }
  return all;
};

async function rewriteOnce(): Promise<MemoryStep<MigrationPorts>> {
  const step = new MemoryStep(linksStep, ports);
  await step.run(await step.plan());
  return step;
}

const idOf = async (): Promise<string> => (await service.rewrites(never))[0]?.id ?? '';

describe.each(['replica', 'disabled'] as const)('with triggers kept quiet as %s', (mode) => {
  const app = `app_${mode}`;
  const want = `want_${mode}`;

  it('rewrites exactly what it should, and undoes it exactly', async () => {
    await sql(postgres.adminUrl, 'create extension if not exists citext schema extensions');
    await sql(postgres.adminUrl, 'create extension if not exists hstore schema extensions');
    await sql(
      postgres.adminUrl,
      `${mode === 'replica' ? 'grant' : 'revoke'} set on parameter session_replication_role ${mode === 'replica' ? 'to' : 'from'} postgres`,
    );
    await sql(postgres.url, corpus(app, 'old'));
    await sql(postgres.url, corpus(want, 'new'));
    const before = await contentsOf(app);

    const found = await service.find({ side: 'target', samples: 2 }, never, quiet);
    expect(found.triggers).toBe(mode);
    const column = (name: string) =>
      found.columns.find((item) => item.schema === app && item.table === 'rows' && item.column === name);
    expect(column('body')).toMatchObject({
      links: 703,
      signed: 1,
      rows: 701,
      left: { 'no-public-address': 1, 'unknown-bucket': 1 },
    });
    expect(column('h')).toMatchObject({ fixed: 'type', links: 1 });
    expect(column('loud')).toMatchObject({ fixed: 'generated' });
    expect(JSON.stringify(found)).not.toContain('0a1b2c');

    const step = await rewriteOnce();
    expect(step.warnings.filter(({ code }) => code === 'LINKS_REFUSED')).toEqual([]);
    expect(await contentsOf(app)).toEqual({
      ...(await contentsOf(want)),
      noted: [],
    });
    expect((await step.verify(await step.plan())).filter(({ equal }) => !equal)).toEqual([]);
    const triggers = await sql(
      postgres.url,
      `select string_agg(tgname || tgenabled::text, ' ' order by tgname) as states from pg_trigger where tgrelid = '${app}.rows'::regclass`,
    );
    expect(triggers).toEqual([{ states: 'alwaysA laterO noteO touchO' }]);

    expect(await service.undo({ rewrite: await idOf() }, never, quiet)).toMatchObject({ left: 0 });
    expect(await contentsOf(app)).toEqual(before);
    await sql(postgres.url, `drop schema ${app} cascade; drop schema ${want} cascade`);
  }, 120_000);
});

it('an undo leaves what was changed since, and says so', async () => {
  await sql(
    postgres.url,
    `create table public.pages (id int primary key, url text);
     insert into public.pages select g, 'http://minio:9000/uploads/' || g from generate_series(1, 5) g`,
  );
  await rewriteOnce();
  await sql(
    postgres.url,
    `update public.pages set url = 'mine' where id = 2; delete from public.pages where id = 3`,
  );
  const rewrite = await idOf();
  acts.length = 0;
  expect(await service.undo({ rewrite }, never, quiet)).toEqual({ restored: 3, left: 2 });
  expect(acts).toMatchObject([{ action: 'links.undo', outcome: 'partial', after: { restored: 3, left: 2 } }]);
  expect(
    await sql(postgres.url, 'select string_agg(url, $$ $$ order by id) as urls from public.pages'),
  ).toEqual([
    { urls: 'http://minio:9000/uploads/1 mine http://minio:9000/uploads/4 http://minio:9000/uploads/5' },
  ]);
  await sql(postgres.url, 'drop table public.pages');
}, 60_000);

it('a refused row keeps its link and holds up no other; foreign keys are left alone', async () => {
  await sql(
    postgres.url,
    `create table public.tight (id int primary key, url text unique, short varchar(26), host text check (host like 'http://minio%'));
     insert into public.tight values (1, 'http://minio:9000/uploads/a', 'http://minio/uploads/1234', 'x://minio' || '');`.replace(
      "'x://minio' || ''",
      'null',
    ) +
      `insert into public.tight values (2, 'https://minio/uploads/a', null, null), (3, 'http://minio/uploads/c', null, null),
       (4, null, null, 'http://minio/uploads/d');
     create table public.child (url text references public.tight (url));
     insert into public.child values ('http://minio/uploads/c');`,
  );
  const step = await rewriteOnce();
  const rows = await sql(postgres.url, 'select id, url, short, host from public.tight order by id');
  expect(rows).toEqual([
    { id: 1, url: 'http://minio:9000/uploads/a', short: 'http://minio/uploads/1234', host: null },
    { id: 2, url: 'https://minio/uploads/a', short: null, host: null },
    { id: 3, url: 'http://minio/uploads/c', short: null, host: null },
    { id: 4, url: null, short: null, host: 'http://minio/uploads/d' },
  ]);
  expect(step.warnings.map(({ code }) => code)).toContain('LINKS_REFUSED');
  const { columns } = await service.find({ side: 'target', samples: 0 }, never, quiet);
  expect(columns.find((item) => item.table === 'tight' && item.column === 'url')?.fixed).toBe('foreign-key');
  await sql(postgres.url, 'drop table public.child, public.tight');
}, 60_000);

it('stopped between batches it goes on where it was, and the check asks each new address once', async () => {
  await sql(
    postgres.url,
    `create table public.long (id int primary key, url text);
     insert into public.long select g, 'http://minio/uploads/' || case when g % 100 = 0 then 'missing' else 'f' end || g % 40
       from generate_series(1, 1000) g`,
  );
  const stop = new AbortController();
  const step = new MemoryStep(linksStep, ports, stop.signal);
  const plan = await step.plan();
  step.beforeEnd = (unit) => {
    if (unit === 'public.long') throw new Error('The process ended here.');
  };
  await expect(step.run(plan)).rejects.toThrow();
  step.beforeEnd = () => undefined;
  await step.run(plan);
  expect((await step.verify(plan)).filter(({ equal }) => !equal).map(({ subject }) => subject)).toEqual([]);
  const rewrite = await idOf();
  expect((await service.rewrites(never))[0]).toMatchObject({ rows: 1000, undone: 0 });
  asked.length = 0;
  const check = await service.check({ rewrite, limit: 1000 }, never, quiet);
  expect(check).toMatchObject({
    more: false,
    answers: [
      { bucket: 'uploads', outcome: 'answers' },
      { bucket: 'uploads', outcome: 'missing', count: 2 },
    ],
  });
  expect(asked).toHaveLength(check.asked);
  expect(new Set(asked).size).toBe(asked.length);
  await service.forget(never);
  expect(await service.rewrites(never)).toEqual([]);
  await sql(postgres.url, 'drop table public.long');
}, 60_000);
