import { accessContract } from './access';
import { activityContract } from './activity';
import { bucketsContract } from './buckets';
import { comparisonContract } from './comparison';
import { connectionsContract } from './connections';
import { exposureContract } from './exposure';
import { linksContract } from './links';
import { healthContract } from './health';
import { deployContract } from './deploy';
import { migrationContract } from './migration';
import { systemContract } from './system';
import { usersContract } from './users';
import { workspacesContract } from './workspaces';

/** Every operation between host and page. */
export const contract = {
  ...systemContract,
  ...workspacesContract,
  ...connectionsContract,
  ...migrationContract,
  ...comparisonContract,
  ...activityContract,
  ...bucketsContract,
  ...linksContract,
  ...healthContract,
  ...accessContract,
  ...exposureContract,
  ...usersContract,
  ...deployContract,
} as const;
export type AppContract = typeof contract;
