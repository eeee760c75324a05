import { setTimeout as wait } from 'node:timers/promises';
import { AppError, toAppError } from '#shared/model/errors';
import { z } from 'zod';
import type { RunContext } from '../../engine/step';
import type { AuthPort } from '../../ports/auth';
import type { MigrationPorts } from '../../ports/migration-ports';
import { tableLabel } from '../common/tables';
import { apiIdOf, isImported, newAuthUser, readAuthUsers } from './api-users';
import { exceptionsBy } from './batches';
import type { UsersPlan } from './plan-users';
import type { ResolvedMapping } from './source-sql';
import { applyExceptions, readUsers, type SourceUser } from './source-users';

/** Users between two boundaries at which a run pauses or stops. */
const batchSize = 500;
/** Users that are made at a time. */
const width = 8;
/** How often a request is made before the run fails. */
const attempts = 6;

const unitSchema = z.object({
  users: z.number(),
  /** Key of the last user that was read; null at the end of the table. */
  last: z.string().nullable(),
});

/** Makes one user unless an import has made it. Throws `USERS_CONFLICT` when somebody else has its id, address or number. */
async function createByApi(auth: AuthPort, user: SourceUser, signal: AbortSignal): Promise<'made' | 'there'> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await auth.createUser(newAuthUser(user), signal);
      return 'made';
    } catch (error) {
      const failure = toAppError(error);
      const { code, details } = failure;
      if (code === 'SUPABASE_AUTH_THROTTLED' && attempt < attempts) {
        await wait(Math.min(60, Number(details?.retryAfter ?? 2 ** attempt)) * 1000, undefined, { signal });
        continue;
      }
      const uncertain = code === 'SUPABASE_AUTH_UNAVAILABLE' || code === 'HOST_UNREACHABLE';
      if (!uncertain && code !== 'USER_EXISTS') throw named(user, failure);
      // The service may have made the user without an answer; of a taken id it says so in a way that looks like any other failure.
      const there = await auth.findUser(apiIdOf(user), signal);
      if (there !== undefined && isImported(there, user)) return 'there';
      if (there !== undefined || code === 'USER_EXISTS') throw taken(user);
      if (attempt === attempts) throw named(user, failure);
      await wait(Math.min(30, 2 ** attempt) * 500, undefined, { signal });
    }
  }
}

const taken = (user: SourceUser): AppError =>
  new AppError(
    'USERS_CONFLICT',
    `Somebody else at the Auth service has the id, address or number of ${user.source}:${user.key}.`,
    { hint: 'A user has signed up on either side since the plan was made. Plan again.' },
  );

function named(user: SourceUser, failure: AppError): AppError {
  const { code, message, hint, retryable, details } = failure;
  if (code === 'CANCELLED') return failure;
  return new AppError(code, `${user.source}:${user.key} was not imported. ${message}`, {
    hint,
    retryable,
    details,
    cause: failure,
  });
}

/** Makes these users, several at a time; after a failure none is begun any more, and it is told when those under way have ended. */
export async function createAllByApi(
  auth: AuthPort,
  users: readonly SourceUser[],
  signal: AbortSignal,
): Promise<void> {
  const waiting = users.values();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const user of waiting) {
      if (failures.length > 0) return;
      try {
        await createByApi(auth, user, signal);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  if (failures.length > 0) throw failures[0];
}

/** Imports every user by the admin API. Who was imported before is known by the id and not asked for again. */
export async function importByApi(
  mapping: ResolvedMapping,
  plan: UsersPlan,
  context: RunContext<Pick<MigrationPorts, 'database' | 'auth'>>,
): Promise<number> {
  const { ports, signal } = context;
  const exceptions = exceptionsBy(plan.exceptions);
  const there = await readAuthUsers(ports.auth, signal);
  return ports.database.source.use(signal, async (source) => {
    let imported = 0;
    for (const one of mapping.sources) {
      let after: string | null = null;
      for (;;) {
        const from: string | null = after;
        const batch: z.infer<typeof unitSchema> = await context.unit(
          `${tableLabel(one)} after ${from ?? 'the start'}`,
          unitSchema,
          async () => {
            const page = await readUsers(source, one, mapping.choices, from, batchSize);
            const users = applyExceptions(page, exceptions);
            const missing = users.filter((user) => {
              const found = there.get(apiIdOf(user));
              return found === undefined || !isImported(found, user);
            });
            await createAllByApi(ports.auth, missing, signal);
            return { users: users.length, last: page.at(-1)?.key ?? null };
          },
        );
        imported += batch.users;
        context.progress({ done: imported, total: Math.max(plan.about, imported), unit: 'users' });
        if (batch.last === null) break;
        after = batch.last;
      }
    }
    return imported;
  });
}
