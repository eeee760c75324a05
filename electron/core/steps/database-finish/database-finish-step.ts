import { z } from 'zod';
import { defineStep, type RunContext } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { applyEntry } from '../common/apply-entry';
import { omissionWarnings } from '../common/omission-warnings';
import { entrySchema, omissionSchema, planEntries, type Entry } from '../common/plan-entries';
import { isApplicationSchema } from '../common/reserved-schemas';
import { runWorkers } from '../common/run-workers';
import { qualified } from '../common/sql-text';
import { compareObjects } from './compare-objects';
import {
  compareSequences,
  readSequences,
  sequenceSchema,
  sequenceValueSchema,
  setSequences,
} from './sequences';

/** Indexes built at a time; each keeps a processor of the server busy. */
const connections = 2;

const relationSchema = z.object({ schema: z.string(), name: z.string() });

const planSchema = z.object({
  entries: z.array(entrySchema),
  omitted: z.array(omissionSchema),
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
const outputSchema = z.object({
  applied: z.number(),
  refused: z.array(z.object({ id: z.string(), reason: z.string() })),
  sequences: sequencesSchema,
});

type Plan = z.infer<typeof planSchema>;
type Run = RunContext<Pick<MigrationPorts, 'database'>>;

/** Kinds that touch one table each, and wait for nothing but the rows. */
const sideBySide: ReadonlySet<string> = new Set(['CONSTRAINT', 'INDEX', 'STATISTICS']);

/** Runs of entries that may be applied side by side, between those that keep their place. */
function batchesOf(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  for (const entry of entries) {
    const last = batches.at(-1);
    const joins = last?.[0] !== undefined && sideBySide.has(last[0].type) && sideBySide.has(entry.type);
    if (joins) last.push(entry);
    else batches.push([entry]);
  }
  return batches;
}

/** Lends each worker a connection to the target of its own. */
class TargetSessions {
  readonly #open = new Map<number, DatabaseSession>();
  readonly #context: Run;

  constructor(context: Run) {
    this.#context = context;
  }

  async of(worker: number): Promise<DatabaseSession> {
    const session =
      this.#open.get(worker) ?? (await this.#context.ports.database.target.open(this.#context.signal));
    this.#open.set(worker, session);
    return session;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((session) => session.close()));
  }
}

const relationRow = relationSchema.extend({ kind: z.string() });

async function analyze(target: DatabaseSession, schemas: readonly string[]): Promise<number> {
  const relations = await target.query(
    relationRow,
    `select n.nspname as schema, c.relname as name, c.relkind as kind from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm', 'p') and n.nspname = any ($1) and ${isApplicationSchema('n.nspname')} order by 1, 2`,
    [schemas],
  );
  for (const relation of relations) await target.execute(`analyze ${qualified(relation)}`);
  return relations.length;
}

const viewId = (view: z.infer<typeof relationSchema>): string => `REFRESH ${view.schema}.${view.name}`;

function stepCount(plan: Plan): number {
  return plan.entries.length + plan.materializedViews.length + 2;
}

async function applyAll(
  plan: Plan,
  context: Run,
  sessions: TargetSessions,
  tick: () => void,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  for (const batch of batchesOf(plan.entries)) {
    await runWorkers(batch, connections, async (entry, worker) => {
      const applied = await context.unit(entry.id, appliedSchema, async ({ begunBefore }) =>
        applyEntry(await sessions.of(worker), entry, begunBefore),
      );
      if (applied.state === 'refused') refused.set(entry.id, applied.reason ?? '');
      tick();
    });
  }
  return refused;
}

/** Adds indexes, constraints, triggers and grants, sets sequences, fills materialized views and gathers statistics. */
export const databaseFinishStep = defineStep<
  Pick<MigrationPorts, 'database'>,
  Plan,
  z.infer<typeof outputSchema>
>({
  id: 'database.finish',
  version: 1,
  title: 'Add indexes, constraints and triggers',
  lane: 'database',
  needs: ['database.data'],
  effect: 'create',
  planSchema,
  outputSchema,

  async plan({ ports, signal }) {
    const { preData, postData, omitted, schemas } = await planEntries(ports.database, signal);
    return ports.database.source.use(signal, async (source) => {
      const populated = await source.query(
        relationSchema,
        `select schemaname as schema, matviewname as name from pg_catalog.pg_matviews where ispopulated`,
      );
      const byId = new Map(populated.map((view) => [`MATERIALIZED VIEW ${view.schema}.${view.name}`, view]));
      return {
        entries: postData,
        omitted: omitted.postData,
        schemas: schemas.includes('public') ? schemas : [...schemas, 'public'].sort(),
        sequences: await readSequences(source),
        // The dump has them in the order of their dependencies.
        materializedViews: [...preData, ...postData].flatMap((entry) => byId.get(entry.id) ?? []),
      };
    });
  },

  describe(plan) {
    const count = (type: string): number => plan.entries.filter((entry) => entry.type === type).length;
    return {
      summary: `Add ${count('INDEX')} indexes, ${count('CONSTRAINT')} keys, ${count('FK CONSTRAINT')} foreign keys and ${count('TRIGGER')} triggers; set ${plan.sequences.length} sequences; fill ${plan.materializedViews.length} materialized views.`,
      details: [
        ...plan.entries.map((entry) => entry.id),
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
      const refused = await applyAll(plan, context, sessions, tick);
      const sequences = await context.unit('sequences', sequencesSchema, async () => {
        const target = await sessions.of(0);
        return ports.database.source.use(signal, (source) => setSequences(source, target, plan.sequences));
      });
      tick();
      for (const view of plan.materializedViews) {
        await context.unit(viewId(view), z.object({}), async () => {
          await (await sessions.of(0)).execute(`refresh materialized view ${qualified(view)}`);
          return {};
        });
        tick();
      }
      await context.unit('analyze', z.object({ tables: z.number() }), async () => ({
        tables: await analyze(await sessions.of(0), plan.schemas),
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

  async verify(plan, output, { ports, signal }) {
    const absent = [...output.refused.map((item) => item.id), ...plan.omitted.map((item) => item.id)];
    return ports.database.source.use(signal, (source) =>
      ports.database.target.use(signal, async (target) => [
        ...(await compareObjects(source, target, plan.schemas, absent)),
        await compareSequences(target, output.sequences),
      ]),
    );
  },
});
