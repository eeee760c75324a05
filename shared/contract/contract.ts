import { accessContract } from './access';
import { activityContract } from './activity';
import { bucketsContract } from './buckets';
import { comparisonContract } from './comparison';
import { connectionsContract } from './connections';
import { exposureContract } from './exposure';
import { linksContract } from './links';
import { healthContract } from './health';
import { loadContract } from './load';
import { deployContract } from './deploy';
import { easypanelContract } from './easypanel';
import { migrationContract } from './migration';
import { schemaEntriesContract } from './schema-entries';
import { systemContract } from './system';
import { usersContract } from './users';
import { workspacesContract } from './workspaces';

/** Every operation between host and page. */
export const contract = {
  ...systemContract,
  ...workspacesContract,
  ...connectionsContract,
  ...migrationContract,
  ...schemaEntriesContract,
  ...comparisonContract,
  ...activityContract,
  ...bucketsContract,
  ...linksContract,
  ...healthContract,
  ...loadContract,
  ...accessContract,
  ...exposureContract,
  ...usersContract,
  ...deployContract,
  ...easypanelContract,
} as const;
export type AppContract = typeof contract;
