import { setTimeout as delay } from 'node:timers/promises';
import type { RunContext } from '../../engine/step';
import type { MigrationPorts } from '../../ports/migration-ports';
import { toAppError, type AppError, type ErrorCode } from '#shared/model/errors';

/** What passes by itself when a server restarts, a network fails for a moment, or another client frees its place. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SOURCE_LOST',
  'TARGET_LOST',
  'HOST_UNREACHABLE',
  'CONNECTION_REFUSED',
  'DATABASE_SHUTTING_DOWN',
  'DATABASE_TOO_MANY_CONNECTIONS',
]);

/** Milliseconds before the first new attempt; doubled each time up to the longest. */
const firstDelay = 250;
const longestDelay = 8_000;

/** Of a step's context, what it takes to go on after a dropped connection. */
type Reconnecting = Pick<RunContext<Pick<MigrationPorts, 'database'>>, 'ports' | 'signal' | 'log'>;

/**
 * Does work that may lose its connections, and does it again with growing pauses while that is what it fails of, for as long as the ports
 * say. `again` is true from the second attempt on: the target may then hold what the first one did. Throws the first of the failures when
 * they do not pass.
 */
export async function reconnecting<T>(
  context: Reconnecting,
  work: (again: boolean) => Promise<T>,
): Promise<T> {
  const { signal, ports } = context;
  let first: AppError | undefined;
  let until = 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work(attempt > 0);
    } catch (error) {
      const failure = toAppError(error);
      if (signal.aborted || !passing.has(failure.code)) throw failure;
      if (first === undefined) until = performance.now() + ports.database.reconnectFor;
      first ??= failure;
      const pause = Math.min(longestDelay, firstDelay * 2 ** attempt);
      if (performance.now() + pause > until) throw first;
      context.log('warn', `${failure.message} It is tried again in ${pause / 1000} s.`);
      await delay(pause, undefined, { signal });
    }
  }
}
