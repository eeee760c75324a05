import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { quoteName } from '../common/sql-text';

/** Whoever has the project's publishable key acts as one of these. */
const publicRoles = ['anon', 'authenticated'] as const;

const nameRow = z.object({ name: z.string() });

/**
 * Takes the rights back that default privileges of the target gave to everybody on the new tables, views and sequences:
 * otherwise the REST API would show every row to whoever has the publishable key. What the source itself grants to these
 * roles is granted after the rows.
 */
export async function takeBackDefaultRights(
  target: DatabaseSession,
  schemas: readonly string[],
): Promise<void> {
  const roles = await target.query(
    nameRow,
    'select rolname as name from pg_catalog.pg_roles where rolname = any ($1)',
    [publicRoles],
  );
  const there = await target.query(
    nameRow,
    'select nspname as name from pg_catalog.pg_namespace where nspname = any ($1)',
    [schemas],
  );
  if (roles.length === 0) return;
  const grantees = roles.map(({ name }) => quoteName(name)).join(', ');
  for (const { name } of there) {
    for (const kind of ['tables', 'sequences']) {
      await target.execute(`revoke all on all ${kind} in schema ${quoteName(name)} from ${grantees}`);
    }
  }
}
