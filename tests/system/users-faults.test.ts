import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import type { UsersService } from '#core/services/users/users-service';
import { toAppError } from '#shared/model/errors';
import type { NewActivity } from '#shared/model/activity';
import type { UserAction } from '#shared/model/users';
import { sql } from '../integration/database-fixture';
import {
  startGateway,
  startUsersProject,
  type Trouble,
  type UsersProject,
} from '../integration/users-fixture';
import { through } from '../support/proxy';
import { startStatementProxy, type StatementFault } from '../support/statement-proxy';

/** Every place at which an act can be disturbed: `CUTOVER_FAULTS=all npm run test:system`. */
const everywhere = process.env['CUTOVER_FAULTS'] === 'all';

const { signal } = new AbortController();
setMaxListeners(0, signal);
let project: UsersProject;
beforeAll(async () => {
  project = await startUsersProject();
  await sql(project.managed.adminUrl, 'truncate auth.users cascade');
});
afterAll(() => project.close());

interface Subject {
  id: string;
  email: string;
  newEmail: string;
  factorId: string;
  passkeyId: string;
}

/** A user in the state in which each act has something to do. */
async function newSubject(kind: string): Promise<Subject> {
  const subject: Subject = {
    id: randomUUID(),
    email: `${randomUUID()}@example.org`,
    newEmail: `${randomUUID()}@example.org`,
    factorId: randomUUID(),
    passkeyId: randomUUID(),
  };
  const { id, email, factorId, passkeyId } = subject;
  await sql(
    project.managed.adminUrl,
    `insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, banned_until, raw_app_meta_data,
       raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new)
     values ('00000000-0000-0000-0000-000000000000', '${id}', 'authenticated', 'authenticated', '${email}', 'old',
       ${kind === 'confirm' ? 'null' : 'now()'}, ${kind === 'unban' ? `now() + interval '1 day'` : 'null'},
       '{"provider": "email", "providers": ["email"]}', '{"plan": "free"}', now(), now() - interval '1 day', '', '', '', '');
     insert into auth.identities (provider_id, user_id, provider, identity_data, created_at, updated_at)
       values ('${id}', '${id}', 'email', jsonb_build_object('sub', '${id}', 'email', '${email}'), now(), now());
     insert into auth.sessions (id, user_id, created_at, updated_at) values (gen_random_uuid(), '${id}', now(), now());
     insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
       values ('${factorId}', '${id}', 'totp', 'verified', now(), now());
     insert into auth.webauthn_credentials (id, user_id, credential_id, public_key, created_at, updated_at)
       values ('${passkeyId}', '${id}', uuid_send('${passkeyId}'), '\\x02', now(), now())`,
  );
  return subject;
}

interface Act {
  name: string;
  run: (users: UsersService, subject: Subject) => Promise<{ status: string }>;
  /** SQL: whether it was done, over `u`, the user, which may be gone. */
  done: (subject: Subject) => string;
  /** Whether nobody can see afterwards what became of it. */
  invisible?: 'always' | 'api';
}

const action = (
  name: string,
  of: (subject: Subject) => UserAction,
  done: Act['done'],
  invisible?: Act['invisible'],
): Act => ({
  name,
  run: (users, subject) => users.act(subject.id, of(subject), signal),
  done,
  ...(invisible === undefined ? {} : { invisible }),
});

const acts: readonly Act[] = [
  action(
    'edit',
    ({ newEmail }) => ({ kind: 'edit', email: newEmail, userMetadata: { plan: 'pro' } }),
    ({ newEmail }) => `u.email = '${newEmail}' and u.raw_user_meta_data ->> 'plan' = 'pro'`,
  ),
  action(
    'confirm',
    () => ({ kind: 'confirm' }),
    () => 'u.email_confirmed_at is not null',
  ),
  action(
    'password',
    () => ({ kind: 'password', password: 'another-password' }),
    () => `u.encrypted_password <> 'old'`,
    'always',
  ),
  action(
    'ban',
    () => ({ kind: 'ban', hours: 24 }),
    () => 'u.banned_until > now()',
  ),
  action(
    'unban',
    () => ({ kind: 'unban' }),
    () => 'u.banned_until is null',
  ),
  action(
    'signOut',
    () => ({ kind: 'signOut' }),
    () => 'not exists (select from auth.sessions s where s.user_id = u.id)',
    'api',
  ),
  action(
    'soft delete',
    () => ({ kind: 'delete', soft: true }),
    () => 'u.deleted_at is not null',
  ),
  action(
    'delete',
    () => ({ kind: 'delete', soft: false }),
    () => 'u.id is null',
  ),
  action(
    'removeFactor',
    ({ factorId }) => ({ kind: 'removeFactor', factorId }),
    ({ factorId }) => `not exists (select from auth.mfa_factors f where f.id = '${factorId}')`,
  ),
  action(
    'removePasskey',
    ({ passkeyId }) => ({ kind: 'removePasskey', passkeyId }),
    ({ passkeyId }) => `not exists (select from auth.webauthn_credentials c where c.id = '${passkeyId}')`,
  ),
  {
    name: 'create',
    run: (users, { newEmail }) => users.create({ email: newEmail, confirmed: true }, signal),
    done: ({ newEmail }) => `exists (select from auth.users n where n.email = '${newEmail}')`,
  },
  {
    name: 'recovery mail',
    run: (users, { email }) => users.send({ email, kind: 'recovery' }, signal),
    done: () => 'u.recovery_sent_at is not null',
    invisible: 'always',
  },
];

async function isDone(act: Act, subject: Subject): Promise<boolean> {
  const [row] = await sql(
    project.managed.adminUrl,
    `select (${act.done(subject)}) is true as done from (values (1)) one left join auth.users u on u.id = '${subject.id}'`,
  );
  return row?.['done'] === true;
}

interface Verdict {
  told: 'done' | 'not done' | 'not known';
  code?: string;
}

async function perform(act: Act, users: UsersService, subject: Subject): Promise<Verdict> {
  try {
    await act.run(users, subject);
    return { told: 'done' };
  } catch (error) {
    const { code } = toAppError(error);
    return { told: code === 'USER_OUTCOME_UNKNOWN' ? 'not known' : 'not done', code };
  }
}

/** What was told must be so, and Activity must say the same. */
async function judge(
  title: string,
  act: Act,
  subject: Subject,
  verdict: Verdict,
  entries: readonly NewActivity[],
): Promise<void> {
  const so = await isDone(act, subject);
  const name = `${act.name}, ${title}: ${JSON.stringify(verdict)}`;
  if (verdict.told !== 'not known') expect(so, name).toBe(verdict.told === 'done');
  expect(verdict.code, name).not.toBe('INTERNAL');
  expect(
    entries.map((entry) => entry.outcome),
    name,
  ).toEqual([verdict.told === 'done' ? 'done' : 'failed']);
}

describe('the admin API', () => {
  const answer = (status: number, error_code?: string): Trouble => ({
    status,
    body: { code: status, msg: 'no', ...(error_code === undefined ? {} : { error_code }) },
  });
  const troubles: Record<string, Trouble> = {
    422: answer(422, 'validation_failed'),
    429: answer(429, 'over_request_rate_limit'),
    500: answer(500, 'unexpected_failure'),
    504: answer(504),
    cut: 'cut',
    'cut after': 'cut-after',
    'no answer': 'hang',
    'answer after the time-out': 'late',
  };
  /** Where the answer says that nothing was done, or what was done can be seen, nothing may stay open. */
  const clear = ['422', '429', '500', 'cut'];

  it.each(Object.entries(troubles))(
    'answers %s in the midst of an act: what is told is so',
    async (title, trouble) => {
      const unknown: string[] = [];
      await Promise.all(
        acts.map(async (act) => {
          const gateway = await startGateway(project.supabase.url);
          const { users, acts: entries } = project.open('api', {
            url: gateway.url,
            ...(trouble === 'hang' || trouble === 'late' ? { timeout: 2_500 } : {}),
          });
          try {
            for (let place = 1; ; place += 1) {
              const subject = await newSubject(act.name);
              let asked = 0;
              let disturbed = '';
              entries.length = 0;
              gateway.trouble = (method, path) => {
                asked += 1;
                if (asked !== place) return undefined;
                disturbed = `${method} ${path.replaceAll(/[0-9a-f-]{36}/g, ':id')}`;
                return trouble;
              };
              const verdict = await perform(act, users, subject);
              await gateway.settled();
              await judge(`request ${place} ${disturbed} answered ${title}`, act, subject, verdict, entries);
              if (verdict.told === 'not known') {
                // What only looks or prepares leaves no doubt.
                expect(disturbed, act.name).not.toMatch(/^GET|generate_link|verify/);
                unknown.push(`${act.name}, ${disturbed}`);
                if (clear.includes(title)) expect(act.invisible, `${act.name}, ${disturbed}`).toBeDefined();
              }
              if (asked < place) {
                expect(verdict, act.name).toEqual({ told: 'done' });
                break;
              }
            }
          } finally {
            await gateway.close();
          }
        }),
      );
      if (title === '422' || title === '429') expect(unknown).toEqual([]);
    },
  );
});

describe('the database', () => {
  const viaSql = acts.filter((act) => act.name !== 'recovery mail');

  it.each<StatementFault>(['cut before', 'cut after'])(
    'whose connection is %s a statement: what is told is so',
    async (fault) => {
      await Promise.all(
        viaSql.map(async (act) => {
          const proxy = await startStatementProxy(project.managed.url);
          const { users, acts: entries } = project.open('database', {
            databaseUrl: through(project.managed.url, proxy),
          });
          const attempt = async (place: number): Promise<void> => {
            const subject = await newSubject(act.name);
            entries.length = 0;
            proxy.disturb(place, fault);
            const verdict = await perform(act, users, subject);
            await judge(`statement ${place} ${fault}`, act, subject, verdict, entries);
            if (act.invisible !== 'always')
              expect(verdict.told, `${act.name}, statement ${place} ${fault}`).not.toBe('not known');
          };
          try {
            // The first connection is made and looked at before anything is counted.
            await users.count({}, signal);
            const from = proxy.statements;
            const whole = await newSubject(act.name);
            await act.run(users, whole);
            const statements = proxy.statements - from;
            const all = Array.from({ length: statements }, (_, index) => index + 1);
            const some = [Math.ceil(Math.random() * (statements - 2)), statements - 1, statements];
            for (const place of everywhere ? all : some) await attempt(place);
          } finally {
            await users.close();
            await proxy.close();
          }
        }),
      );
    },
  );

  it('in which somebody holds the user: it is said, and nothing is changed', async () => {
    const subject = await newSubject('ban');
    const { users, acts: entries } = project.open('database');
    const holder = new Client({ connectionString: project.managed.adminUrl });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query('select from auth.users where id = $1 for update', [subject.id]);
      const failure = await users.act(subject.id, { kind: 'ban', hours: 1 }, signal).catch(toAppError);
      expect(failure).toMatchObject({
        code: 'TIMED_OUT',
        message: 'Another transaction holds this user. Nothing was changed.',
      });
    } finally {
      await holder.end();
    }
    expect((await users.get(subject.id, signal)).bannedUntil).toBeUndefined();
    expect(entries).toMatchObject([{ outcome: 'failed' }]);
  });
});

describe('two operators at once', () => {
  it.each([
    ['sql', 'sql'],
    ['api', 'api'],
    ['sql', 'api'],
  ] as const)('by way of %s and %s: each act is done once, and each is told the truth', async (one, two) => {
    for (const act of acts) {
      const subject = await newSubject(act.name);
      const operators = [project.open(one), project.open(two)];
      const verdicts = await Promise.all(operators.map(({ users }) => perform(act, users, subject)));
      expect(await isDone(act, subject), act.name).toBe(true);
      expect(
        verdicts.some((verdict) => verdict.told === 'done'),
        act.name,
      ).toBe(true);
      for (const { code } of verdicts)
        expect([undefined, 'NOT_FOUND', 'USER_EXISTS', 'USER_CHANGED'], `${act.name} ${code}`).toContain(
          code,
        );
    }
  });
});
