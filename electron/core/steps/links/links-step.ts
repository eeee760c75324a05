import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { sourceBucket } from '#shared/model/bucket-naming';
import { counted } from '#shared/model/counted';
import type { Evidence } from '#shared/model/run';
import { isCancelled } from '#shared/model/errors';
import { defineStep, type ReadContext, type RunContext } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { qualified } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import { checkLinks } from './check-links';
import { readLinkTables, type LinkTable } from './columns';
import { findInDatabase } from './find';
import { linkRules, linkRulesSchema, type LinkRules } from './rules';
import { rewriteTable, rewrittenSchema, type Rewritten } from './rewrite-table';
import { triggerMode } from './triggers';
import { beginRewrite, listRewrites } from './undo-log';

/** Addresses that a run asks; the whole can be asked apart from it. */
const linksChecked = 200;

const planSchema = z.object({
  rules: linkRulesSchema,
  tables: z.array(z.object({ schema: z.string(), name: z.string(), columns: z.array(z.string()) })),
  materializedViews: z.array(z.object({ schema: z.string(), name: z.string() })),
});
type Plan = z.infer<typeof planSchema>;

const beginSchema = z.object({ rewrite: z.string() });
const outputSchema = beginSchema.extend({ tables: z.record(z.string(), rewrittenSchema) });

/** The buckets whose links are looked for: those of the source, or where it is gone those of the target that carry a name of theirs. */
export async function linkBuckets(
  { objects }: Pick<MigrationPorts, 'objects'>,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    return await objects.source.buckets(signal);
  } catch (error) {
    if (isCancelled(error)) throw error;
    const names = await objects.target.buckets(signal);
    return names.flatMap((name) => sourceBucket(objects.naming, name) ?? []);
  }
}

/** The rules that the settings and the buckets make. */
export async function readLinkRules(
  ports: Pick<MigrationPorts, 'objects' | 'links'>,
  signal: AbortSignal,
): Promise<LinkRules> {
  return linkRules(ports.links.settings(), await linkBuckets(ports, signal));
}

/** The target's tables; before the schema is copied, the source's, which will be the target's. */
async function plannedTables({ ports, signal }: ReadContext<MigrationPorts>): Promise<LinkTable[]> {
  const read = (session: DatabaseSession): Promise<LinkTable[]> => readLinkTables(session);
  const there = (await ports.database.target.use(signal, read)).filter(({ schema }) => schema !== 'auth');
  return there.length > 0 ? there : ports.database.source.use(signal, read);
}

/** Fills materialized views again whose rows were computed from rewritten ones. */
export async function refreshViews(
  session: DatabaseSession,
  views: readonly { schema: string; name: string }[],
): Promise<void> {
  for (const view of views) await session.execute(`refresh materialized view ${qualified(view)}`);
}

async function rewriteAll(
  plan: Plan,
  rewrite: string,
  target: DatabaseSession,
  context: RunContext<MigrationPorts>,
): Promise<Record<string, Rewritten>> {
  const triggers = await triggerMode(target);
  const tables = new Map((await readLinkTables(target)).map((table) => [tableLabel(table), table]));
  const results: Record<string, Rewritten> = {};
  let done = 0;
  for (const { schema, name } of plan.tables) {
    const label = tableLabel({ schema, name });
    const table = tables.get(label);
    if (table !== undefined) {
      results[label] = await context.unit(label, rewrittenSchema, ({ signal }) =>
        rewriteTable({
          session: target,
          table,
          rules: plan.rules,
          rewrite,
          triggers,
          signal,
          onProgress: (blocks, total) => context.progress({ done: blocks, total, unit: 'blocks' }, label),
        }),
      );
    }
    done += 1;
    context.progress({ done, total: plan.tables.length, unit: 'tables' });
  }
  return results;
}

async function warnOf(
  results: Record<string, Rewritten>,
  context: RunContext<MigrationPorts>,
): Promise<void> {
  for (const [label, { refused, reasons }] of Object.entries(results)) {
    if (refused === 0) continue;
    await context.warn({
      code: 'LINKS_REFUSED',
      message: `${label}: ${refused} rows keep their old links: ${reasons.join(' ')}`,
      hint: 'Correct the rows or the constraint on the target, then rewrite the links again.',
    });
  }
  const signed = Object.values(results).reduce((sum, table) => sum + table.signed, 0);
  if (signed > 0) {
    await context.warn({
      code: 'LINKS_WERE_SIGNED',
      message: `${signed} links carried a signature or a version, which is dropped: they are public addresses now.`,
      hint: 'They answer only where the bucket is public. If its files are to stay private, undo the rewrite and let the application sign addresses for R2.',
    });
  }
}

/** Replaces links to the old storage in the target’s rows with the public addresses on R2; old values are kept for an undo. */
export const linksStep = defineStep<MigrationPorts, Plan, z.infer<typeof outputSchema>>({
  id: 'links.rewrite',
  version: 1,
  title: 'Rewrite links',
  lane: 'links',
  needs: ['database.finish', 'users.import', 'objects.copy'],
  effect: 'overwrite',
  afterVerification: true,
  planSchema,
  outputSchema,

  async plan(context) {
    const rules = await readLinkRules(context.ports, context.signal);
    const tables = await plannedTables(context);
    const of = (kind: LinkTable['kind']): LinkTable[] => tables.filter((table) => table.kind === kind);
    return {
      rules,
      tables: [
        ...of('table').flatMap(({ schema, name, columns }) => {
          const names = columns.flatMap((column) => (column.fixed === undefined ? column.name : []));
          return names.length === 0 || schema === 'auth' ? [] : { schema, name, columns: names };
        }),
        { schema: 'auth', name: 'users', columns: ['raw_user_meta_data'] },
      ],
      materializedViews: of('materialized-view').map(({ schema, name }) => ({ schema, name })),
    };
  },

  describe({ rules, tables, materializedViews }) {
    const columns = tables.reduce((sum, table) => sum + table.columns.length, 0);
    const unmapped = Object.entries(rules.buckets).flatMap(([bucket, base]) => (base === null ? bucket : []));
    return {
      summary: `Look through ${counted(columns, 'column')} of ${counted(tables.length, 'table')} on the target and replace links to ${rules.addresses.map(({ host }) => host).join(', ')}. Old values are kept in the schema cutover_links.`,
      details: [
        ...Object.entries(rules.buckets).map(
          ([bucket, base]) => `${bucket} → ${base ?? 'stays: no public address'}`,
        ),
        'Triggers do not fire, so columns such as updated_at stay as they are. Generated columns follow by themselves.',
        'Old values hold what the rows held, presigned links too. Remove them with cutover links forget once they are not needed.',
      ],
      warnings: unmapped.map((bucket) => ({
        code: 'LINKS_NO_PUBLIC_ADDRESS',
        message: `Links to ${bucket} stay as they are: it has no public address.`,
        hint: 'Set R2_PUBLIC_URL with {bucket} in it, or name the bucket in R2_PUBLIC_URLS.',
      })),
      units: [
        { id: 'record', label: 'Place for the old values' },
        ...tables.map((table) => ({ id: tableLabel(table), label: tableLabel(table) })),
        ...(materializedViews.length === 0 ? [] : [{ id: 'views', label: 'Materialized views' }]),
        { id: 'check', label: 'Public addresses answer' },
      ],
    };
  },

  check: () => Promise.resolve({ state: 'pending' }),

  async run(plan, context) {
    const { ports, signal } = context;
    return ports.database.target.use(signal, async (target) => {
      const { rewrite } = await context.unit('record', beginSchema, async () => {
        const id = `${new Date().toISOString().slice(0, 19)}Z-${randomUUID().slice(0, 8)}`;
        await beginRewrite(target, id, plan.rules);
        return { rewrite: id };
      });
      const tables = await rewriteAll(plan, rewrite, target, context);
      if (plan.materializedViews.length > 0) {
        await context.unit('views', z.object({}), async () => {
          await refreshViews(target, plan.materializedViews);
          return {};
        });
      }
      await warnOf(tables, context);
      const silent = await context.unit(
        'check',
        z.object({ asked: z.number(), silent: z.number(), example: z.string() }),
        async () => {
          const found = await checkLinks(target, ports.links, {
            rewrite,
            rules: plan.rules,
            limit: linksChecked,
            signal,
            onProgress: (done, total) => context.progress({ done, total, unit: 'links' }, 'check'),
          });
          const bad = found.answers.filter(({ outcome }) => outcome !== 'answers');
          const example = bad[0]?.examples[0];
          return {
            asked: found.asked,
            silent: bad.reduce((sum, { count }) => sum + count, 0),
            example: example === undefined ? '' : `${example.url} (${example.answer})`,
          };
        },
      );
      if (silent.silent > 0) {
        await context.warn({
          code: 'LINKS_DO_NOT_ANSWER',
          message: `${silent.silent} of ${silent.asked} new links that were asked do not answer, such as ${silent.example}.`,
          hint: 'Connect the public address to the bucket on R2, then run cutover links check.',
        });
      }
      return { rewrite, tables };
    });
  },

  async verify({ rules }, { rewrite, tables }, context) {
    const { ports, signal } = context;
    return ports.database.target.use(signal, async (target) => {
      const { columns } = await findInDatabase(target, {
        rules,
        samples: 0,
        signal,
        onProgress: (progress) => context.progress(progress),
      });
      const evidence = Object.entries(tables).flatMap(([label, done]): Evidence[] => {
        const left = columns
          .filter((column) => tableLabel({ schema: column.schema, name: column.table }) === label)
          .reduce((sum, column) => sum + (column.fixed === undefined ? column.links : 0), 0);
        if (done.links === 0 && left === 0) return [];
        return [
          {
            subject: label,
            method: 'links to the old storage, looked for again in every row',
            source: `${done.links} in ${done.rows} rows rewritten`,
            target: `${left} left`,
            equal: left === 0 || done.refused > 0,
            ...(done.refused === 0 ? {} : { note: `${done.refused} rows were refused by the target.` }),
          },
        ];
      });
      const record = (await listRewrites(target)).find(({ id }) => id === rewrite);
      const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
      return [
        ...evidence,
        {
          subject: 'Old values',
          method: 'rows on record for an undo',
          source: `${rows} rows rewritten`,
          target: `${record?.rows ?? 0} on record`,
          equal: (record?.rows ?? 0) >= rows,
        },
      ];
    });
  },
});
