import { AppError } from '#shared/model/errors';
import type { Evidence } from '#shared/model/run';
import { z } from 'zod';
import { defineStep, type RunContext } from '../../engine/step';
import type { MigrationPorts } from '../../ports/migration-ports';
import { tableLabel } from '../common/tables';
import { readAuthTables } from './auth-tables';
import { adoptApiUsers, hasApiUsers } from './adopt-api-users';
import { readTakenUsers, readTriggers } from './auth-side';
import { batchSize, exceptionsBy } from './batches';
import { tryCanary } from './canary';
import { addCarried, carriedSchema, carryChanges, nothingCarried, type Carried } from './carry-users';
import { verifyByApi } from './compare-by-api';
import { compareUsers } from './compare-users';
import { importByApi } from './import-by-api';
import { insertUsers } from './insert-users';
import { passwordColumnWarnings } from './password-columns';
import {
  describeUsersPlan,
  listed,
  planWarnings,
  roughly,
  usersPlanSchema,
  type UsersPlan,
} from './plan-users';
import { readAhead } from './read-ahead';
import { mappingInForce } from './resolve-mapping';
import { sampleThroughApi } from './sample-api';
import type { ResolvedMapping } from './source-sql';
import { applyExceptions, isLeftOut, readUsers, surveyUsers } from './source-users';
import { refreshSearchTable } from './search-table';
import { createUserMap } from './user-map';

type Ports = Pick<MigrationPorts, 'database' | 'auth' | 'usersMapping'>;

const unitSchema = z.object({
  users: z.number(),
  /** Key of the last user that was read; null at the end of the table. */
  last: z.string().nullable(),
  carried: carriedSchema.optional(),
});
const outputSchema = z.object({ imported: z.number(), skipped: z.number(), carried: carriedSchema });

/** Whether the application's triggers have to be kept from firing. */
export const isSilent = (plan: Pick<UsersPlan, 'mapping' | 'triggers'>): boolean =>
  plan.triggers.length > 0 && plan.mapping?.choices.triggers === 'skip';

async function importBySql(
  mapping: ResolvedMapping,
  plan: UsersPlan,
  context: RunContext<Ports>,
): Promise<{ imported: number; carried: Carried }> {
  const { database } = context.ports;
  const exceptions = exceptionsBy(plan.exceptions);
  const silent = isSilent(plan);
  return database.source.use(context.signal, (source) =>
    database.target.use(context.signal, async (target) => {
      const tables = await readAuthTables(target);
      await createUserMap(target);
      const byApi = await hasApiUsers(target, mapping.sources.map(tableLabel));
      let imported = 0;
      let carried = nothingCarried;
      for (const one of mapping.sources) {
        let after: string | null = null;
        const pages = readAhead(batchSize, (from: string | null) =>
          readUsers(source, one, mapping.choices, from, batchSize),
        );
        for (;;) {
          const from: string | null = after;
          const batch: z.infer<typeof unitSchema> = await context.unit(
            `${tableLabel(one)} after ${from ?? 'the start'}`,
            unitSchema,
            async () => {
              const page = await pages.read(from);
              const users = applyExceptions(page, exceptions);
              if (byApi && users.length > 0) await adoptApiUsers(target, users, { silent });
              const inserted = users.length === 0 ? 0 : await insertUsers(target, tables, users, { silent });
              const last = page.at(-1)?.key ?? null;
              // Users of an earlier import are brought up to what the application has now.
              if (inserted === users.length) return { users: users.length, last };
              return { users: users.length, last, carried: await carryChanges(target, users, { silent }) };
            },
          );
          imported += batch.users;
          carried = addCarried(carried, batch.carried ?? nothingCarried);
          context.progress({ done: imported, total: Math.max(plan.about, imported), unit: 'users' });
          if (batch.last === null) break;
          after = batch.last;
        }
      }
      // Without this the planner knows nothing of the rows until the server's own upkeep comes by.
      await target.execute('analyze cutover.imported_users');
      if (silent) await refreshSearchTable(target);
      return { imported, carried };
    }),
  );
}

/** Imports the application's users into Supabase Auth with their ids and password hashes. */
export const usersStep = defineStep<Ports, UsersPlan, z.infer<typeof outputSchema>>({
  id: 'users.import',
  version: 4,
  title: 'Import the users',
  lane: 'users',
  needs: ['database.finish'],
  effect: 'create',
  planSchema: usersPlanSchema,
  outputSchema,

  plan({ ports, signal }) {
    return ports.database.source.use(signal, async (source) => {
      const mapping = await mappingInForce(source, ports.usersMapping);
      const way = ports.database.target.configured ? 'sql' : 'api';
      if (mapping === undefined)
        return { way, mapping: null, about: 0, exceptions: [], refused: [], triggers: [] };
      const { counts, exceptions } = await surveyUsers(source, mapping);
      const triggers = await readTriggers(ports, signal);
      const taken =
        mapping.choices.clashes === 'skip'
          ? await readTakenUsers(ports, source, mapping, exceptions, signal)
          : [];
      return {
        way,
        mapping,
        about: roughly(counts.users),
        exceptions: [...exceptions, ...taken],
        refused: counts.hashes.filter((one) => !one.accepted && one.kind !== 'none').map((one) => one.kind),
        triggers,
      };
    });
  },

  describe: describeUsersPlan,

  async check(plan, { ports, signal }) {
    const { mapping } = plan;
    if (mapping === null) {
      return {
        state: 'conflict',
        error: new AppError(
          'USERS_TABLE_NOT_FOUND',
          'No table of the source has both an e-mail address and a password hash.',
          {
            hint: 'Name the table and its columns in a mapping, or leave the users out (--only database,objects).',
          },
        ),
      };
    }
    return ports.database.source.use(signal, async (source) => {
      const taken = await readTakenUsers(ports, source, mapping, plan.exceptions, signal);
      if (taken.length === 0) return { state: 'pending' };
      const error = new AppError(
        'USERS_CONFLICT',
        `The Auth service already has users with the id, address or number of ${taken.length} users to import: ${listed(taken.map((user) => user.key))}.`,
        {
          hint: 'Use a new project, delete those users there, or choose in the mapping to leave them out. Nothing was written.',
        },
      );
      return { state: 'conflict', error };
    });
  },

  async run(plan, context) {
    const { mapping } = plan;
    if (mapping === null) throw new AppError('USERS_TABLE_NOT_FOUND', 'The plan names no table of users.');
    const { imported, carried } =
      plan.way === 'api'
        ? { imported: await importByApi(mapping, plan, context), carried: nothingCarried }
        : await importBySql(mapping, plan, context);
    for (const warning of planWarnings(plan)) await context.warn(warning);
    const left =
      plan.way === 'api'
        ? []
        : await context.ports.database.target.use(context.signal, (target) =>
            passwordColumnWarnings(target, mapping),
          );
    for (const warning of left) await context.warn(warning);
    return { imported, skipped: plan.exceptions.filter(({ reason }) => isLeftOut(reason)).length, carried };
  },

  async verify(plan, output, context) {
    const { ports, signal } = context;
    const { mapping } = plan;
    if (mapping === null) return [];
    const exceptions = exceptionsBy(plan.exceptions);
    const onCompared = (compared: number): void =>
      context.progress({ done: compared, total: Math.max(output.imported, compared), unit: 'users' });
    if (plan.way === 'api') {
      return ports.database.source.use(signal, (source) =>
        verifyByApi(source, ports.auth, mapping, exceptions, onCompared, signal),
      );
    }
    return ports.database.source.use(signal, (source) =>
      ports.database.target.use(signal, async (target): Promise<Evidence[]> => {
        const tables = await readAuthTables(target);
        const evidence = await compareUsers({ source, target }, mapping, tables, exceptions, onCompared);
        const canary = await tryCanary(target, ports.auth, tables, isSilent(plan), signal);
        return [...evidence, canary, ...(await sampleThroughApi(target, ports.auth, signal))];
      }),
    );
  },
});
