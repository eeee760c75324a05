import type { workspacesContract } from '#shared/contract/workspaces';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** The workspaces of this user and the one that is open. */
export function workspacesHandlers({ workspaces }: Core): Handlers<typeof workspacesContract> {
  return {
    'workspaces.current': () => workspaces.current(),
    'workspaces.list': () => workspaces.list(),
    'workspaces.open': ({ path }) => workspaces.open(path),
    'workspaces.create': ({ path, name }) => workspaces.create({ path, name }),
    'workspaces.unlock': ({ passphrase }) => workspaces.unlock(passphrase),
  };
}
