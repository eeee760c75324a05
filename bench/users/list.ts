import { Client } from 'pg';
import { openDatabasePorts } from '#core/adapters/postgres/open';
import { openSqlDirectory } from '#core/services/users/sql/directory';
import type { UsersQuery } from '#shared/contract/users';
import type { UserFilter } from '#shared/model/users';
import { startManagedPostgres } from '../../practice/postgres/managed-postgres';
import { settingsOf } from '../../tests/integration/database-fixture';

const { signal } = new AbortController();
/** Rows of a page, as the page of users asks for them. */
const limit = 200;
const rounds = 15;

/** Names that thousands have, and few of which one is rare. */
const seedSql = (rows: number): string => `
  insert into auth.users (instance_id, id, aud, role, email, phone, encrypted_password, email_confirmed_at, banned_until, last_sign_in_at,
    raw_app_meta_data, raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new)
  select '00000000-0000-0000-0000-000000000000', md5('user' || n)::uuid, 'authenticated', 'authenticated',
    case when n % 50000 = 7 then 'o''brien+' || n || '%_@example.org' else
      (array['maria', 'wei', 'noor', 'jan', 'olu', 'ana', 'kim', 'ivan'])[1 + n % 8] || '.' || md5(n::text) || '@' ||
      (array['example.org', 'mail.example', 'shop.example'])[1 + n % 3] end,
    case when n % 10 = 0 then '49170' || lpad(n::text, 8, '0') end, '', case when n % 9 = 0 then null else now() end,
    case when n % 500 = 0 then now() + interval '1 year' end,
    case when n % 4 <> 0 then timestamptz '2026-01-01' + n * interval '7 seconds' end,
    '{"provider": "email", "providers": ["email"]}' || case when n % 2 = 0 then '{"migrated_from": "public.users"}'::jsonb else '{}' end,
    jsonb_build_object('full_name', (array['Maria', 'Wei', 'Noor', 'Jan', 'Olu', 'Ana', 'Kim', 'Ivan'])[1 + n % 8] || ' ' || n, 'plan', 'p' || n % 20),
    timestamptz '2020-01-01' + (n / 3) * interval '1 minute', now(), '', '', '', ''
  from generate_series(1, ${rows}) n;
  insert into auth.identities (provider_id, user_id, provider, identity_data, created_at, updated_at)
  select id::text, id, 'email', jsonb_build_object('sub', id::text, 'email', email), now(), now() from auth.users;
  insert into auth.identities (provider_id, user_id, provider, identity_data, created_at, updated_at)
  select 'g' || id, id, 'google', '{}', now(), now() from auth.users where banned_until is not null`;

const searches: readonly [string, UserFilter][] = [
  ['a first name that an eighth have', { text: 'Maria' }],
  ['a whole address', { text: "o'brien+7%_@example.org" }],
  ['part of a rare address', { text: 'brien+5' }],
  ['nobody has it', { text: 'zzzzqqqq' }],
  ['inside of addresses only', { text: 'c4ca4', field: 'email' }],
  ['how an address begins', { text: 'wei.a87', field: 'emailStart' }],
  ['a number', { text: '+4917000500', field: 'phone' }],
  ['how an id begins', { text: '7f3a', field: 'id' }],
  ['a name', { text: 'olu 999', field: 'name' }],
  ['inside of metadata', { text: '"plan": "p17"', field: 'metadata' }],
  ['not in metadata, but its letters in 50,000', { text: 'p17;', field: 'metadata' }],
  ['a name among the banned', { text: 'kim', state: 'banned' }],
];

const lists: readonly [string, Omit<UsersQuery, 'limit'>][] = [
  ['the newest', { filter: {} }],
  ['by address', { filter: {}, sort: { by: 'email', descending: false } }],
  ['by last sign-in', { filter: {}, sort: { by: 'lastSignIn', descending: true } }],
  ['the banned', { filter: { state: 'banned' } }],
  ['the unconfirmed', { filter: { state: 'unconfirmed' } }],
  ['who came by Google', { filter: { provider: 'google' } }],
  ['the migrated', { filter: { migrated: true } }],
  ['who never signed in', { filter: { neverSignedIn: true } }],
  ['made in one month', { filter: { createdFrom: '2020-03-01', createdTo: '2020-04-01' } }],
];

function middle(times: number[]): string {
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `${at(0.5).padStart(8)} ms in the middle ${at(0.95).padStart(8)} ms of 95 %`;
}

/** The list of a project with so many users, searched, filtered and sorted, from the question of the core to the last row of the answer. */
export async function measureList(rows: number): Promise<void> {
  const managed = await startManagedPostgres();
  const ports = openDatabasePorts(settingsOf({ SUPABASE_DB_URL: managed.url }));
  const directory = openSqlDirectory(ports.target, undefined);
  try {
    const admin = new Client({ connectionString: managed.adminUrl });
    await admin.connect();
    await admin.query(seedSql(rows));
    await admin.query('analyze');
    const measure = async (name: string, work: () => Promise<unknown>, times = rounds): Promise<void> => {
      const taken: number[] = [];
      await work();
      for (let round = 0; round < times; round += 1) {
        const begun = performance.now();
        await work();
        taken.push(performance.now() - begun);
      }
      console.log(`${name.padEnd(46)} ${middle(taken)}`);
    };
    const searchAll = async (title: string, times: number): Promise<void> => {
      console.log(`${title}, ${rows} users, pages of ${limit}`);
      for (const [name, filter] of searches)
        await measure(name, () => directory.list({ filter, limit }, signal), times);
    };
    const begun = performance.now();
    await directory.changeSearchIndex('create', signal);
    console.log(`the search table was made in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    await searchAll('search', rounds);
    for (const [name, query] of lists)
      await measure(`list: ${name}`, () => directory.list({ ...query, limit }, signal));
    let cursor: string | undefined;
    for (let page = 0; page < 300; page += 1)
      cursor = (
        await directory.list({ filter: {}, limit: 1000, ...(cursor === undefined ? {} : { cursor }) }, signal)
      ).next;
    const deep = cursor;
    await measure('list: after 300,000 rows', () =>
      directory.list({ filter: {}, limit, ...(deep === undefined ? {} : { cursor: deep }) }, signal),
    );
    await measure('count of all', () => directory.count({}, signal), 3);
    await measure(
      'peer: ILIKE over the addresses, first rows',
      () =>
        admin.query(
          `select id from auth.users where email ilike '%zzzzqqqq%' order by created_at desc limit ${limit}`,
        ),
      3,
    );
    await directory.changeSearchIndex('drop', signal);
    await searchAll('search without the search table', 3);
    await admin.end();
  } finally {
    await directory.close();
    await ports.close();
    await managed.stop();
  }
}
