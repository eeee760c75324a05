import type { accessContract } from '#shared/contract/access';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** Public access and CORS of the migration's buckets. */
export function accessHandlers(core: Core): Handlers<typeof accessContract> {
  return {
    'access.show': (wish, { signal }) => core.access().show(wish, signal),
    'access.apply': async ({ targets, ...wish }, { signal }) => ({
      applied: await core.access().apply(wish, targets, signal),
    }),
    'access.test': (wish, { signal }) => core.access().test(wish, signal),
  };
}
