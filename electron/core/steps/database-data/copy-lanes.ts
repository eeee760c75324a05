import { AppError } from '#shared/model/errors';
import type { DatabasePorts, DatabaseSession } from '../../ports/database';
import type { SnapshotKeeper } from './snapshot';

/** What one copy works with: its rows are read and hashed side by side, in the same snapshot. */
export interface CopyLane {
  readonly source: DatabaseSession;
  readonly prover: DatabaseSession;
  readonly target: DatabaseSession;
  /** The snapshot's. */
  readonly generation: number;
}

/** The connections of the copies, by worker; opened when they are needed, and again after they were lost. */
export class CopyLanes {
  readonly #lanes = new Map<number, CopyLane>();

  constructor(
    private readonly databases: DatabasePorts,
    private readonly keeper: SnapshotKeeper,
    private readonly signal: AbortSignal,
  ) {}

  /** The worker's lane; its connections are opened when there are none. */
  async of(worker: number): Promise<CopyLane> {
    const known = this.#lanes.get(worker);
    if (known !== undefined) return known;
    const opened: DatabaseSession[] = [];
    try {
      const first = await this.keeper.join();
      opened.push(first.session);
      const second = await this.keeper.join();
      opened.push(second.session);
      if (first.generation !== second.generation) {
        throw new AppError('SOURCE_LOST', 'The connection that holds the snapshot of the source was lost.', {
          hint: 'Resume the run: what is finished is kept.',
          retryable: true,
        });
      }
      const target = await this.databases.target.open(this.signal);
      const lane: CopyLane = {
        source: first.session,
        prover: second.session,
        target,
        generation: first.generation,
      };
      this.#lanes.set(worker, lane);
      return lane;
    } catch (error) {
      await Promise.all(opened.map((session) => session.close()));
      throw error;
    }
  }

  /** Opens lanes for so many workers, or fewer where a pool has no room; resolves with how many there are. */
  async open(workers: number): Promise<number> {
    for (let worker = 0; worker < workers; worker += 1) {
      try {
        await this.of(worker);
      } catch (error) {
        const full = error instanceof AppError && error.code === 'DATABASE_TOO_MANY_CONNECTIONS';
        if (worker === 0 || !full) throw error;
        return worker;
      }
    }
    return workers;
  }

  /** Ends the lanes that see another snapshot than the one of this generation. */
  async keep(generation: number): Promise<void> {
    for (const [worker, lane] of this.#lanes) {
      if (lane.generation !== generation) await this.drop(worker);
    }
  }

  /** Ends a worker's lane. */
  async drop(worker: number): Promise<void> {
    const lane = this.#lanes.get(worker);
    this.#lanes.delete(worker);
    if (lane !== undefined) {
      await Promise.all([lane.source.close(), lane.prover.close(), lane.target.close()]);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lanes.keys()].map((worker) => this.drop(worker)));
  }
}
