import type { SchemaEntry } from '#core/ports/database';
import type { Evidence, Warning } from '#shared/model/run';
import { databaseDataStep } from '#core/steps/database-data/database-data-step';
import { databaseFinishStep } from '#core/steps/database-finish/database-finish-step';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import { expect } from 'vitest';
import { type databasePorts, MemoryStep } from '../../integration/database-fixture';

type Ports = ReturnType<typeof databasePorts>;

/** Plans, checks, runs and verifies the three steps of the database; resolves with what they warned of and what came out unequal. */
export async function migrateDatabase(ports: Ports): Promise<{ warnings: Warning[]; unequal: Evidence[] }> {
  const steps = [databaseSchemaStep, databaseDataStep, databaseFinishStep].map(
    (step) => new MemoryStep(step, ports),
  );
  for (const step of steps) step.others = steps;
  const plans: unknown[] = [];
  for (const step of steps) plans.push(await step.plan());
  for (const [index, step] of steps.entries()) {
    expect(await step.check(plans[index])).toEqual({ state: 'pending' });
    await step.run(plans[index]);
  }
  const evidence: Evidence[] = [];
  for (const [index, step] of steps.entries()) evidence.push(...(await step.verify(plans[index])));
  return {
    warnings: steps.flatMap((step) => step.warnings),
    unequal: evidence.filter((item) => !item.equal),
  };
}

/** What two servers write differently although it is the same; everything else has to be equal to the letter. */
function plain(entry: SchemaEntry): string {
  if (!/VIEW|RULE/.test(entry.type)) return entry.sql;
  // Since PostgreSQL 16 columns of a view are qualified only where more than one table is read.
  return entry.sql.replaceAll(/\b[a-z_0-9]+\.(?=[a-z_"])/g, '').replaceAll(/[()]/g, '');
}

/** Entries of the source's dump that the target's lacks or has otherwise, and entries that only the target's has. */
export async function differingEntries(ports: Ports): Promise<unknown[]> {
  const { signal } = new AbortController();
  const { entries: there } = await ports.database.source.dumpSchema(signal);
  const here = new Map(
    (await ports.database.target.dumpSchema(signal)).entries.map((entry) => [entry.id, entry]),
  );
  const different = there.filter((entry) => {
    // Up to PostgreSQL 14 the schema belongs to the superuser, later to the database's owner; it is not made anew.
    if (entry.id === 'SCHEMA public') return false;
    const other = here.get(entry.id);
    return other === undefined || plain(entry) !== plain(other);
  });
  const known = new Set(['SCHEMA extensions', ...there.map(({ id }) => id)]);
  return [
    ...different.map(({ id, sql }) => ({ id, sql, other: here.get(id)?.sql })),
    ...[...here.keys()].filter((id) => !known.has(id)).map((id) => ({ id, sql: undefined })),
  ];
}
