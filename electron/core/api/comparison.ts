import type { comparisonContract } from '#shared/contract/comparison';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';
import { eventsOf } from './events-of';

/** The comparison of both databases without a run. */
export function comparisonHandlers(core: Core): Handlers<typeof comparisonContract> {
  return {
    'databases.compare': ({ tables, rows }, { signal }) =>
      eventsOf(signal, (both, onProgress) =>
        core.compareDatabases({ tables, rows, signal: both, onProgress }),
      ),
  };
}
