import { AppError } from '#shared/model/errors';
import type { RunContext } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { reconnecting } from '../common/reconnect';
import { roomOnTarget } from '../common/target-room';

type Run = RunContext<Pick<MigrationPorts, 'database'>>;

/**
 * Indexes built at a time, where the target has room for them. Each may use several cores of the server while it sorts; more builders would
 * start the small ones beside the large ones, and leave the last large one alone at the end.
 */
const mostBuilders = 3;

/**
 * Memory and processes for building indexes, as far as a role may set them. `shared_buffers` tells how much memory the server has: about a
 * quarter of it; the builders together get as much once more. `max_parallel_workers` tells how many cores it has: those that the builders
 * leave are shared among them. More processes than cores make every index slower.
 */
const tuning = (builders: number): string => `
select set_config('maintenance_work_mem', greatest(
    (select setting::bigint from pg_catalog.pg_settings where name = 'maintenance_work_mem'),
    least(1048576, (select setting::bigint * 8 from pg_catalog.pg_settings where name = 'shared_buffers') / ${builders})) || 'kB', false),
  set_config('max_parallel_maintenance_workers',
    least(4, greatest(0, current_setting('max_parallel_workers')::int - ${builders}) / ${builders})::text, false)`;

/** Lends each worker a connection to the target of its own, made again when it was lost. */
export class TargetSessions {
  readonly #open = new Map<number, DatabaseSession>();
  #builders = 1;

  constructor(private readonly context: Run) {}

  /** Finds out how many workers the target has room for. */
  async prepare(): Promise<number> {
    const { ports, signal } = this.context;
    const room = await reconnecting(this.context, () => roomOnTarget(ports.database, mostBuilders, signal));
    this.#builders = room;
    for (let worker = 0; worker < room; worker += 1) {
      try {
        await reconnecting(this.context, () => this.#of(worker));
      } catch (error) {
        const full = error instanceof AppError && error.code === 'DATABASE_TOO_MANY_CONNECTIONS';
        if (worker === 0 || !full) throw error;
        return worker;
      }
    }
    return room;
  }

  /** Works on a worker's connection; `again` is true when an earlier attempt lost it, so that the work may have been done. */
  use<T>(worker: number, work: (target: DatabaseSession, again: boolean) => Promise<T>): Promise<T> {
    return reconnecting(this.context, async (again) => {
      const session = await this.#of(worker);
      try {
        return await work(session, again);
      } catch (error) {
        await this.#drop(worker);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((worker) => this.#drop(worker)));
  }

  async #of(worker: number): Promise<DatabaseSession> {
    const known = this.#open.get(worker);
    if (known !== undefined) return known;
    const session = await this.context.ports.database.target.open(this.context.signal);
    try {
      await session.execute(tuning(this.#builders));
    } catch (error) {
      await session.close();
      throw error;
    }
    this.#open.set(worker, session);
    return session;
  }

  async #drop(worker: number): Promise<void> {
    const session = this.#open.get(worker);
    this.#open.delete(worker);
    await session?.close();
  }
}
