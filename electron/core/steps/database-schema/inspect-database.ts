import type { InspectReport } from '#shared/contract/migration';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { planExtensions } from '../common/extensions';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';
import { qualified } from '../common/sql-text';

type Findings = InspectReport['findings'];

/** Bytes up to which a table's rows are counted; larger ones are estimated. */
const countedUpTo = 64 * 2 ** 20;
/** The oldest version whose catalogs and hashes are what Cutover reads. */
const oldestVersion = 130_000;

const serverRow = z.object({
  version: z.string(),
  number: z.coerce.number(),
  name: z.string(),
  bytes: z.coerce.number(),
  large_objects: z.coerce.number(),
});
const tableRow = z.object({
  schema: z.string(),
  name: z.string(),
  estimate: z.coerce.number(),
  bytes: z.coerce.number(),
  parent: z.string().nullable(),
  keyless: z.boolean(),
  hidden: z.boolean(),
});
const countRow = z.object({ rows: z.coerce.number() });
const nameRow = z.object({ name: z.string() });

const tablesSql = `
select n.nspname as schema, c.relname as name, greatest(c.reltuples, 0)::float8 as estimate,
  pg_catalog.pg_total_relation_size(c.oid) as bytes,
  case when c.relispartition then (select i.inhparent::regclass::text from pg_catalog.pg_inherits i where i.inhrelid = c.oid) end as parent,
  not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary) as keyless,
  c.relrowsecurity and not (r.rolsuper or r.rolbypassrls)
    and (c.relforcerowsecurity or not pg_catalog.pg_has_role(c.relowner, 'usage')) as hidden
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles r on r.rolname = current_user
where c.relkind = 'r' and c.relpersistence <> 't' and ${isApplicationSchema('n.nspname')}
  and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')} order by 1, 2`;

type TableRow = z.infer<typeof tableRow>;

const names = (tables: readonly TableRow[]): string =>
  tables.map((table) => `${table.schema}.${table.name}`).join(', ');

function tableFindings(tables: readonly TableRow[]): Findings {
  const findings: Findings = [];
  const hidden = tables.filter((table) => table.hidden);
  if (hidden.length > 0) {
    findings.push({
      code: 'SOURCE_ROWS_HIDDEN',
      severity: 'blocker',
      lane: 'database',
      message: `Row security hides rows of ${names(hidden)} from this role, so they can not be copied whole.`,
      hint: 'Use the owner of the tables, or grant the role BYPASSRLS.',
    });
  }
  const keyless = tables.filter((table) => table.keyless);
  if (keyless.length > 0) {
    findings.push({
      code: 'TABLE_WITHOUT_PRIMARY_KEY',
      severity: 'info',
      lane: 'database',
      message: `${keyless.length} tables have no primary key: ${names(keyless)}. They are copied like the others.`,
    });
  }
  return findings;
}

async function countRows(source: DatabaseSession, table: TableRow): Promise<number> {
  if (table.hidden || table.bytes > countedUpTo) return Math.round(table.estimate);
  const [row] = await source.query(countRow, `select count(*) as rows from only ${qualified(table)}`);
  return row?.rows ?? 0;
}

/** What is in the source database, and what of it will not arrive as it is. Reads both sides. */
export async function inspectDatabase(
  ports: Pick<MigrationPorts, 'database'>,
  signal: AbortSignal,
): Promise<{ database: NonNullable<InspectReport['database']>; findings: Findings }> {
  const { source, target } = ports.database;
  return source.use(signal, async (session) => {
    const [server] = await session.query(
      serverRow,
      `select current_setting('server_version') as version, current_setting('server_version_num') as number,
         current_database() as name, pg_catalog.pg_database_size(current_database()) as bytes,
         (select count(*) from pg_catalog.pg_largeobject_metadata) as large_objects`,
    );
    const tables = await session.query(tableRow, tablesSql);
    const findings = tableFindings(tables);
    if ((server?.number ?? 0) < oldestVersion) {
      findings.push({
        code: 'SOURCE_TOO_OLD',
        severity: 'blocker',
        lane: 'database',
        message: `PostgreSQL ${server?.version ?? ''} is older than what Cutover moves.`,
        hint: 'Upgrade the source to PostgreSQL 13 or later first.',
      });
    }
    if ((server?.large_objects ?? 0) > 0) {
      findings.push({
        code: 'LARGE_OBJECTS_NOT_COPIED',
        severity: 'warning',
        lane: 'database',
        message: `The source holds ${server?.large_objects ?? 0} large objects, which are not copied.`,
        hint: 'Move their content into bytea columns or into objects first.',
      });
    }
    const { unavailable } = await target.use(signal, (other) => planExtensions(session, other));
    if (unavailable.length > 0) {
      findings.push({
        code: 'EXTENSION_UNAVAILABLE',
        severity: 'warning',
        lane: 'database',
        message: `The target does not offer ${unavailable.join(', ')}.`,
        hint: 'What depends on it can not be created.',
      });
    }
    const extensions = await session.query(
      nameRow,
      `select extname as name from pg_catalog.pg_extension where extname <> 'plpgsql' order by 1`,
    );
    const counted: NonNullable<InspectReport['database']>['tables'] = [];
    for (const table of tables) {
      counted.push({
        schema: table.schema,
        name: table.name,
        rows: await countRows(session, table),
        bytes: table.bytes,
        ...(table.parent === null ? {} : { partitionOf: table.parent }),
      });
    }
    return {
      database: {
        version: server?.version ?? '',
        name: server?.name ?? '',
        bytes: server?.bytes ?? 0,
        tables: counted,
        extensions: extensions.map((row) => row.name),
      },
      findings,
    };
  });
}
