import type { AnyStep } from '../engine/step';
import type { MigrationPorts } from '../ports/migration-ports';
import { databaseDataStep } from './database-data/database-data-step';
import { databaseFinishStep } from './database-finish/database-finish-step';
import { databaseSchemaStep } from './database-schema/database-schema-step';
import { objectsStep } from './objects/objects-step';
import { usersStep } from './users/users-step';

/** The steps of a first migration, in the order in which a plan lists them. */
export const migrationSteps: readonly AnyStep<MigrationPorts>[] = [
  databaseSchemaStep,
  databaseDataStep,
  databaseFinishStep,
  usersStep,
  objectsStep,
];
