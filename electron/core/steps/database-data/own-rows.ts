import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import type { Part } from './parts';

const transactionRow = z.object({ id: z.string() });

/**
 * Which rows on the target are those of parts that count as copied. Every row carries the number of the transaction that wrote it, so the
 * rows of an attempt whose end nobody saw can be told from the others, without a helper table or column.
 */
export class OwnRows {
  readonly #transactions = new Map<string, { table: string; id: string }>();

  /** Notes that the part's rows are those of a transaction; before the commit, for another part may look at any time after it. */
  note(part: Part, transaction: string): void {
    this.#transactions.set(part.id, { table: tableLabel(part.table), id: transaction });
  }

  /** The part's rows, if there are any, no longer count. */
  forget(part: Part): void {
    this.#transactions.delete(part.id);
  }

  /**
   * Removes from the part's table, in the target's open transaction, every row that belongs to no part that counts as copied. Waits for
   * transactions that still write into the table, those of a killed run included.
   */
  async clear(target: DatabaseSession, part: Part): Promise<void> {
    this.forget(part);
    if (part.range === undefined) {
      await target.execute(`truncate only ${qualified(part.table)}`);
      return;
    }
    // Other parts of the table are being copied: they write again once this transaction has ended.
    await target.execute(`lock table only ${qualified(part.table)} in share row exclusive mode`);
    const label = tableLabel(part.table);
    const own = [...this.#transactions.values()].filter(({ table }) => table === label).map(({ id }) => id);
    await target.execute(`delete from only ${qualified(part.table)} where xmin::text <> all ($1)`, [own]);
  }
}

/** The number of the session's transaction as its rows will carry it. */
export async function transactionOf(target: DatabaseSession): Promise<string> {
  const [row] = await target.query(transactionRow, 'select pg_catalog.pg_current_xact_id()::xid::text as id');
  return row?.id ?? '';
}
