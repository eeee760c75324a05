import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified } from '../common/sql-text';
import { tableLabel, type Table } from '../common/tables';
import { findLargeObjects } from './large-objects';

/** Tables looked at in one statement. */
const tablesAtOnce = 100;
/** Names shown in a message. */
const shown = 10;

const filledRow = z.object({ place: z.number() });
const versionRow = z.object({ number: z.coerce.number(), version: z.string() });
const hiddenRow = z.object({ schema: z.string(), name: z.string() });

const listed = (tables: readonly Pick<Table, 'schema' | 'name'>[]): string =>
  `${tables.slice(0, shown).map(tableLabel).join(', ')}${tables.length > shown ? ', …' : ''}`;

/** Throws `TARGET_NOT_EMPTY` when a table holds rows already: they are somebody else's, and are neither mixed with ours nor removed. */
export async function requireEmpty(target: DatabaseSession, tables: readonly Table[]): Promise<void> {
  const filled: Table[] = [];
  for (let start = 0; start < tables.length; start += tablesAtOnce) {
    const some = tables.slice(start, start + tablesAtOnce);
    const rows = await target.query(
      filledRow,
      some
        .map((table, place) => `select ${place} as place where exists (select from only ${qualified(table)})`)
        .join(' union all '),
    );
    filled.push(...rows.flatMap(({ place }) => some[place] ?? []));
  }
  if (filled.length === 0) return;
  throw new AppError(
    'TARGET_NOT_EMPTY',
    `Tables of the target hold rows that this run did not write: ${listed(filled)}.`,
    { hint: 'Find out who wrote them. Remove them, then resume the run; or use a new project.' },
  );
}

const hiddenSql = `
select n.nspname as schema, c.relname as name from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles r on r.rolname = current_user
where c.relkind = 'r' and c.relrowsecurity and not (r.rolsuper or r.rolbypassrls)
  and (c.relforcerowsecurity or not pg_catalog.pg_has_role(c.relowner, 'usage')) order by 1, 2`;

/** Identity, generated columns and hashes of texts are read as PostgreSQL 13 and later have them. */
const oldestVersion = 130_000;

/** Why the source's rows can't be read whole and proven; undefined when they can. The copy would otherwise end half-way. */
export async function findObstacle(
  source: DatabaseSession,
  tables: readonly Table[],
): Promise<AppError | undefined> {
  const [server] = await source.query(
    versionRow,
    `select current_setting('server_version_num') as number, current_setting('server_version') as version`,
  );
  if (server !== undefined && server.number < oldestVersion) {
    return new AppError(
      'DATABASE_VERSION_UNSUPPORTED',
      `PostgreSQL ${server.version} is older than what Cutover moves.`,
      {
        hint: 'Upgrade the source to PostgreSQL 13 or later first. Nothing was written.',
      },
    );
  }
  const { hidden: objects } = await findLargeObjects(source);
  if (objects.length > 0) {
    return new AppError(
      'DATABASE_PERMISSION_DENIED',
      `The source’s role may not read ${objects.length} large objects, ${objects[0] ?? ''} among them.`,
      {
        hint: 'Use their owner, or GRANT SELECT ON LARGE OBJECT on each of them to the role. Nothing was written.',
      },
    );
  }
  const labels = new Set(tables.map(tableLabel));
  const hidden = (await source.query(hiddenRow, hiddenSql)).filter((table) => labels.has(tableLabel(table)));
  if (hidden.length === 0) return undefined;
  return new AppError(
    'DATABASE_PERMISSION_DENIED',
    `Row security hides rows of ${listed(hidden)} from the source’s role, so they can not be copied whole.`,
    { hint: 'Use the owner of the tables, or grant the role BYPASSRLS. Nothing was written.' },
  );
}
