import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { Database, DatabaseSession } from '../../ports/database';
import { qualified } from '../common/sql-text';
import { sqlState } from '../common/sqlstate';
import type { Table } from '../common/tables';

/** One state of a database that several connections read. */
export interface Snapshot {
  /** Opens a connection whose transaction sees the snapshot. The caller closes it. */
  join(signal: AbortSignal): Promise<DatabaseSession>;
  close(): Promise<void>;
}

const snapshotRow = z.object({ id: z.string().regex(/^[0-9A-F-]+$/) });

/**
 * Keeps the tables from being truncated or rewritten while the transaction lasts: in a snapshot taken before such an act they
 * would look empty after it. Must come before the transaction's snapshot. Throws `TIMED_OUT`.
 */
async function holdTables(holder: DatabaseSession, tables: readonly Table[]): Promise<void> {
  if (tables.length === 0) return;
  const names = tables.map((table) => `only ${qualified(table)}`).join(', ');
  try {
    await holder.execute(`set local lock_timeout = '60s'; lock table ${names} in access share mode`);
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error;
    throw new AppError('TIMED_OUT', 'Another session keeps a table of the source locked.', {
      hint: 'A migration of the application, a VACUUM FULL or a TRUNCATE holds it. Wait for it to end, then resume the run.',
      retryable: true,
      cause: error,
    });
  }
}

/** Exports a snapshot of the tables and holds it open on a connection of its own. */
export async function openSnapshot(
  database: Database,
  tables: readonly Table[],
  signal: AbortSignal,
): Promise<Snapshot> {
  const holder = await database.open(signal);
  try {
    await holder.execute('begin isolation level repeatable read read only');
    await holdTables(holder, tables);
    const [row] = await holder.query(snapshotRow, 'select pg_catalog.pg_export_snapshot() as id');
    if (row === undefined) throw new AppError('INTERNAL', 'The source exported no snapshot.');
    return {
      async join(joining) {
        const session = await database.open(joining);
        try {
          await session.execute(
            `begin isolation level repeatable read read only; set transaction snapshot '${row.id}'`,
          );
          return session;
        } catch (error) {
          await session.close();
          throw error;
        }
      },
      close: () => holder.close(),
    };
  } catch (error) {
    await holder.close();
    throw error;
  }
}
