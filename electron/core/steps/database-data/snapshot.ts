import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { Database, DatabaseSession } from '../../ports/database';

/** One state of a database that several connections read. */
export interface Snapshot {
  /** Opens a connection whose transaction sees the snapshot. The caller closes it. */
  join(signal: AbortSignal): Promise<DatabaseSession>;
  close(): Promise<void>;
}

const snapshotRow = z.object({ id: z.string().regex(/^[0-9A-F-]+$/) });

/** Exports a snapshot and holds it open on a connection of its own. */
export async function openSnapshot(database: Database, signal: AbortSignal): Promise<Snapshot> {
  const holder = await database.open(signal);
  try {
    await holder.execute('begin isolation level repeatable read read only');
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
