import type { exposureContract } from '#shared/contract/exposure';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** What the publishable key reaches on the target. */
export function exposureHandlers(core: Core): Handlers<typeof exposureContract> {
  return {
    'exposure.show': ({ ask }, { signal }) => core.exposure().show(ask, signal),
    'exposure.apply': async ({ fixes }, { signal }) => ({
      applied: await core.exposure().apply(fixes, signal),
    }),
  };
}
