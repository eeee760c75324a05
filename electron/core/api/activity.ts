import type { activityContract } from '#shared/contract/activity';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** What operators did in the open workspace. */
export function activityHandlers(core: Core): Handlers<typeof activityContract> {
  return {
    'activity.list': (filter, { signal }) => core.activity().list(filter, signal),
  };
}
