import { AppError } from '#shared/model/errors';
import type { Warning } from '#shared/model/run';
import { z } from 'zod';
import { defineStep, type RunContext } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { tableLabel } from '../common/tables';
import { countAuthUsers, findTaken, insertUsers, readAuthTables } from './auth-tables';
import { compareUsers } from './compare-users';
import { countUsers, readSkipped, readUsers, skippedUserSchema } from './source-users';
import { findUsersTable, usersTableSchema, type UsersTable } from './users-table';

const batchSize = 1_000;

type Ports = Pick<MigrationPorts, 'database' | 'auth'>;

const planSchema = z.object({
  table: usersTableSchema.nullable(),
  /** To two digits, so that a sign-up on a live source does not change the plan every time. */
  about: z.number(),
  skipped: z.array(skippedUserSchema),
  /** Hash formats that the Auth service can't verify. */
  refused: z.array(z.string()),
});
type Plan = z.infer<typeof planSchema>;

const unitSchema = z.object({ imported: z.number(), last: z.string().nullable() });
const outputSchema = z.object({ imported: z.number(), skipped: z.number() });

/** A number to two digits. */
function roughly(count: number): number {
  const magnitude = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
  return Math.round(count / magnitude) * magnitude;
}

const listed = (ids: readonly string[]): string =>
  `${ids.slice(0, 20).join(', ')}${ids.length > 20 ? ', …' : ''}`;

function warningsOf({ skipped, refused }: Plan): Warning[] {
  const of = (reason: string): string[] =>
    skipped.filter((user) => user.reason === reason).map((user) => user.id);
  const duplicates = of('duplicate');
  const nameless = of('no-email');
  return [
    ...(duplicates.length === 0
      ? []
      : [
          {
            code: 'USERS_CASE_DUPLICATES',
            message: `${duplicates.length} users are not imported, because another one with the same address in other letter case signed in later: ${listed(duplicates)}.`,
            hint: 'Their rows stay in the users table. Merge them, or give them another address, before the switch.',
          },
        ]),
    ...(nameless.length === 0
      ? []
      : [
          {
            code: 'USERS_WITHOUT_EMAIL',
            message: `${nameless.length} users have no address and are not imported: ${listed(nameless)}.`,
          },
        ]),
    ...(refused.length === 0
      ? []
      : [
          {
            code: 'USERS_HASH_REFUSED',
            message: `Password hashes of the kind ${refused.join(', ')} can not be verified by the Auth service; those users arrive without a password.`,
            hint: 'They sign in by a password reset.',
          },
        ]),
  ];
}

const isUuid = (table: UsersTable): boolean => table.idType === 'uuid';

/** The first conflict between the source's users and those that the Auth service has. */
async function findConflict(
  source: DatabaseSession,
  target: DatabaseSession,
  table: UsersTable,
  plan: Plan,
): Promise<AppError | undefined> {
  if ((await countAuthUsers(target)) === 0) return undefined;
  const skipped = plan.skipped.map((user) => user.id);
  let after: string | null = null;
  for (;;) {
    const users = await readUsers(source, table, after, skipped, batchSize);
    const last = users.at(-1);
    if (last === undefined) return undefined;
    const taken = await findTaken(target, users);
    if (taken.length > 0) {
      return new AppError(
        'USERS_CONFLICT',
        `The Auth service already has users with the id or address of ${taken.length} users to import: ${listed(taken)}.`,
        {
          hint: 'Use a new project, or delete those users there. Nothing was written.',
        },
      );
    }
    after = last.id;
  }
}

async function importAll(table: UsersTable, plan: Plan, context: RunContext<Ports>): Promise<number> {
  const { database } = context.ports;
  const skipped = plan.skipped.map((user) => user.id);
  return database.source.use(context.signal, (source) =>
    database.target.use(context.signal, async (target) => {
      const tables = await readAuthTables(target);
      let after: string | null = null;
      let imported = 0;
      for (;;) {
        const from: string | null = after;
        const batch: z.infer<typeof unitSchema> = await context.unit(
          `after ${from ?? 'the start'}`,
          unitSchema,
          async ({ begunBefore }) => {
            const users = await readUsers(source, table, from, skipped, batchSize);
            // Users who signed up meanwhile shift the batches, so a later batch may meet some of an earlier attempt's.
            const again = begunBefore || context.resumed;
            if (users.length > 0) await insertUsers(target, tables, users, again);
            return { imported: users.length, last: users.at(-1)?.id ?? null };
          },
        );
        if (batch.last === null) return imported;
        imported += batch.imported;
        after = batch.last;
        context.progress({ done: imported, total: Math.max(plan.about, imported), unit: 'users' });
      }
    }),
  );
}

/** Imports the application's users into Supabase Auth with their ids and password hashes. */
export const usersStep = defineStep<Ports, Plan, z.infer<typeof outputSchema>>({
  id: 'users.import',
  version: 1,
  title: 'Import the users',
  lane: 'users',
  needs: ['database.finish'],
  effect: 'create',
  planSchema,
  outputSchema,

  plan({ ports, signal }) {
    return ports.database.source.use(signal, async (source) => {
      const table = await findUsersTable(source);
      if (table === undefined) return { table: null, about: 0, skipped: [], refused: [] };
      const counts = await countUsers(source, table);
      return {
        table,
        about: roughly(counts.users),
        skipped: await readSkipped(source, table),
        refused: Object.keys(counts.refused).sort(),
      };
    });
  },

  describe(plan) {
    if (plan.table === null) {
      return { summary: 'No table of users was found.', details: [], warnings: [], units: [] };
    }
    const { table } = plan;
    const columns = Object.entries(table.columns).map(([part, column]) => `${part} from ${column}`);
    return {
      summary: `Import about ${plan.about} users of ${tableLabel(table)} into Supabase Auth; ids and passwords stay.`,
      details: [
        ...columns,
        ...(table.names.length === 0 ? [] : [`user metadata from ${table.names.join(', ')}`]),
        ...(table.roles.length === 0 ? [] : [`app metadata from ${table.roles.join(', ')}`]),
        'Users who are not active are banned, unverified addresses stay unconfirmed.',
      ],
      warnings: warningsOf(plan),
      units: [],
    };
  },

  async check(plan, { ports, signal }) {
    const { table } = plan;
    if (table === null) {
      return {
        state: 'conflict',
        error: new AppError(
          'USERS_TABLE_NOT_FOUND',
          'No table of the source has both an e-mail address and a password hash.',
          {
            hint: 'Leave the users out (--only database,objects).',
          },
        ),
      };
    }
    if (!isUuid(table)) {
      return {
        state: 'conflict',
        error: new AppError(
          'USERS_ID_NOT_UUID',
          `The users of ${tableLabel(table)} have ids of type ${table.idType}; Supabase Auth takes uuid only.`,
          {
            hint: 'Add a uuid column that becomes the id, or leave the users out (--only database,objects).',
          },
        ),
      };
    }
    const conflict = await ports.database.source.use(signal, (source) =>
      ports.database.target.use(signal, async (target) => {
        await readAuthTables(target);
        return findConflict(source, target, table, plan);
      }),
    );
    return conflict === undefined ? { state: 'pending' } : { state: 'conflict', error: conflict };
  },

  async run(plan, context) {
    const { table } = plan;
    if (table === null) throw new AppError('USERS_TABLE_NOT_FOUND', 'The plan names no table of users.');
    const imported = await importAll(table, plan, context);
    for (const warning of warningsOf(plan)) await context.warn(warning);
    return { imported, skipped: plan.skipped.length };
  },

  async verify(plan, output, context) {
    const { ports, signal } = context;
    const { table } = plan;
    if (table === null) return [];
    const skipped = plan.skipped.map((user) => user.id);
    const { evidence, rows } = await ports.database.source.use(signal, (source) =>
      ports.database.target.use(signal, async (target) => ({
        evidence: await compareUsers(
          source,
          target,
          table,
          await readAuthTables(target),
          skipped,
          (compared) => {
            context.progress({ done: compared, total: Math.max(output.imported, compared), unit: 'users' });
          },
        ),
        rows: await countAuthUsers(target),
      })),
    );
    const listedByApi = await ports.auth.countUsers(signal);
    return [
      ...evidence,
      {
        subject: 'Auth service',
        method: 'users that the admin API counts, and users in its tables',
        source: `${rows} in auth.users`,
        target: `${listedByApi} listed`,
        equal: rows === listedByApi,
      },
    ];
  },
});
