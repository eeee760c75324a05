import { counted } from '#shared/model/counted';
import { AppError, toAppError } from '#shared/model/errors';
import { z } from 'zod';
import { auditEntrySchema } from '#shared/model/users';
import type { ResetCounts, SearchIndex, UserReference } from '#shared/contract/users';
import type { Database, DatabaseSession } from '../../../ports/database';
import type { ImportedBatch, UserDirectory } from '../../../ports/users';
import { isUncertain } from '../perform';
import { pathLimit } from '../refusals';
import { actOn, asUserFailure } from './actions';
import { createUser, ImportBatch, importUsers } from './create';
import { countUsers, listUsers } from './list';
import { issueToken } from './links';
import { findReferences } from './references';
import { countResets, nextReset } from './resets';
import { iso, nilUuid, readDetail } from './rows';
import { changeSearchIndex, readSearchIndex } from './search-index';
import { keepSessions } from './sessions';
import { readStats } from './stats';

/** The directory over a database connection, with what only it can do. */
export interface SqlDirectory extends UserDirectory {
  searchIndex(signal: AbortSignal): Promise<SearchIndex>;
  countResets(signal: AbortSignal): Promise<ResetCounts>;
  nextReset(except: readonly string[], signal: AbortSignal): ReturnType<typeof nextReset>;
  /** Writes into the project's database; the operator has seen the SQL and agreed. */
  changeSearchIndex(act: 'create' | 'drop', signal: AbortSignal): Promise<SearchIndex>;
}

/** Milliseconds: the audit log has no index for one user, and nobody waits long for it. */
const auditTimeoutMs = 4_000;
const auditRow = z.object({
  id: z.string(),
  at: z.string().nullable(),
  action: z.string().nullable(),
  by: z.string().nullable(),
  ip: z.string().nullable(),
});
const idRow = z.object({ id: z.string() });

/** Opens the way through the tables of the Auth service. `projectUrl` is where links lead to. */
export function openSqlDirectory(database: Database, projectUrl: string | undefined): SqlDirectory {
  const sessions = keepSessions(database);
  let indexed: boolean | undefined;
  const hasIndex = async (session: DatabaseSession): Promise<boolean> => {
    indexed ??= (await readSearchIndex(session)).state === 'ready';
    return indexed;
  };
  const write = async <T>(
    signal: AbortSignal,
    work: (session: DatabaseSession) => Promise<T>,
  ): Promise<T> => {
    try {
      return await sessions.transaction(signal, work);
    } catch (error) {
      throw asUserFailure(error);
    }
  };

  return {
    path: 'sql',
    limits: [],
    list: (query, signal) =>
      sessions.use(signal, async (session) => {
        try {
          return await listUsers(session, query, await hasIndex(session));
        } catch (error) {
          // Somebody may have removed the search table since it was looked for.
          indexed = undefined;
          throw error;
        }
      }),
    count: (filter, signal) =>
      sessions.use(signal, async (session) => countUsers(session, filter, await hasIndex(session))),
    get: (id, signal) => sessions.use(signal, (session) => readDetail(session, id)),
    // Whoever changes the user holds its row until the change is made or undone.
    settled: (id, signal) => sessions.transaction(signal, (session) => readDetail(session, id, 'lock')),
    findByEmail: (email, signal) =>
      sessions.use(signal, async (session) => {
        const [row] = await session.query(
          idRow,
          `select u.id::text as id from auth.users u where u.instance_id = '${nilUuid}' and lower(u.email) = lower($1)
           order by u.email = $1 desc, u.email = lower($1) desc, u.id limit 1`,
          [email],
        );
        return row === undefined ? undefined : readDetail(session, row.id);
      }),
    audit: (id, signal) =>
      sessions.use(signal, async (session) => {
        await session.execute('begin');
        try {
          await session.execute(`set local statement_timeout = ${auditTimeoutMs}`);
          const rows = await session.query(
            auditRow,
            `select a.id::text as id, ${iso('a.created_at')} as at, a.payload ->> 'action' as action,
               a.payload ->> 'actor_username' as by, nullif(a.ip_address, '') as ip
             from auth.audit_log_entries a
             where a.payload ->> 'actor_id' = $1 or a.payload -> 'traits' ->> 'user_id' = $1
             order by a.created_at desc nulls last limit 50`,
            [id],
          );
          return {
            entries: rows.map(({ id: entry, at, action, by, ip }) =>
              auditEntrySchema.parse({
                id: entry,
                action: action ?? 'unknown',
                ...(at === null ? {} : { at }),
                ...(by === null ? {} : { by }),
                ...(ip === null ? {} : { ip }),
              }),
            ),
          };
        } catch (error) {
          if (toAppError(error).code !== 'TIMED_OUT') throw error;
          return {
            entries: [],
            note: 'The audit log is too long to be looked through. The project’s own log pages show it.',
          };
        } finally {
          await session.execute('rollback');
        }
      }),
    create: (user, signal) =>
      write(signal, async (session) => readDetail(session, await createUser(session, user))),
    act: async (id, action, signal) => {
      try {
        return await write(signal, (session) => actOn(session, id, action));
      } catch (error) {
        const failure = toAppError(error);
        const state = failure.details?.sqlstate;
        if (action.kind !== 'delete' || (state !== '23503' && state !== '23502')) throw failure;
        throw blocked(await sessions.use(signal, (session) => findReferences(session, id)), failure);
      }
    },
    references: (id, signal) =>
      sessions.use(signal, async (session) => {
        await readDetail(session, id);
        return findReferences(session, id);
      }),
    link: async ({ email, id, kind, redirectTo }, signal) => {
      if (projectUrl === undefined) {
        throw pathLimit('A link needs the address of the project.', 'Enter SUPABASE_URL in Connections.');
      }
      const token = await write(signal, (session) => issueToken(session, { email, id, kind }));
      const query = new URLSearchParams({
        token,
        type: kind,
        ...(redirectTo === undefined ? {} : { redirect_to: redirectTo }),
      });
      return `${projectUrl}/auth/v1/verify?${query.toString()}`;
    },
    importUsers: async (users, dryRun, signal) => {
      const batch = new ImportBatch(users);
      const attempt = () => sessions.use(signal, (session) => importUsers(session, batch, dryRun));
      try {
        return { results: await attempt() };
      } catch (error) {
        if (signal.aborted || !isUncertain(toAppError(error))) return stoppedAt(batch, 'untouched', error);
      }
      try {
        return { results: await attempt() };
      } catch (error) {
        return stoppedAt(batch, dryRun ? 'untouched' : 'unknown', error);
      }
    },
    stats: (days, signal) => sessions.use(signal, (session) => readStats(session, days)),
    countResets: (signal) => sessions.use(signal, countResets),
    nextReset: (except, signal) => sessions.use(signal, (session) => nextReset(session, except)),
    searchIndex: async (signal) => {
      const index = await sessions.use(signal, readSearchIndex);
      indexed = index.state === 'ready';
      return index;
    },
    changeSearchIndex: async (act, signal) => {
      indexed = undefined;
      const session = await database.open(signal);
      try {
        return await changeSearchIndex(session, act);
      } finally {
        await session.close();
      }
    },
    close: () => sessions.close(),
  };
}

/** Nobody knows of a batch more than this; its transaction is one. */
function stoppedAt({ users }: ImportBatch, status: 'untouched' | 'unknown', error: unknown): ImportedBatch {
  return { results: users.map(() => ({ status })), stopped: toAppError(error) };
}

function blocked(references: readonly UserReference[], cause: AppError): AppError {
  const blockers = references.filter((reference) => reference.effect === 'blocks');
  const named = blockers.map(({ table, columns, rows }) => {
    const what = `${table} (${columns.join(', ')})`;
    return rows === undefined ? what : `${what}: ${counted(rows, 'row')}`;
  });
  const fallback = cause.details?.table ?? 'another table';
  return new AppError(
    'USER_DELETE_BLOCKED',
    `The user was not deleted. Still needed by ${named.length === 0 ? fallback : named.join('; ')}.`,
    {
      hint: 'Delete those rows or give them to another user first, or delete the user softly, which keeps the row.',
      details: cause.details,
    },
  );
}
