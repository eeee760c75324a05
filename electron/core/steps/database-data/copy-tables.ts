import { availableParallelism } from 'node:os';
import { AppError, toAppError } from '#shared/model/errors';
import { z } from 'zod';
import type { RunContext } from '../../engine/step';
import type { MigrationPorts } from '../../ports/migration-ports';
import { reconnecting } from '../common/reconnect';
import { runWorkers } from '../common/run-workers';
import { sqlState } from '../common/sqlstate';
import { roomOnTarget } from '../common/target-room';
import { copyStatements, fingerprintTable, tableLabel, type Table } from '../common/tables';
import { CopyLanes, type CopyLane } from './copy-lanes';
import {
  copyLargeObjects,
  fingerprintLargeObjects,
  largeObjectsDoneSchema,
  largeObjectsUnit,
} from './large-objects';
import { OwnRows, transactionOf } from './own-rows';
import { PartQueue } from './part-queue';
import { partDoneSchema, partsOf, type Part, type PartDone } from './parts';
import { SnapshotKeeper } from './snapshot';

type Run = RunContext<Pick<MigrationPorts, 'database'>>;

/**
 * Copies at a time, where the target has room for them. Each keeps a process of both servers busy, and part of a core here; more than the
 * cores can feed only get into each other's way.
 */
export const mostCopies = Math.min(4, availableParallelism() + 1);
/** How often the source's state may get lost on the way before the run stops; each time costs a look at everything copied. */
const mostGenerations = 10;

/** What the two servers answer when a type’s binary form is not the same on both. */
const binaryRefused: ReadonlySet<string> = new Set(['08P01', '22P03', '42804', '42883']);

const estimateRow = z.object({ schema: z.string(), name: z.string(), rows: z.coerce.number() });

/** Adds the parts' progress up to that of the step. */
class CopyProgress {
  readonly #rows = new Map<string, { done: number; total: number }>();
  #done = 0;
  #total = 0;

  constructor(private readonly context: Run) {}

  report(unit: string, done: number, total: number): void {
    const before = this.#rows.get(unit);
    this.#rows.set(unit, { done, total });
    this.#done += done - (before?.done ?? 0);
    this.#total += total - (before?.total ?? 0);
    this.context.progress({ done, total, unit: 'rows' }, unit);
    this.context.progress({ done: this.#done, total: this.#total, unit: 'rows' });
  }
}

/** Copies the rows of all tables, however often connections are lost on the way; afterwards all are those of one state of the source. */
export class TableCopy {
  readonly #own = new OwnRows();
  readonly #keeper: SnapshotKeeper;
  readonly #lanes: CopyLanes;
  readonly #parts: readonly Part[];
  readonly #progress: CopyProgress;
  /** By part: the newest state of the source that its rows are known to be of. */
  readonly #confirmed = new Map<string, number>();
  /** Tables that are copied as text after their binary form was refused. */
  readonly #asText = new Set<string>();
  readonly #estimates = new Map<string, number>();

  constructor(
    private readonly tables: readonly Table[],
    private readonly largeObjects: boolean,
    private readonly context: Run,
  ) {
    const { database } = context.ports;
    this.#keeper = new SnapshotKeeper(database.source, tables, context.signal);
    this.#lanes = new CopyLanes(database, this.#keeper, context.signal);
    this.#parts = tables.flatMap(partsOf);
    this.#progress = new CopyProgress(context);
    for (const part of this.#parts) {
      const done = context.finished(part.id, partDoneSchema);
      if (done !== undefined) this.#own.note(part, done.transaction);
    }
  }

  async run(): Promise<void> {
    try {
      await this.#reconnecting(() => this.#estimate());
      for (let round = 0; ; round += 1) {
        const generation = await this.#reconnecting(() => this.#keeper.generation());
        if (round > 0) {
          this.context.log(
            'warn',
            'The connection that held the snapshot of the source was lost. A new snapshot was taken: what was copied is compared with it, and what has changed since is copied again.',
          );
        }
        const workers = await this.#openLanes(generation);
        await this.#confirm(workers, generation);
        await this.#copyAll(workers);
        if (this.largeObjects) await this.#copyLargeObjects(generation);
        const whole =
          this.#parts.every((part) => this.#confirmed.get(part.id) === generation) &&
          (!this.largeObjects || this.#confirmed.get(largeObjectsUnit) === generation);
        // While the state was held, no table was truncated or rewritten, so that what looked empty was.
        if (whole && (await this.#keeper.alive())) return;
        if (round >= mostGenerations) {
          throw new AppError(
            'SOURCE_LOST',
            `The connection that holds the snapshot of the source was lost ${mostGenerations} times.`,
            {
              hint: 'Find out what ends long connections (a firewall, a pooler, a time-out of the role), then resume the run: what is finished is kept.',
              retryable: true,
            },
          );
        }
      }
    } finally {
      await this.#lanes.close();
      await this.#keeper.close();
    }
  }

  #reconnecting<T>(work: () => Promise<T>): Promise<T> {
    return reconnecting(this.context, work);
  }

  async #estimate(): Promise<void> {
    const rows = await this.context.ports.database.source.use(this.context.signal, (source) =>
      source.query(
        estimateRow,
        `select n.nspname as schema, c.relname as name, c.reltuples::float8 as rows from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and c.reltuples > 0`,
      ),
    );
    for (const row of rows) this.#estimates.set(tableLabel(row), Math.round(row.rows));
  }

  async #openLanes(generation: number): Promise<number> {
    const { context } = this;
    const room = await this.#reconnecting(() =>
      roomOnTarget(context.ports.database, mostCopies, context.signal),
    );
    await this.#lanes.keep(generation);
    return this.#reconnecting(() => this.#lanes.open(Math.min(room, Math.max(1, this.#parts.length))));
  }

  /** Takes back what was copied from a state of the source that says something else than the present one. */
  async #confirm(workers: number, generation: number): Promise<void> {
    const { context } = this;
    const copied = this.#parts.filter(
      (part) =>
        this.#confirmed.get(part.id) !== generation &&
        context.finished(part.id, partDoneSchema) !== undefined,
    );
    await runWorkers(copied, workers, async (part, worker) => {
      const now = await this.#onLane(worker, async (lane) => ({
        ...(await fingerprintTable(lane.prover, part.table, part.range)),
        generation: lane.generation,
      }));
      const then = context.finished(part.id, partDoneSchema);
      if (then?.rows === now.rows && then.hash === now.hash) {
        this.#confirmed.set(part.id, now.generation);
        return;
      }
      this.#own.forget(part);
      await context.reset(part.id, 'its rows have changed on the source since they were copied');
    });
  }

  async #copyAll(workers: number): Promise<void> {
    const { context } = this;
    const queue = new PartQueue(this.tables);
    await runWorkers(queue, workers, async (part, worker) => {
      const done = await context.unit(part.id, partDoneSchema, async ({ begunBefore }) => {
        let begun = begunBefore;
        const attempt = (): Promise<PartDone> =>
          this.#onLane(worker, async (lane) => {
            const clear = begun;
            begun = true;
            const copied = await this.#copy(part, lane, clear);
            this.#confirmed.set(part.id, lane.generation);
            return copied;
          });
        try {
          return await attempt();
        } catch (error) {
          if (!this.#wantsText(part.table, error)) throw error;
          return attempt();
        }
      });
      queue.ended(part);
      this.#progress.report(part.id, done.rows, done.rows);
    });
  }

  /** Brings the large objects of the present state; what was brought from another one is compared with it first. */
  async #copyLargeObjects(generation: number): Promise<void> {
    const { context } = this;
    const then = context.finished(largeObjectsUnit, largeObjectsDoneSchema);
    if (then !== undefined && this.#confirmed.get(largeObjectsUnit) !== generation) {
      const now = await this.#onLane(0, async (lane) => ({
        ...(await fingerprintLargeObjects(lane.source)),
        generation: lane.generation,
      }));
      if (now.hash === then.hash && now.rows === then.rows)
        this.#confirmed.set(largeObjectsUnit, now.generation);
      else await context.reset(largeObjectsUnit, 'they have changed on the source since they were copied');
    }
    await context.unit(largeObjectsUnit, largeObjectsDoneSchema, () =>
      this.#onLane(0, async (lane) => {
        const done = await copyLargeObjects(lane.source, lane.target, context.signal, (objects, total) =>
          context.progress({ done: objects, total, unit: 'objects' }, largeObjectsUnit),
        );
        this.#confirmed.set(largeObjectsUnit, lane.generation);
        return done;
      }),
    );
  }

  /** Lends a worker its connections; after a failure they are made anew, and the work is done again when the failure is one that passes. */
  #onLane<T>(worker: number, work: (lane: CopyLane) => Promise<T>): Promise<T> {
    return this.#reconnecting(async () => {
      const lane = await this.#lanes.of(worker);
      try {
        return await work(lane);
      } catch (error) {
        await this.#lanes.drop(worker);
        throw error;
      }
    });
  }

  /** Whether a failure means that the two servers do not agree on a binary form; the table is copied as text from then on. */
  #wantsText(table: Table, error: unknown): boolean {
    const label = tableLabel(table);
    const refused = binaryRefused.has(sqlState(error) ?? '');
    if (!refused || table.format === 'text' || this.#asText.has(label)) return false;
    this.#asText.add(label);
    this.context.log('warn', `${label} is copied in text form, because its binary form was refused.`);
    return true;
  }

  /** Copies one part in one transaction of the target, and hashes it on the source meanwhile. */
  async #copy(part: Part, lane: CopyLane, clear: boolean): Promise<PartDone> {
    const { context } = this;
    const { table } = part;
    const { target } = lane;
    const estimate = Math.round(
      (this.#estimates.get(tableLabel(table)) ?? 0) / Math.max(1, table.parts.count),
    );
    let rows = estimate;
    this.#progress.report(part.id, 0, rows);
    // Functions of generated columns and checks may name things without a schema, as the application does.
    await target.execute('begin; set local search_path = public, extensions');
    if (clear) await this.#own.clear(target, part);
    const transaction = await transactionOf(target);
    this.#own.note(part, transaction);
    const proof = fingerprintTable(lane.prover, table, part.range).then((found) => {
      ({ rows } = found);
      return found;
    });
    const copying = context.ports.database.copy({
      source: lane.source,
      target,
      ...copyStatements(table, part.range, this.#asText.has(tableLabel(table)) ? 'text' : table.format),
      signal: context.signal,
      onBytes: (carried) => {
        // Rows are not counted on their way; their number follows from the bytes, and is exact at the end.
        const share = Math.min(0.99, carried / Math.max(part.bytes, carried));
        this.#progress.report(part.id, Math.floor(rows * share), rows);
      },
    });
    // The proof of a copy that failed is of no use, and may take its time.
    copying.catch(() => lane.prover.close());
    const [copied, proved] = await Promise.allSettled([copying, proof]);
    if (copied.status === 'rejected') throw toAppError(copied.reason);
    if (proved.status === 'rejected') throw toAppError(proved.reason);
    await target.execute('commit');
    return { ...proved.value, bytes: copied.value.bytes, transaction };
  }
}
