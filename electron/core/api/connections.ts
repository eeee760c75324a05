import type { connectionsContract } from '#shared/contract/connections';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** The five ends: values in, views without secrets out. */
export function connectionsHandlers({ connections }: Core): Handlers<typeof connectionsContract> {
  return {
    'connections.list': () => connections.list(),
    'connections.update': ({ values }) => connections.update(values),
    'connections.test': ({ end }, { signal }) => connections.test(end, signal),
    'connections.import': (input) => connections.import(input),
  };
}
