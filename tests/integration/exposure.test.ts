import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openRestPort } from '#core/adapters/supabase/rest';
import type { ActivityLog } from '#core/services/activity/activity-log';
import { createExposureService, type ExposureService } from '#core/services/exposure/exposure-service';
import type { NewActivity } from '#shared/model/activity';
import type { SettingName } from '#shared/model/settings';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { startSupabaseServer, type SupabaseServer } from '../../practice/supabase-server';
import { databasePorts, settingsOf, sql } from './database-fixture';

const { signal } = new AbortController();

let managed: ManagedPostgres;
let project: SupabaseServer;
let noted: NewActivity[];
let values: Partial<Record<SettingName, string>>;

beforeAll(async () => {
  managed = await startManagedPostgres();
  project = await startSupabaseServer({ authUrl: managed.authUrl, restUrl: managed.restUrl });
  await sql(
    managed.url,
    `create table users (id int primary key, email text, password_hash text); insert into users values (1, 'a@b.c', 'x');
     create table alembic_version (version_num text primary key); insert into alembic_version values ('1');
     create table orders (id int primary key); insert into orders values (1);
     create table guarded (id int primary key); alter table guarded enable row level security;
     create table forgotten (id int primary key); create policy everybody on forgotten using (true);
     create table closed (id int primary key); revoke all on closed from anon, authenticated;
     create view totals as select count(*) from guarded; create view invoked with (security_invoker = true) as select * from guarded;
     create view members as select id from auth.users; create materialized view counted as select count(*) from orders;
     create function all_orders() returns setof orders language sql security definer as 'select * from public.orders';
     create function harmless() returns int language sql as 'select 1'`,
  );
});
afterAll(async () => {
  await project.close();
  await managed.stop();
});
beforeEach(() => {
  noted = [];
  values = {
    SUPABASE_DB_URL: managed.url,
    SUPABASE_URL: project.url,
    SUPABASE_PUBLISHABLE_KEY: project.publishableKey,
  };
});

function exposure(): ExposureService {
  const activity: ActivityLog = {
    record: (entry) => {
      noted.push(entry);
      return Promise.resolve();
    },
    list: () => Promise.resolve({ entries: [] }),
  };
  return createExposureService({
    withTarget: async (work) => {
      const { database } = databasePorts(managed.url, managed.url);
      try {
        return await work(database.target, openRestPort(settingsOf(values)));
      } finally {
        await database.close();
      }
    },
    activity: () => activity,
  });
}

it('names what is open with the SQL that closes it, and asking as anybody agrees before and after', async () => {
  const before = await exposure().show(true, signal);
  expect(before.findings.map(({ severity, code, object }) => [severity, code, object])).toEqual([
    ['must-fix', 'AUTH_USERS_EXPOSED', '"public"."members"'],
    ['must-fix', 'MIGRATIONS_EXPOSED', '"public"."alembic_version"'],
    ['must-fix', 'POLICY_EXISTS_RLS_DISABLED', '"public"."forgotten"'],
    ['must-fix', 'RLS_DISABLED_IN_PUBLIC', '"public"."orders"'],
    ['must-fix', 'SECURITY_DEFINER_VIEW', '"public"."totals"'],
    ['must-fix', 'SENSITIVE_COLUMNS_EXPOSED', '"public"."users"'],
    ['check', 'MATERIALIZED_VIEW_EXPOSED', '"public"."counted"'],
    ['check', 'SECURITY_DEFINER_FUNCTION', 'public.all_orders()'],
    ['note', 'RLS_OFF_WITHOUT_RIGHTS', '"public"."closed"'],
  ]);
  const answers = (report: typeof before) =>
    Object.fromEntries((report.proofs ?? []).map(({ object, answer }) => [object, answer]));
  expect(answers(before)).toMatchObject({
    'public.users': 'rows',
    'public.alembic_version': 'rows',
    'public.orders': 'rows',
    'public.counted': 'rows',
    'public.guarded': 'empty',
    'public.closed': 'refused',
  });
  await exposure().apply(before.findings, signal);
  const after = await exposure().show(true, signal);
  expect(after.findings).toEqual([]);
  // A view that counts answers with a row whoever asks; since the fix it counts what the asking role may see.
  expect(Object.entries(answers(after)).filter(([, answer]) => answer === 'rows')).toEqual([
    ['public.totals', 'rows'],
  ]);
  expect(noted).toMatchObject([{ area: 'exposure', action: 'exposure.close', outcome: 'done' }]);
});

it('refuses a fix that is not what was read, and a key that is refused is not taken for a closed table', async () => {
  await sql(managed.url, 'create table late (id int primary key)');
  const [finding] = (await exposure().show(false, signal)).findings;
  expect(finding).toMatchObject({ code: 'RLS_DISABLED_IN_PUBLIC', object: '"public"."late"' });
  await expect(
    exposure().apply([{ id: finding?.id ?? '', sql: 'drop table late' }], signal),
  ).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
  expect(await sql(managed.url, `select to_regclass('late') is not null as there`)).toEqual([
    { there: true },
  ]);
  values.SUPABASE_PUBLISHABLE_KEY = 'sb_publishable_of_another_project';
  await expect(exposure().show(true, signal)).rejects.toMatchObject({ code: 'SUPABASE_KEY_REFUSED' });
  expect(noted).toEqual([]);
});
