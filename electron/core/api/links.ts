import type { linksContract } from '#shared/contract/links';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';
import { eventsOf } from './events-of';

/** What is done with links besides the run that rewrites them. */
export function linksHandlers(core: Core): Handlers<typeof linksContract> {
  return {
    'links.find': (input, { signal }) =>
      eventsOf(signal, (both, onProgress) => core.links().find(input, both, onProgress)),
    'links.rewrites': (_input, { signal }) => core.links().rewrites(signal),
    'links.check': (input, { signal }) =>
      eventsOf(signal, (both, onProgress) => core.links().check(input, both, onProgress)),
    'links.undo': (input, { signal }) =>
      eventsOf(signal, (both, onProgress) => core.links().undo(input, both, onProgress)),
    'links.forget': async (_input, { signal }) => {
      await core.links().forget(signal);
      return {};
    },
  };
}
