import type { loadContract } from '#shared/contract/load';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** Load checks of the open workspace. */
export function loadHandlers(core: Core): Handlers<typeof loadContract> {
  return {
    'load.overview': () => core.load().overview(),
    'load.start': ({ check, consent }, { signal }) => core.load().start(check, consent, signal),
    'load.watch': async function* ({ id }, { after, signal }) {
      yield* core.load().watch(id, after, signal);
    },
    'load.stop': async ({ id }) => {
      core.load().stop(id);
      return Promise.resolve({});
    },
  };
}
