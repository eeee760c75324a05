import { z } from 'zod';
import type { DatabasePorts } from '../../ports/database';

/** Connections of the target that are left to others: the application, the console, the operator. */
const leftToOthers = 3;

const freeRow = z.object({ free: z.coerce.number() });

/**
 * How many connections to the target may be opened for work side by side, at most `most`. A pool in front of it may have fewer: then it refuses
 * further ones, and the work goes on with those that there are.
 */
export async function roomOnTarget(
  databases: DatabasePorts,
  most: number,
  signal: AbortSignal,
): Promise<number> {
  return databases.target.use(signal, async (target) => {
    const [row] = await target.query(
      freeRow,
      `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend') as free`,
    );
    return Math.max(1, Math.min(most, (row?.free ?? most) - leftToOthers));
  });
}
