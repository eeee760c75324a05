import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { changeRows, type RowChange } from './change-rows';
import type { LinkTable } from './columns';
import type { LinkRules } from './rules';
import { blockOf, changesOf, endOfTable, linkRows } from './scan-table';
import { type TriggerMode, withoutTriggers } from './triggers';
import { recordChanges, type RecordedChange } from './undo-log';

export const rewrittenSchema = z.object({
  rows: z.number(),
  links: z.number(),
  /** Of those, links that carried a signature or a version, which are dropped. */
  signed: z.number(),
  /** Rows that kept their old links because the server refused the new value. */
  refused: z.number(),
  /** The first reasons, for people. */
  reasons: z.array(z.string()),
});
export type Rewritten = z.infer<typeof rewrittenSchema>;

const reasonsKept = 3;

export interface RewriteTableOptions {
  session: DatabaseSession;
  table: LinkTable;
  rules: LinkRules;
  /** Under which the old values are recorded. */
  rewrite: string;
  triggers: TriggerMode;
  signal: AbortSignal;
  onProgress: (blocks: number, total: number) => void;
}

/**
 * Rewrites the links in a table, batch by batch: each batch is one transaction that locks its rows, changes them and records their old
 * values. Doing it again finds only what is left.
 */
export async function rewriteTable(options: RewriteTableOptions): Promise<Rewritten> {
  const { session, table, rules, rewrite, triggers, signal, onProgress } = options;
  const total: Rewritten = { rows: 0, links: 0, signed: 0, refused: 0, reasons: [] };
  const { through, blocks } = await endOfTable(session, table);
  let after: string | undefined = '(0,0)';
  while (after !== undefined) {
    signal.throwIfAborted();
    const from: string = after;
    after = await withoutTriggers(session, table, triggers, async () => {
      const rows = await linkRows(session, table, rules, { after: from, through, lock: true });
      const counted = rows.map((row) => {
        const seen = { links: 0, signed: 0 };
        const changes = changesOf(table, row, rules, (column, link) => {
          if (column.fixed !== undefined || link.replacement === undefined) return;
          seen.links += 1;
          if (link.presigned || link.versioned) seen.signed += 1;
        });
        return { row, changes, seen };
      });
      const changing = counted.filter(({ changes }) => changes.size > 0);
      const outcomes = await changeRows(
        session,
        table,
        changing.map(({ row, changes }): RowChange => ({
          ctid: row.ctid,
          values: new Map([...changes].map(([name, change]) => [name, change.new])),
        })),
      );
      const recorded: RecordedChange[] = [];
      outcomes.forEach((outcome, index) => {
        const { changes, seen } = changing[index] ?? {
          changes: new Map<string, never>(),
          seen: { links: 0, signed: 0 },
        };
        if ('refused' in outcome) {
          total.refused += 1;
          if (total.reasons.length < reasonsKept && !total.reasons.includes(outcome.refused))
            total.reasons.push(outcome.refused);
          return;
        }
        total.rows += 1;
        total.links += seen.links;
        total.signed += seen.signed;
        const side = (pick: 'old' | 'new'): Record<string, string> =>
          Object.fromEntries([...changes].map(([name, change]) => [name, change[pick]]));
        recorded.push({ row: outcome.done, old: side('old'), new: side('new') });
      });
      await recordChanges(session, rewrite, table, recorded);
      return rows.at(-1)?.ctid;
    });
    onProgress(after === undefined ? blocks : blockOf(after), blocks);
  }
  return total;
}
