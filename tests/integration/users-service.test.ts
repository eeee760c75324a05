import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BulkEvent, ImportEvent, UsersQuery } from '#shared/contract/users';
import { toAppError } from '#shared/model/errors';
import type { UserAction, UserFilter } from '#shared/model/users';
import type { UsersService } from '#core/services/users/users-service';
import { sql } from './database-fixture';
import { startUsersProject, type UsersProject } from './users-fixture';

const { signal } = new AbortController();
let project: UsersProject;
beforeAll(async () => {
  project = await startUsersProject();
});
afterAll(() => project.close());
beforeEach(async () => {
  project.gateway.trouble = () => undefined;
  await sql(project.managed.adminUrl, 'truncate auth.users cascade; drop schema if exists app cascade');
});

const admin = (text: string) => sql(project.managed.adminUrl, text);
const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Users as rows, several made in the same microsecond, as an import makes them. */
async function seed(count: number, email = `'user' || n || '@example.org'`): Promise<void> {
  await admin(`insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
      raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new)
    select '00000000-0000-0000-0000-000000000000', ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'authenticated',
      'authenticated', ${email}, '', now(), '{"provider": "email", "providers": ["email"]}', jsonb_build_object('full_name', 'Name ' || n),
      timestamptz '2026-01-01' + (n / 7) * interval '1 minute', now(), '', '', '', '' from generate_series(1, ${count}) n;
    insert into auth.identities (provider_id, user_id, provider, identity_data, created_at, updated_at)
    select id::text, id, 'email', jsonb_build_object('sub', id::text, 'email', email), now(), now() from auth.users`);
}

async function everyPage(
  users: UsersService,
  query: Omit<UsersQuery, 'limit'>,
  between: (page: number) => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  let page = 0;
  do {
    const found = await users.list(
      { ...query, limit: 100, ...(cursor === undefined ? {} : { cursor }) },
      signal,
    );
    ids.push(...found.users.map((user) => user.id));
    cursor = found.next;
    page += 1;
    await between(page);
  } while (cursor !== undefined);
  return ids;
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => toAppError(error).code,
  );

describe.each(['sql', 'api'] as const)('the list by way of %s', (way) => {
  it('is whole past ten pages and a thousand users, while users come and go', async () => {
    await seed(1_143);
    const { users } = project.open(way);
    expect(await users.count({}, signal)).toBe(1_143);
    const all = await everyPage(users, { filter: {} });
    expect(all).toHaveLength(1_143);
    expect(new Set(all).size).toBe(1_143);
    expect(all[0]).toBe(idOf(1_143));

    // The newest first: who signs up moves everybody on, who goes moves everybody up.
    const seen = await everyPage(users, { filter: {} }, async (page) => {
      if (page === 3)
        await admin(`insert into auth.users (instance_id, id, aud, role, email, created_at, updated_at, confirmation_token, recovery_token,
          email_change, email_change_token_new) select '00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated',
          'authenticated', 'new' || n || '@example.org', now(), now(), '', '', '', '' from generate_series(1, 130) n`);
      if (page === 6) await admin(`delete from auth.users where email like 'user11__@example.org'`);
    });
    const old = seen.filter((id) => id.startsWith('00000000'));
    expect(new Set(old).size).toBe(1_143);
    expect(old).toHaveLength(1_143);
  });

  it('finds addresses with + % _ quotes and in any letter case, and nothing else', async () => {
    const { users } = project.open(way);
    const made = [
      'ann+tag@x.org',
      'ann%tag@x.org',
      'ann_tag@x.org',
      "o'hara@x.org",
      'annxtag@x.org',
      'ANN.Case@x.org',
    ];
    for (const email of made) await users.create({ email, confirmed: true }, signal);
    const found = async (filter: UserFilter) =>
      (await users.list({ filter, limit: 50 }, signal)).users.map((user) => user.email).sort();
    expect(await found({ text: 'ann+tag' })).toEqual(['ann+tag@x.org']);
    expect(await found({ text: 'n%t', field: 'email' })).toEqual(['ann%tag@x.org']);
    expect(await found({ text: 'ann_', field: 'emailStart' })).toEqual(['ann_tag@x.org']);
    expect(await found({ text: "O'HARA" })).toEqual(["o'hara@x.org"]);
    expect(await found({ text: 'Ann.CASE@X.org' })).toEqual(['ann.case@x.org']);
    expect(await codeOf(users.create({ email: 'Ann.Case@X.ORG', confirmed: false }, signal))).toBe(
      'USER_EXISTS',
    );
  });

  it('keeps users apart whose addresses differ by letter case only', async () => {
    await seed(2, `case n when 1 then 'Twin@x.org' else 'twin@x.org' end`);
    const { users } = project.open(way);
    expect(await everyPage(users, { filter: {} })).toHaveLength(2);
    expect(await users.find('twin@x.org', signal)).toMatchObject({ id: idOf(2) });
    await users.act(idOf(1), { kind: 'ban', hours: 1 }, signal);
    const { users: banned } = await users.list({ filter: { state: 'banned' }, limit: 9 }, signal);
    expect(banned).toMatchObject([{ id: idOf(1), email: 'Twin@x.org' }]);
    // The service takes either of the two; a link of the other one is never given out as this one's.
    for (const n of [1, 2]) {
      const request = { email: 'twin@x.org', id: idOf(n), kind: 'recovery' } as const;
      const url = await users.link(request, signal).catch((error: unknown) => {
        expect(toAppError(error).code).toBe('USER_REFUSED');
      });
      if (url === undefined) continue;
      const token = new URL(url).searchParams.get('token') ?? '';
      expect(
        await admin(`select 1 from auth.users where id = '${idOf(n)}' and recovery_token = '${token}'`),
      ).toHaveLength(1);
    }
    const direct = project.open('database').users;
    for (const n of [1, 2]) {
      await direct.link({ email: 'twin@x.org', id: idOf(n), kind: 'recovery' }, signal);
      expect(
        await admin(`select 1 from auth.users where id = '${idOf(n)}' and recovery_token <> ''`),
      ).toHaveLength(1);
    }
    if (way === 'api') return;
    // What only the database can tell apart.
    expect(await users.find('Twin@x.org', signal)).toMatchObject({ id: idOf(1) });
    expect(await everyPage(users, { filter: { text: 'TWIN@X' } })).toHaveLength(2);
  });

  it('filters, and finds by id, number, name and metadata', async () => {
    const { users } = project.open(way);
    const a = await users.create(
      {
        email: 'a@x.org',
        phone: '+49 301 23456'.replaceAll(' ', ''),
        confirmed: true,
        userMetadata: { full_name: 'Zoë "Z" Doe', plan: 'pro' },
      },
      signal,
    );
    const b = await users.create({ email: 'b@x.org', confirmed: false }, signal);
    await users.act(b.id, { kind: 'ban', hours: 2 }, signal);
    const found = async (filter: UserFilter) =>
      (await users.list({ filter, limit: 50 }, signal)).users.map((user) => user.email);
    expect(await found({ state: 'banned' })).toEqual(['b@x.org']);
    expect(await found({ state: 'confirmed' })).toEqual(['a@x.org']);
    expect(await found({ text: '+49301', field: 'phone' })).toEqual(['a@x.org']);
    expect(await found({ text: a.id })).toEqual(['a@x.org']);
    expect(await found({ text: a.id.slice(0, 6), field: 'id' })).toEqual(['a@x.org']);
    expect(await found({ text: 'zoë "z"', field: 'name' })).toEqual(['a@x.org']);
    expect(await found({ text: '"Z"', field: 'metadata' })).toEqual(['a@x.org']);
    expect(await found({ text: '"plan": "PRO"', field: 'metadata' })).toEqual(['a@x.org']);
    expect(await found({ text: '"providers": ["email", "phone"]', field: 'metadata' })).toEqual(['a@x.org']);
    expect(await found({ provider: 'phone' })).toEqual(['a@x.org']);
    expect((await found({ neverSignedIn: true })).sort()).toEqual(['a@x.org', 'b@x.org']);
    expect(await found({ mfa: true })).toEqual([]);
    expect(await found({ createdTo: '2020-01-01' })).toEqual([]);
  });
});

describe.each(['sql', 'api', 'database'] as const)('actions by way of %s', (way) => {
  const factor = '10000000-0000-4000-8000-000000000001';

  it('change the user, once, and are recorded without secrets', async () => {
    const { users, acts } = project.open(way);
    const { id } = await users.create(
      {
        email: 'ada@x.org',
        password: 'old-password',
        confirmed: false,
        userMetadata: { plan: 'free', stays: 1 },
      },
      signal,
    );
    const act = (action: UserAction) => users.act(id, action, signal);
    const get = () => users.get(id, signal);

    expect(await act({ kind: 'confirm' })).toMatchObject({ status: 'done', label: 'ada@x.org' });
    expect((await get()).emailConfirmedAt).toBeDefined();
    expect(await act({ kind: 'confirm' })).toMatchObject({ status: 'unchanged' });

    await act({
      kind: 'edit',
      email: 'Ada.L@X.org',
      phone: '+4930123456',
      userMetadata: { plan: null, team: ['a'] },
    });
    expect(await get()).toMatchObject({
      email: 'ada.l@x.org',
      phone: '4930123456',
      userMetadata: { stays: 1, team: ['a'] },
    });
    expect((await get()).userMetadata).not.toHaveProperty('plan');
    expect(await act({ kind: 'edit', email: 'ada.l@x.org' })).toMatchObject({ status: 'unchanged' });

    await act({ kind: 'password', password: 'new-password' });
    const signsIn = (password: string) =>
      fetch(`${project.supabase.url}/auth/v1/token?grant_type=password`, {
        method: 'POST',
        headers: { apikey: project.supabase.publishableKey },
        body: JSON.stringify({ email: 'ada.l@x.org', password }),
      }).then((response) => response.ok);
    expect([await signsIn('old-password'), await signsIn('new-password')]).toEqual([false, true]);

    const sessions = async () => (await admin(`select id from auth.sessions where user_id = '${id}'`)).length;
    expect(await sessions()).toBe(1);
    expect(await act({ kind: 'signOut' })).toMatchObject({ status: 'done' });
    expect(await sessions()).toBe(0);
    expect((await act({ kind: 'signOut' })).note).toMatch(/no session|All sessions/);

    await act({ kind: 'ban', hours: 1.5 });
    expect(await signsIn('new-password')).toBe(false);
    expect(Date.parse((await get()).bannedUntil ?? '') - Date.now()).toBeGreaterThan(80 * 60_000);
    expect(await act({ kind: 'unban' })).toMatchObject({ status: 'done' });
    expect(await act({ kind: 'unban' })).toMatchObject({ status: 'unchanged' });
    expect(await signsIn('new-password')).toBe(true);

    await admin(
      `insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at) values ('${factor}', '${id}', 'totp', 'verified', now(), now())`,
    );
    expect(await get()).toMatchObject({ mfa: true });
    await act({ kind: 'removeFactor', factorId: factor });
    expect(await act({ kind: 'removeFactor', factorId: factor })).toMatchObject({ status: 'unchanged' });
    expect(await get()).toMatchObject({ mfa: false, factors: [] });

    const link = await users.link({ email: 'ada.l@x.org', kind: 'recovery' }, signal);
    const opened = await fetch(link.replace(project.gateway.url, project.supabase.url), {
      redirect: 'manual',
    });
    expect(opened.headers.get('location')).toContain('access_token=');

    await act({ kind: 'delete', soft: true });
    expect((await get()).deletedAt).toBeDefined();
    expect((await get()).email).not.toBe('ada.l@x.org');
    await act({ kind: 'delete', soft: false });
    expect(await codeOf(get())).toBe('NOT_FOUND');

    expect(acts.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'user.create done',
      ...[
        'confirm',
        'confirm',
        'update',
        'update',
        'set-password',
        'sign-out',
        'sign-out',
        'ban',
        'unban',
        'unban',
      ].map((name) => `user.${name} done`),
      ...['remove-factor', 'remove-factor', 'link-recovery', 'delete-softly', 'delete'].map(
        (name) => `user.${name} done`,
      ),
    ]);
    const update = acts.find((entry) => entry.action === 'user.update');
    expect(update).toMatchObject({
      before: { email: 'ada@x.org' },
      after: { email: 'ada.l@x.org', phone: '4930123456' },
    });
    const written = JSON.stringify(acts);
    for (const secret of ['new-password', '$2a$', '$2b$', 'token=']) expect(written).not.toContain(secret);
  });

  it('of two operators at once leave one result, and tell each the truth', async () => {
    const [one, two] = [project.open(way).users, project.open(way).users];
    const create = () => one.create({ email: 'same@x.org', confirmed: true }, signal);
    const created = await Promise.allSettled([
      create(),
      two.create({ email: 'SAME@x.org', confirmed: true }, signal),
    ]);
    expect(created.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    const [row] = await admin(`select id::text as id, count(*) over () as n from auth.users`);
    expect(row).toMatchObject({ n: '1' });
    const id = String(row?.['id']);

    // Each changes what the other did not see.
    const edit = (users: UsersService, seen: Record<string, number>, team: number) =>
      users.act(id, { kind: 'edit', userMetadata: { team }, seen: { userMetadata: seen } }, signal);
    await edit(one, {}, 1);
    expect(await codeOf(edit(two, {}, 2))).toBe('USER_CHANGED');
    expect((await one.get(id, signal)).userMetadata).toEqual({ team: 1 });
    // Different keys do not stand in each other's way.
    await two.act(id, { kind: 'edit', userMetadata: { other: true }, seen: { userMetadata: {} } }, signal);
    expect((await one.get(id, signal)).userMetadata).toEqual({ team: 1, other: true });

    const remove = (users: UsersService) => codeOf(users.act(id, { kind: 'delete', soft: false }, signal));
    const removed = await Promise.all([remove(one), remove(two)]);
    // Auth looks a user up before its transaction and does not ask how many rows went, so its API may thank both.
    expect(['NOT_FOUND', ...(way === 'api' ? ['none'] : [])]).toContain(removed.sort()[0]);
    expect(removed[1]).toBe('none');
    expect(await remove(one)).toBe('NOT_FOUND');
  });
});

describe('a delete', () => {
  beforeEach(async () => {
    await seed(3);
    await admin(`create schema app; grant usage on schema app to postgres, supabase_auth_admin;
      create table app.profiles (id uuid primary key references auth.users on delete cascade);
      create table app.orders (id int primary key, profile uuid references app.profiles on delete cascade, buyer uuid references auth.users);
      create table app.invoices (order_id int references app.orders, note text);
      create table app.visits (by_user uuid references auth.users on delete set null);
      insert into app.profiles select id from auth.users; insert into app.visits select '${idOf(1)}' from generate_series(1, 4);
      insert into app.orders values (1, '${idOf(1)}', '${idOf(1)}'), (2, null, '${idOf(1)}'), (3, null, '${idOf(1)}');
      insert into app.invoices values (1, 'a'), (1, 'b');
      grant all on all tables in schema app to postgres`);
  });

  it('that foreign keys block says which tables and how many rows, through other tables too', async () => {
    const { users, acts } = project.open('sql');
    const expected = [
      { table: 'app.invoices', columns: ['order_id'], effect: 'blocks', rows: 2 },
      // The order that goes with the profile does not block.
      { table: 'app.orders', columns: ['buyer'], effect: 'blocks', rows: 2 },
      { table: 'app.orders', columns: ['profile'], effect: 'deletes', rows: 1 },
      { table: 'app.profiles', columns: ['id'], effect: 'deletes', rows: 1 },
      { table: 'app.visits', columns: ['by_user'], effect: 'clears', rows: 4 },
    ];
    expect(await users.references(idOf(1), signal)).toMatchObject(expected);
    const failure = await users.act(idOf(1), { kind: 'delete', soft: false }, signal).catch(toAppError);
    expect(failure).toMatchObject({ code: 'USER_DELETE_BLOCKED' });
    expect(failure).toHaveProperty(
      'message',
      expect.stringMatching(/app\.invoices \(order_id\): 2 rows; app\.orders \(buyer\): 2 rows/),
    );
    expect(await users.get(idOf(1), signal)).toMatchObject({ id: idOf(1) });
    expect(acts).toMatchObject([{ action: 'user.delete', outcome: 'failed' }]);
    await users.act(idOf(2), { kind: 'delete', soft: false }, signal);
    expect(await codeOf(users.get(idOf(2), signal))).toBe('NOT_FOUND');
  });

  it('by the admin API is not taken for done, and of many the rest goes on', async () => {
    const { users, acts } = project.open('api');
    const events: BulkEvent[] = [];
    for await (const event of users.bulk([1, 2, 3].map(idOf), { kind: 'delete', soft: false }, signal))
      events.push(event);
    expect(events.at(-1)).toMatchObject({ type: 'end', done: 2, failed: 1, total: 3 });
    expect(events.find((event) => event.type === 'problem')).toMatchObject({
      outcome: { id: idOf(1), status: 'failed', error: { code: 'USER_DELETE_BLOCKED' } },
    });
    expect(acts).toMatchObject([
      {
        action: 'user.delete',
        target: '3 users',
        outcome: 'partial',
        detail: '2 done, 0 so already, 1 failed',
      },
    ]);
    expect(await users.count({}, signal)).toBe(1);
  });
});

describe('a service in trouble', () => {
  const ban: UserAction = { kind: 'ban', hours: 24 };
  const breakPut = (trouble: ReturnType<UsersProject['gateway']['trouble']>) => {
    project.gateway.trouble = (method) => (method === 'PUT' ? trouble : undefined);
  };

  it('that refuses, asks to slow down, or fails: nothing was changed, and that is said', async () => {
    await seed(1);
    const { users, acts } = project.open('api');
    const answer = (status: number, error_code: string) => ({
      status,
      body: { code: status, error_code, msg: 'no' },
    });
    for (const [trouble, code] of [
      [answer(422, 'validation_failed'), 'USER_REFUSED'],
      [answer(429, 'over_request_rate_limit'), 'SUPABASE_AUTH_THROTTLED'],
      [answer(500, 'unexpected_failure'), 'SUPABASE_AUTH_UNAVAILABLE'],
      ['cut', 'SUPABASE_AUTH_UNAVAILABLE'],
    ] as const) {
      breakPut(trouble);
      expect(await codeOf(users.act(idOf(1), ban, signal))).toBe(code);
      expect((await users.get(idOf(1), signal)).bannedUntil).toBeUndefined();
    }
    expect(acts.map((entry) => entry.outcome)).toEqual(['failed', 'failed', 'failed', 'failed']);
  });

  it('whose answer was lost after the change: the change is found', async () => {
    await seed(1);
    const { users } = project.open('api');
    breakPut('cut-after');
    const outcome = await users.act(idOf(1), ban, signal);
    expect(outcome).toMatchObject({ status: 'done' });
    expect(outcome.note).toMatch(/the change is there/);
    // A password can't be read back.
    expect(await codeOf(users.act(idOf(1), { kind: 'password', password: 'something-else' }, signal))).toBe(
      'USER_OUTCOME_UNKNOWN',
    );
    project.gateway.trouble = (method) => (method === 'POST' ? 'cut-after' : undefined);
    expect(await users.create({ email: 'late@x.org', confirmed: true }, signal)).toMatchObject({
      status: 'done',
    });
    // Nobody can be asked: neither done nor not done.
    let lost = false;
    project.gateway.trouble = (method) => {
      lost ||= method === 'DELETE';
      return lost ? 'cut' : undefined;
    };
    expect(await codeOf(users.act(idOf(1), { kind: 'delete', soft: false }, signal))).toBe(
      'USER_OUTCOME_UNKNOWN',
    );
  });

  it('in the midst of many: waits where it is asked to, stops where all would fail, and tells what was not touched', async () => {
    await seed(12);
    const { users, acts } = project.open('api');
    let asked = 0;
    project.gateway.trouble = (method) => {
      if (method !== 'PUT') return undefined;
      asked += 1;
      if (asked === 2) return { status: 429, body: { msg: 'slow' }, headers: { 'retry-after': '0' } };
      return asked > 7 ? { status: 401, body: { message: 'Invalid API key' } } : undefined;
    };
    const ids = Array.from({ length: 12 }, (_, index) => idOf(index + 1));
    const events: BulkEvent[] = [];
    for await (const event of users.bulk(ids, { kind: 'ban', hours: 1 }, signal)) events.push(event);
    const end = events.at(-1);
    expect(end).toMatchObject({ type: 'end', done: 6, total: 12, stopped: { code: 'SUPABASE_KEY_REFUSED' } });
    expect(await admin('select 1 from auth.users where banned_until > now()')).toHaveLength(6);
    expect(acts.at(-1)).toMatchObject({ outcome: 'partial' });
    expect(acts.at(-1)?.detail).toMatch(/6 done, 0 so already, \d failed, \d not touched/);
  });
});

describe('import and export', () => {
  const file = [
    'email,name,password_hash,created_at,email_confirmed_at,shoe_size',
    `Ada@x.org,"Lovelace, Ada",$2b$10$${'a'.repeat(53)},2020-02-03T04:05:06Z,true,38`,
    'broken address,,,,,',
    'grace@x.org,Grace,md5:abc,,,',
    'ada@x.org,again,,,,',
    "'=cmd@x.org,,,,,",
    'late@x.org,,,not a day,,',
  ].join('\n');

  it.each(['sql', 'api'] as const)(
    'by way of %s takes the good lines, names the bad ones, and can be run again',
    async (way) => {
      const { users, acts } = project.open(way);
      const run = async (dryRun: boolean) => {
        const events: ImportEvent[] = [];
        for await (const event of users.import(file, dryRun, signal)) events.push(event);
        return events;
      };
      const dry = await run(true);
      expect(await users.count({}, signal)).toBe(0);
      const events = await run(false);
      expect(events.at(-1)).toEqual({ type: 'end', lines: 6, imported: 2, existing: 0, bad: 4, unknown: 0 });
      expect(dry.at(-1)).toEqual(events.at(-1));
      expect(events.find((event) => event.type === 'columns')).toMatchObject({ ignored: ['shoe_size'] });
      expect(events.flatMap((event) => (event.type === 'bad' ? [event.line] : []))).toEqual([3, 4, 5, 7]);
      expect((await run(false)).at(-1)).toMatchObject({ imported: 0, existing: 2, bad: 4 });
      expect(acts.map((entry) => entry.outcome)).toEqual(['partial', 'partial']);

      const { users: found } = await users.list(
        { filter: { migrated: true, text: 'ada@' }, limit: 5 },
        signal,
      );
      expect(found).toMatchObject([{ email: 'ada@x.org', name: 'Lovelace, Ada' }]);
      let csv = '';
      for await (const piece of users.export({}, 'csv', signal)) csv += piece.text;
      expect(csv).toContain("'=cmd@x.org");
      expect(csv.split('\r\n')).toHaveLength(4);
      let json = '';
      for await (const piece of users.export({ text: 'nobody' }, 'json', signal)) json += piece.text;
      expect(JSON.parse(json)).toEqual([]);
    },
  );
});

it('the search index finds the same as without it, follows changes, and goes without a trace', async () => {
  await seed(400, `case when n % 3 = 0 then 'maria' else 'other' end || n || '@example.org'`);
  const { users, acts } = project.open('sql');
  expect((await users.overview(signal)).searchIndex).toMatchObject({ state: 'absent' });
  const search = () => everyPage(users, { filter: { text: 'MARIA' } });
  const before = await search();
  expect(before).toHaveLength(133);
  expect(await users.searchIndex('create', signal)).toMatchObject({ state: 'ready' });
  expect(await search()).toEqual(before);
  await users.act(idOf(1), { kind: 'edit', email: 'new-maria@example.org' }, signal);
  await users.act(idOf(3), { kind: 'delete', soft: false }, signal);
  await users.create({ email: 'maria_%+@example.org', confirmed: true }, signal);
  expect(await search()).toHaveLength(134);
  expect((await users.list({ filter: { text: 'maria_%' }, limit: 9 }, signal)).users).toHaveLength(1);
  expect(await users.count({ text: 'maria' }, signal)).toBe(134);
  const span = { createdFrom: '2026-01-01T00:10:00Z', createdTo: '2026-01-01T00:20:00Z' };
  expect(await everyPage(users, { filter: span })).toHaveLength(70);
  expect(await everyPage(users, { filter: {} })).toHaveLength(400);

  await admin(
    `update auth.users set last_sign_in_at = '2026-05-01T00:00:00Z'::timestamptz + (abs(hashtext(id::text)) % 50) * interval '1 hour' where hashtext(id::text) > 0`,
  );
  await users.act(idOf(7), { kind: 'ban', hours: 2 }, signal);
  await users.act(idOf(8), { kind: 'ban', hours: 2 }, signal);
  await users.act(idOf(8), { kind: 'unban' }, signal);
  const asked = async () => ({
    banned: await everyPage(users, { filter: { state: 'banned' } }),
    bannedMarias: await users.count({ state: 'banned', text: 'maria' }, signal),
    newest: await everyPage(users, { filter: {}, sort: { by: 'lastSignIn', descending: true } }),
    oldest: await everyPage(users, { filter: {}, sort: { by: 'lastSignIn', descending: false } }),
    inMay: await everyPage(users, {
      filter: { signedInFrom: '2026-05-01T03:00:00Z', signedInTo: '2026-05-02', text: 'maria' },
    }),
  });
  const quick = await asked();
  expect(quick).toMatchObject({ banned: [idOf(7)], bannedMarias: 0 });
  expect([quick.newest.length, quick.oldest.length]).toEqual([400, 400]);
  expect(quick.inMay.length).toBeGreaterThan(10);
  await users.searchIndex('drop', signal);
  expect(
    await admin(`select 1 from pg_class where relname in ('user_search', 'user_states')
      union all select 1 from pg_trigger where tgname like 'cutover%'`),
  ).toEqual([]);
  expect(await asked()).toEqual(quick);
  expect(await search()).toHaveLength(134);
  expect(acts.filter((entry) => entry.action.startsWith('users.search-index'))).toHaveLength(2);
});

it('figures agree by both ways', async () => {
  await seed(30);
  await admin(
    `update auth.users set created_at = now() - interval '1 day', last_sign_in_at = now() where id <= '${idOf(10)}'`,
  );
  const [bySql, byApi] = [project.open('sql').users, project.open('api').users];
  const figures = await bySql.stats(7, signal);
  expect(figures).toMatchObject({
    total: 30,
    activeDay: 10,
    neverSignedIn: 20,
    providers: [{ provider: 'email', count: 30 }],
  });
  expect(figures.signUps.map((day) => day.count)).toEqual([0, 0, 0, 0, 0, 10, 0]);
  expect(figures.lastSeen.map((day) => day.count)).toEqual([0, 0, 0, 0, 0, 0, 10]);
  expect(await byApi.stats(7, signal)).toEqual(figures);
});
