import { z } from 'zod';
import { counted } from '#shared/model/counted';
import { defineStep, type RunContext } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import { applyEntry } from '../common/apply-entry';
import { omissionWarnings } from '../common/omission-warnings';
import { entrySchema, omissionSchema, planEntries, type SchemaPorts } from '../common/plan-entries';
import { isApplicationSchema } from '../common/reserved-schemas';
import { runWorkers } from '../common/run-workers';
import { qualified } from '../common/sql-text';
import { compareObjects } from './compare-objects';
import { batchesOf, longestFirst, spreadEntries } from './spread-entries';
import { TargetSessions } from './target-sessions';
import {
  compareSequences,
  readSequences,
  sequenceSchema,
  sequenceValueSchema,
  setSequences,
} from './sequences';

const relationSchema = z.object({ schema: z.string(), name: z.string() });

const spreadEntrySchema = entrySchema.extend({ stage: z.enum(['build', 'attach', 'validate']).optional() });

const planSchema = z.object({
  /** Keys and foreign keys are cut in two, so that work is done side by side. */
  entries: z.array(spreadEntrySchema),
  omitted: z.array(omissionSchema),
  /** Ids of what the first half leaves out. */
  omittedBefore: z.array(z.string()),
  leftOut: z.array(z.string()),
  schemas: z.array(z.string()),
  sequences: z.array(sequenceSchema),
  /** Those that hold rows on the source, in an order in which they can be filled. */
  materializedViews: z.array(relationSchema),
});

const appliedSchema = z.object({
  state: z.enum(['applied', 'there', 'refused']),
  reason: z.string().optional(),
});
const sequencesSchema = z.array(sequenceValueSchema);
const refusedSchema = z.array(z.object({ id: z.string(), reason: z.string() }));
const outputSchema = z.object({
  applied: z.number(),
  refused: refusedSchema,
  sequences: sequencesSchema,
});

type Plan = z.infer<typeof planSchema>;
type Run = RunContext<SchemaPorts>;

const nameRow = z.object({ name: z.string() });
const relationRow = relationSchema.extend({ kind: z.string() });

const sizeRow = z.object({ name: z.string(), bytes: z.coerce.number() });

/** Bytes of the rows of each table of the target, by the names that a dump writes. */
async function tableSizes(
  target: DatabaseSession,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await target.query(
    sizeRow,
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, pg_catalog.pg_relation_size(c.oid) as bytes
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname = any ($1)`,
    [schemas],
  );
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

async function analyze(
  sessions: TargetSessions,
  workers: number,
  schemas: readonly string[],
): Promise<number> {
  const relations = await sessions.use(0, (target) =>
    target.query(
      relationRow,
      `select n.nspname as schema, c.relname as name, c.relkind as kind from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm', 'p') and n.nspname = any ($1) and ${isApplicationSchema('n.nspname')}
       order by c.relpages desc, 1, 2`,
      [schemas],
    ),
  );
  await runWorkers(relations, workers, async (relation, worker) => {
    await sessions.use(worker, (target) => target.execute(`analyze ${qualified(relation)}`));
  });
  return relations.length;
}

/** A key that is left out takes the index of its name with it. */
function withIndex(id: string): string[] {
  const [, schema, rest] = /^CONSTRAINT ([^.]*)\.(.* .*)$/.exec(id) ?? [];
  if (schema === undefined || rest === undefined) return [id];
  return [id, ...[...rest.matchAll(/ /g)].map(({ index }) => `INDEX ${schema}.${rest.slice(index + 1)}`)];
}

const viewId = (view: z.infer<typeof relationSchema>): string => `REFRESH ${view.schema}.${view.name}`;

function stepCount(plan: Plan): number {
  return plan.entries.length + plan.materializedViews.length + 2;
}

async function applyAll(
  plan: Plan,
  context: Run,
  sessions: TargetSessions,
  workers: number,
  tick: () => void,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  const sizes = await sessions.use(0, (target) => tableSizes(target, plan.schemas));
  for (const batch of batchesOf(plan.entries)) {
    await runWorkers(longestFirst(batch, sizes), workers, async (entry, worker) => {
      const applied = await context.unit(entry.id, appliedSchema, ({ begunBefore }) =>
        sessions.use(worker, (target, again) => applyEntry(target, entry, begunBefore || again)),
      );
      if (applied.state === 'refused') refused.set(entry.id, applied.reason ?? '');
      tick();
    });
  }
  return refused;
}

/** Adds indexes, constraints, triggers and grants, sets sequences, fills materialized views and gathers statistics. */
export const databaseFinishStep = defineStep<SchemaPorts, Plan, z.infer<typeof outputSchema>>({
  id: 'database.finish',
  version: 3,
  title: 'Add indexes, constraints and triggers',
  lane: 'database',
  needs: ['database.data'],
  effect: 'create',
  planSchema,
  outputSchema,

  async plan({ ports, signal }) {
    const { preData, postData, omitted, schemas, leftOut } = await planEntries(ports, signal);
    const gone = new Set(leftOut);
    return ports.database.source.use(signal, async (source) => {
      const populated = await source.query(
        relationSchema,
        `select schemaname as schema, matviewname as name from pg_catalog.pg_matviews where ispopulated`,
      );
      const partitioned = await source.query(
        nameRow,
        `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'p'`,
      );
      const byId = new Map(populated.map((view) => [`MATERIALIZED VIEW ${view.schema}.${view.name}`, view]));
      return {
        entries: spreadEntries(postData, new Set(partitioned.map((table) => table.name))),
        omitted: omitted.postData,
        omittedBefore: omitted.preData.map(({ id }) => id),
        schemas: schemas.includes('public') ? schemas : [...schemas, 'public'].sort(),
        leftOut,
        sequences: (await readSequences(source)).filter(({ schema, name }) => !gone.has(`${schema}.${name}`)),
        // The dump has them in the order of their dependencies.
        materializedViews: [...preData, ...postData].flatMap((entry) => byId.get(entry.id) ?? []),
      };
    });
  },

  describe(plan) {
    const whole = plan.entries.filter((entry) => !/: (?:index|rows)$/.test(entry.id));
    const count = (type: string): number => whole.filter((entry) => entry.type === type).length;
    return {
      summary: `Add ${counted(count('INDEX'), 'index', 'indexes')}, ${counted(count('CONSTRAINT'), 'key')}, ${counted(count('FK CONSTRAINT'), 'foreign key')} and ${counted(count('TRIGGER'), 'trigger')}; set ${counted(plan.sequences.length, 'sequence')}; fill ${counted(plan.materializedViews.length, 'materialized view')}.`,
      details: [
        ...plan.entries.map(({ id, sql }) => `-- ${id}\n${sql}\n`),
        ...plan.omitted
          .filter((item) => !item.missed)
          .map((item) => `Left out: ${item.id}, because ${item.reason}`),
      ],
      warnings: omissionWarnings(plan.omitted),
      units: [
        ...plan.entries.map((entry) => ({ id: entry.id, label: entry.id })),
        { id: 'sequences', label: 'Sequences' },
        ...plan.materializedViews.map((view) => ({ id: viewId(view), label: viewId(view) })),
        { id: 'analyze', label: 'Statistics' },
      ],
    };
  },

  check: () => Promise.resolve({ state: 'pending' }),

  async run(plan, context) {
    const { ports, signal } = context;
    const sessions = new TargetSessions(context);
    let done = 0;
    const tick = (): void => {
      done += 1;
      context.progress({ done, total: stepCount(plan), unit: 'entries' });
    };
    try {
      const workers = await sessions.prepare();
      const refused = await applyAll(plan, context, sessions, workers, tick);
      const sequences = await context.unit('sequences', sequencesSchema, () =>
        sessions.use(0, (target) =>
          ports.database.source.use(signal, (source) => setSequences(source, target, plan.sequences)),
        ),
      );
      tick();
      for (const view of plan.materializedViews) {
        await context.unit(viewId(view), z.object({}), async () => {
          await sessions.use(0, (target) => target.execute(`refresh materialized view ${qualified(view)}`));
          return {};
        });
        tick();
      }
      await context.unit('analyze', z.object({ tables: z.number() }), async () => ({
        tables: await analyze(sessions, workers, plan.schemas),
      }));
      tick();
      for (const [id, reason] of refused) {
        await context.warn({
          code: 'SCHEMA_ENTRY_REFUSED',
          message: `${id} was refused by the target: ${reason}`,
        });
      }
      return {
        applied: plan.entries.length - refused.size,
        refused: [...refused].map(([id, reason]) => ({ id, reason })),
        sequences,
      };
    } finally {
      await sessions.close();
    }
  },

  async verify(plan, output, context) {
    const { ports, signal } = context;
    // A function that the target refused is missing here, although an earlier step reported it.
    const earlier = context.outputOf('database.schema', z.object({ refused: refusedSchema }))?.refused ?? [];
    const absent = [
      ...plan.omittedBefore,
      ...[...earlier, ...output.refused, ...plan.omitted].map((item) => item.id),
    ].flatMap(withIndex);
    return ports.database.source.use(signal, (source) =>
      ports.database.target.use(signal, async (target) => [
        ...(await compareObjects(source, target, plan.schemas, absent, plan.leftOut)),
        await compareSequences(target, output.sequences),
      ]),
    );
  },
});
