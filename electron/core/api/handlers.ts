import type { AppContract } from '#shared/contract/contract';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';
import { accessHandlers } from './access';
import { activityHandlers } from './activity';
import { bucketsHandlers } from './buckets';
import { comparisonHandlers } from './comparison';
import { connectionsHandlers } from './connections';
import { exposureHandlers } from './exposure';
import { linksHandlers } from './links';
import { healthHandlers } from './health';
import { loadHandlers } from './load';
import { deployHandlers } from './deploy';
import { easypanelHandlers } from './easypanel';
import { migrationHandlers } from './migration';
import { systemHandlers } from './system';
import { usersHandlers } from './users';
import { workspacesHandlers } from './workspaces';

/** Every operation of the contract over one core; each host serves them in its own way. */
export function createHandlers(core: Core): Handlers<AppContract> {
  return {
    ...systemHandlers(core),
    ...workspacesHandlers(core),
    ...connectionsHandlers(core),
    ...migrationHandlers(core),
    ...comparisonHandlers(core),
    ...activityHandlers(core),
    ...bucketsHandlers(core),
    ...linksHandlers(core),
    ...healthHandlers(core),
    ...loadHandlers(core),
    ...accessHandlers(core),
    ...exposureHandlers(core),
    ...usersHandlers(core),
    ...deployHandlers(core),
    ...easypanelHandlers(core),
  };
}
