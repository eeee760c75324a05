import type { systemContract } from '#shared/contract/system';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** What the page asks of its host. */
export function systemHandlers(core: Core): Handlers<typeof systemContract> {
  return { 'system.info': () => Promise.resolve(core.info) };
}
