import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { Database, DatabaseSession } from '../../ports/database';
import { qualified } from '../common/sql-text';
import { sqlState } from '../common/sqlstate';
import type { Table } from '../common/tables';

const snapshotRow = z.object({ id: z.string().regex(/^[0-9A-F-]+$/) });

/** Milliseconds between two signs of life on the connection that holds the snapshot: shorter than what firewalls forget. */
const heartbeat = 20_000;

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

interface Held {
  readonly holder: DatabaseSession;
  readonly id: string;
  readonly generation: number;
}

/** A connection whose transaction sees a snapshot. The caller closes it. */
export interface Joined {
  readonly session: DatabaseSession;
  /** Two connections of one generation see the same state. */
  readonly generation: number;
}

/**
 * One state of the source that several connections read, held open on a connection of its own. When that connection is lost the next one to
 * join gets a new state, of the next generation; who joined before goes on with the old one.
 */
export class SnapshotKeeper {
  #held: Held | undefined;
  #opening: Promise<Held> | undefined;
  #generations = 0;
  readonly #beat: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly tables: readonly Table[],
    private readonly signal: AbortSignal,
  ) {
    this.#beat = setInterval(() => void this.alive(), heartbeat);
  }

  /** Opens a connection that sees the present state; where there is none any more, a new one is taken. */
  async join(): Promise<Joined> {
    const held = await this.#hold();
    const session = await this.database.open(this.signal);
    try {
      await session.execute(
        `begin isolation level repeatable read read only; set transaction snapshot '${held.id}'`,
      );
      return { session, generation: held.generation };
    } catch (error) {
      await session.close();
      if (await this.alive()) throw error;
      // The state went away in between: like any lost connection, it is worth another attempt.
      throw new AppError('SOURCE_LOST', 'The connection that holds the snapshot of the source was lost.', {
        hint: 'Check that the server is up and reachable, then resume the run: what is finished is kept.',
        retryable: true,
        cause: error,
      });
    }
  }

  /** The generation of the present state, as far as it is known to be held. */
  async generation(): Promise<number> {
    return (await this.#hold()).generation;
  }

  /** Whether the present state is held still: only then is nothing truncated behind our back. */
  async alive(): Promise<boolean> {
    const held = this.#held;
    if (held === undefined) return false;
    try {
      await held.holder.execute('select 1');
      return this.#held === held;
    } catch {
      if (this.#held === held) this.#held = undefined;
      await held.holder.close();
      return false;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    await this.#held?.holder.close();
    this.#held = undefined;
  }

  async #hold(): Promise<Held> {
    if (this.#held !== undefined) return this.#held;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<Held> {
    const holder = await this.database.open(this.signal);
    try {
      await holder.execute('begin isolation level repeatable read read only');
      await holdTables(holder, this.tables);
      const [row] = await holder.query(snapshotRow, 'select pg_catalog.pg_export_snapshot() as id');
      if (row === undefined) throw new AppError('INTERNAL', 'The source exported no snapshot.');
      this.#generations += 1;
      this.#held = { holder, id: row.id, generation: this.#generations };
      return this.#held;
    } catch (error) {
      await holder.close();
      throw error;
    }
  }
}
