import type { DatabaseChoices } from '#shared/model/database-choices';
import type { UsersMapping } from '#shared/model/users-mapping';
import type { BucketSettingsPorts } from './bucket-settings';
import type { DatabasePorts, ProjectLimits } from './database';
import type { LinkPorts } from './links';
import type { ObjectPorts } from './objects';
import type { AuthPort } from './auth';

/** Everything through which migration steps reach the outside. Opened lazily; closed once, when the run ends. */
export interface MigrationPorts {
  readonly database: DatabasePorts;
  readonly auth: AuthPort;
  readonly objects: ObjectPorts;
  /** How the operator wants the users read; without it the likeliest table is. */
  readonly usersMapping?: UsersMapping | undefined;
  /** What the operator leaves out of the database; without it nothing is. */
  readonly databaseChoices?: DatabaseChoices | undefined;
  readonly bucketSettings: BucketSettingsPorts;
  readonly links: LinkPorts;
  /** What is known of the target project's room. */
  readonly projectLimits?: ((signal: AbortSignal) => Promise<ProjectLimits>) | undefined;
  close(): Promise<void>;
}
