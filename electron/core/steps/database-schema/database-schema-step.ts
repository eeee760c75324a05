import { counted } from '#shared/model/counted';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import { defineStep } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import { applyEntryInTransaction } from '../common/apply-entry';
import { createExtensionSql, extensionPlanSchema } from '../common/extensions';
import { describeReader, omissionWarnings } from '../common/omission-warnings';
import { entrySchema, omissionSchema, planEntries, type SchemaPorts } from '../common/plan-entries';
import { reconnecting } from '../common/reconnect';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';
import { takeBackDefaultRights } from './default-rights';
import { compareColumns } from './compare-columns';

const planSchema = z.object({
  extensions: z.array(extensionPlanSchema),
  entries: z.array(entrySchema),
  omitted: z.array(omissionSchema),
  leftOut: z.array(z.string()),
  schemas: z.array(z.string()),
  /** Present where another pg_dump than the built-in one read the schema. */
  readBy: z.object({ program: z.string(), reason: z.string() }).optional(),
});

const refusedSchema = z.array(z.object({ id: z.string(), reason: z.string() }));
const outputSchema = z.object({ applied: z.number(), there: z.number(), refused: refusedSchema });

const nameRow = z.object({ name: z.string() });

/** Tables, views and sequences that stand in the schemas already. */
async function relationsIn(session: DatabaseSession, schemas: readonly string[]): Promise<string[]> {
  const rows = await session.query(
    nameRow,
    `select n.nspname || '.' || c.relname as name from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname = any ($1) and ${isApplicationSchema('n.nspname')}
       and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')} order by 1`,
    [schemas],
  );
  return rows.map((row) => row.name);
}

/**
 * Functions and types of the schemas. A target may hold other ones, but one with the name of the source's would pass for it
 * on a second attempt, whatever it does.
 */
async function definitionsIn(session: DatabaseSession, schemas: readonly string[]): Promise<string[]> {
  const rows = await session.query(
    nameRow,
    `select n.nspname || '.' || p.proname || '(' || p.pronargs || ')' as name from pg_catalog.pg_proc p
     join pg_catalog.pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any ($1) and ${isApplicationSchema('n.nspname')} and ${isNotOfExtension('pg_catalog.pg_proc', 'p.oid')}
     union select n.nspname || '.' || t.typname from pg_catalog.pg_type t
     join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     left join pg_catalog.pg_class c on c.oid = t.typrelid
     where n.nspname = any ($1) and ${isApplicationSchema('n.nspname')} and ${isNotOfExtension('pg_catalog.pg_type', 't.oid')}
       and (t.typtype in ('d', 'e', 'r') or c.relkind = 'c') order by 1`,
    [schemas],
  );
  return rows.map((row) => row.name);
}

/** What stands in the way of the plan on the target. */
async function findInTheWay(
  { source, target }: { source: DatabaseSession; target: DatabaseSession },
  schemas: readonly string[],
): Promise<string[]> {
  const relations = await relationsIn(target, schemas);
  const wanted = new Set(await definitionsIn(source, schemas));
  const there = await definitionsIn(target, schemas);
  return [...relations, ...there.filter((name) => wanted.has(name))];
}

/** Makes the application's schemas, types, functions, tables and views on the target, in one transaction. */
export const databaseSchemaStep = defineStep<
  SchemaPorts,
  z.infer<typeof planSchema>,
  z.infer<typeof outputSchema>
>({
  id: 'database.schema',
  version: 2,
  title: 'Create the schema',
  lane: 'database',
  needs: [],
  effect: 'create',
  planSchema,
  outputSchema,

  async plan({ ports, signal }) {
    const { extensions, preData, omitted, schemas, leftOut, readBy } = await planEntries(ports, signal);
    return {
      extensions,
      entries: preData,
      omitted: omitted.preData,
      leftOut,
      // The schema `public` is there without an entry of its own.
      schemas: schemas.includes('public') ? schemas : [...schemas, 'public'].sort(),
      ...(readBy === undefined ? {} : { readBy }),
    };
  },

  describe(plan) {
    const created = plan.extensions.filter((extension) => extension.create);
    const tables = plan.entries.filter((entry) => entry.type === 'TABLE').length;
    return {
      summary: `Create ${counted(plan.entries.length, 'schema entry', 'schema entries')}, ${counted(tables, 'table')} among them, and ${counted(created.length, 'extension')}.`,
      details: [
        ...created.map((extension) => `${createExtensionSql(extension)};\n`),
        ...plan.entries.map(({ id, sql }) => `-- ${id}\n${sql}\n`),
        'Rights on tables that the target gives to the roles of its REST API by default are taken back; those that the source gives stay.',
        ...plan.omitted
          .filter((item) => !item.missed)
          .map((item) => `Left out: ${item.id}, because ${item.reason}`),
      ],
      warnings: [
        ...(plan.readBy === undefined
          ? []
          : [{ code: 'SCHEMA_READ_ELSEWHERE', message: describeReader(plan.readBy) }]),
        ...omissionWarnings(plan.omitted),
      ],
      units: [
        { id: 'schema', label: 'Schema', expected: { done: 0, total: plan.entries.length, unit: 'entries' } },
      ],
    };
  },

  async check(plan, { ports, signal }) {
    const found = await ports.database.source.use(signal, (source) =>
      ports.database.target.use(signal, (target) => findInTheWay({ source, target }, plan.schemas)),
    );
    if (found.length === 0) return { state: 'pending' };
    const shown = found.slice(0, 10).join(', ');
    return {
      state: 'conflict',
      error: new AppError(
        'TARGET_NOT_EMPTY',
        `The target database holds ${found.length} of the tables, views, sequences, functions or types already: ${shown}${found.length > 10 ? ', …' : ''}.`,
        {
          hint: 'Use a new project, or remove what is there. Nothing was written.',
          details: { found: found.slice(0, 100).join(', ') },
        },
      ),
    };
  },

  async run(plan, context) {
    const { ports, signal } = context;
    const output = await context.unit('schema', outputSchema, ({ begunBefore }) =>
      reconnecting(context, (again) =>
        ports.database.target.use(signal, async (target) => {
          const there = begunBefore || again;
          const done: z.infer<typeof outputSchema> = { applied: 0, there: 0, refused: [] };
          await target.execute('begin');
          for (const extension of plan.extensions.filter((item) => item.create)) {
            const entry = {
              id: `EXTENSION ${extension.name}`,
              type: 'EXTENSION',
              sql: createExtensionSql(extension),
            };
            await applyEntryInTransaction(target, entry, there);
          }
          for (const [index, entry] of plan.entries.entries()) {
            const applied = await applyEntryInTransaction(target, entry, there);
            if (applied.state === 'refused') done.refused.push({ id: entry.id, reason: applied.reason });
            else done[applied.state] += 1;
            context.progress({ done: index + 1, total: plan.entries.length, unit: 'entries' }, 'schema');
            context.progress({ done: index + 1, total: plan.entries.length, unit: 'entries' });
          }
          await takeBackDefaultRights(target, plan.schemas);
          signal.throwIfAborted();
          await target.execute('commit');
          return done;
        }),
      ),
    );
    for (const { id, reason } of output.refused) {
      await context.warn({
        code: 'SCHEMA_ENTRY_REFUSED',
        message: `${id} was refused by the target: ${reason}`,
      });
    }
    return output;
  },

  async verify(plan, output, { ports, signal }) {
    const columns = await ports.database.source.use(signal, (source) =>
      ports.database.target.use(signal, (target) =>
        compareColumns(source, target, plan.schemas, plan.leftOut),
      ),
    );
    const applied = output.applied + output.there;
    return [
      {
        subject: 'schema entries',
        method: 'entries of the source’s dump, applied on the target',
        source: `${plan.entries.length} entries`,
        target: `${applied} applied, ${output.refused.length} refused and reported`,
        equal: applied + output.refused.length === plan.entries.length,
      },
      columns,
    ];
  },
});
