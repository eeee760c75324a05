import type { AnyStep } from '../../engine/step';
import type { MigrationPorts } from '../../ports/migration-ports';
import { databaseDataStep } from '../../steps/database-data/database-data-step';
import { databaseFinishStep } from '../../steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '../../steps/database-schema/database-schema-step';
import { linksStep } from '../../steps/links/links-step';
import { objectsStep } from '../../steps/objects/objects-step';
import { usersLinksStep } from '../../steps/users/users-links-step';
import { usersStep } from '../../steps/users/users-step';

/** The steps of a first migration, in the order in which a plan lists them. */
export const migrationSteps: readonly AnyStep<MigrationPorts>[] = [
  databaseSchemaStep,
  databaseDataStep,
  databaseFinishStep,
  usersStep,
  usersLinksStep,
  objectsStep,
  linksStep,
];
