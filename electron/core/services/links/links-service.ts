import type { LinkCheck, LinkFindings, LinkRewrite } from '#shared/contract/links';
import type { Progress } from '#shared/model/run';
import { AppError } from '#shared/model/errors';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { checkLinks } from '../../steps/links/check-links';
import { readLinkTables } from '../../steps/links/columns';
import { findInDatabase } from '../../steps/links/find';
import { readLinkRules, refreshViews } from '../../steps/links/links-step';
import { triggerMode } from '../../steps/links/triggers';
import { forgetRewrites, listRewrites } from '../../steps/links/undo-log';
import { rewrittenTables, undoTable, type Undone } from '../../steps/links/undo-table';
import type { ActivityLog } from '../activity/activity-log';

export interface LinksServiceOptions {
  /** Opens the ports for as long as `work` runs. */
  withPorts: <T>(work: (ports: MigrationPorts) => Promise<T>) => Promise<T>;
  activity(): ActivityLog;
}

type OnProgress = (progress: Progress) => void;

/** Links between the database's rows and the storage's files. Rewriting is a run; the rest of what an operator does with links is here. */
export interface LinksService {
  /** Looks through every text of one side. Reads only. */
  find(
    input: { side: 'source' | 'target'; samples: number },
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<LinkFindings>;
  /** The rewrites whose old values the target still has, the newest first. */
  rewrites(signal: AbortSignal): Promise<LinkRewrite[]>;
  /** Asks the public addresses for the links that a rewrite wrote. Throws `NOT_FOUND`. */
  check(
    input: { rewrite: string; limit: number },
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<LinkCheck>;
  /** Gives rows their old links back; one that changed since stays. May be done again after it was stopped. Throws `NOT_FOUND`. */
  undo(input: { rewrite: string }, signal: AbortSignal, onProgress: OnProgress): Promise<Undone>;
  /** Removes the old values for good. */
  forget(signal: AbortSignal): Promise<void>;
}

/** Makes the links service of a workspace. */
export function createLinksService(options: LinksServiceOptions): LinksService {
  const { withPorts } = options;
  const onTarget = <T>(
    signal: AbortSignal,
    work: (session: DatabaseSession, ports: MigrationPorts) => Promise<T>,
  ): Promise<T> => withPorts((ports) => ports.database.target.use(signal, (session) => work(session, ports)));

  return {
    find: ({ side, samples }, signal, onProgress) =>
      withPorts(async (ports) => {
        const rules = await readLinkRules(ports, signal);
        return ports.database[side].use(signal, async (session) => {
          const found = await findInDatabase(session, { rules, samples, signal, onProgress });
          return {
            side,
            at: new Date().toISOString(),
            ...found,
            addresses: rules.addresses.map(
              ({ host, ports: numbers, path, bucket }) =>
                `${host}${path} (${numbers.map((number) => (number === '' ? 'no port' : number)).join(', ')})${bucket === undefined ? '' : ` = ${bucket}`}`,
            ),
            buckets: Object.entries(rules.buckets).map(([bucket, address]) => ({ bucket, address })),
            ...(side === 'target' ? { triggers: await triggerMode(session) } : {}),
          };
        });
      }),

    rewrites: (signal) =>
      onTarget(signal, async (session) =>
        (await listRewrites(session)).map(({ rules: _rules, ...rewrite }) => rewrite),
      ),

    check: ({ rewrite, limit }, signal, onProgress) =>
      onTarget(signal, async (session, ports) => {
        const { rules } = await requireRewrite(session, rewrite);
        return checkLinks(session, ports.links, {
          rewrite,
          rules,
          limit,
          signal,
          onProgress: (done, total) => onProgress({ done, total, unit: 'links' }),
        });
      }),

    undo: async ({ rewrite }, signal, onProgress) => {
      const total: Undone = { restored: 0, left: 0 };
      const note = (outcome: 'done' | 'partial' | 'failed') =>
        options.activity().record({
          area: 'migration',
          action: 'links.undo',
          target: rewrite,
          outcome,
          after: { restored: total.restored, left: total.left },
        });
      try {
        await onTarget(signal, async (session) => {
          await requireRewrite(session, rewrite);
          await undoAll(session, rewrite, total, signal, onProgress);
        });
      } catch (error) {
        if (total.restored + total.left > 0) await note('partial');
        throw error;
      }
      await note(total.left > 0 ? 'partial' : 'done');
      return total;
    },

    forget: async (signal) => {
      const rewrites = await onTarget(signal, async (session) => {
        const found = await listRewrites(session);
        await forgetRewrites(session);
        return found;
      });
      await options.activity().record({
        area: 'migration',
        action: 'links.forget',
        target: rewrites.map(({ id }) => id).join(', ') || 'none',
        outcome: 'done',
        before: { rows: rewrites.reduce((sum, { rows }) => sum + rows, 0) },
      });
    },
  };
}

async function requireRewrite(session: DatabaseSession, id: string) {
  const found = (await listRewrites(session)).find((rewrite) => rewrite.id === id);
  if (found !== undefined) return found;
  throw new AppError('NOT_FOUND', `The target has no record of a rewrite ${id}.`, {
    hint: 'List what is there with cutover links rewrites.',
  });
}

async function undoAll(
  session: DatabaseSession,
  rewrite: string,
  total: Undone,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<void> {
  const tables = await readLinkTables(session);
  const triggers = await triggerMode(session);
  const changed = await rewrittenTables(session, rewrite);
  const rows = changed.reduce((sum, table) => sum + table.rows, 0);
  for (const { schema, name } of changed) {
    const table = tables.find((candidate) => candidate.schema === schema && candidate.name === name);
    if (table === undefined) continue;
    const before = { ...total };
    await undoTable({
      session,
      table,
      rewrite,
      triggers,
      signal,
      onProgress: ({ restored, left }) => {
        total.restored = before.restored + restored;
        total.left = before.left + left;
        onProgress({ done: total.restored + total.left, total: rows, unit: 'rows' });
      },
    });
  }
  await refreshViews(
    session,
    tables.filter((table) => table.kind === 'materialized-view'),
  );
}
