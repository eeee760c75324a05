import type { InspectReport } from '#shared/contract/migration';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { ConnectionKind, DatabaseSession, DatabaseSide } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { planExtensions } from '../common/extensions';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';
import { qualified } from '../common/sql-text';
import { readTables, tableLabel } from '../common/tables';
import { objectFindings } from './object-findings';
import { estimateTime } from './sample-speed';
import { collationOf, connectionOf, readServer, serverFindings, type ServerFacts } from './server-findings';

type Findings = InspectReport['findings'];
type Report = NonNullable<InspectReport['database']>;

/** Tables counted in one statement. */
const countedAtOnce = 100;
/** Bytes up to which a table's rows are counted; larger ones are estimated. */
const countedUpTo = 64 * 2 ** 20;
const databaseRow = z.object({ name: z.string(), bytes: z.coerce.number() });
const tableRow = z.object({
  schema: z.string(),
  name: z.string(),
  estimate: z.coerce.number(),
  bytes: z.coerce.number(),
  parent: z.string().nullable(),
  index_bytes: z.coerce.number(),
  hidden: z.boolean(),
});
const countRow = z.object({ place: z.number(), rows: z.coerce.number() });
const nameRow = z.object({ name: z.string() });

const tablesSql = `
select n.nspname as schema, c.relname as name, greatest(c.reltuples, 0)::float8 as estimate,
  pg_catalog.pg_total_relation_size(c.oid) as bytes,
  case when c.relispartition then (select i.inhparent::regclass::text from pg_catalog.pg_inherits i where i.inhrelid = c.oid) end as parent,
  pg_catalog.pg_indexes_size(c.oid) as index_bytes,
  c.relrowsecurity and not (r.rolsuper or r.rolbypassrls)
    and (c.relforcerowsecurity or not pg_catalog.pg_has_role(c.relowner, 'usage')) as hidden
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles r on r.rolname = current_user
where c.relkind = 'r' and c.relpersistence <> 't' and ${isApplicationSchema('n.nspname')}
  and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')} order by 1, 2`;

type TableRow = z.infer<typeof tableRow>;

/** Roles of the source that own objects or hold rights, and that the target has not. */
const rolesSql = `
select r.rolname as name from pg_catalog.pg_roles r
where r.rolname !~ '^pg_' and not r.rolsuper and r.rolname <> current_user and exists (
  select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join lateral pg_catalog.aclexplode(c.relacl) g on true
  where ${isApplicationSchema('n.nspname')} and (c.relowner = r.oid or g.grantee = r.oid)) order by 1`;

function hiddenFindings(tables: readonly TableRow[]): Findings {
  const hidden = tables.filter((table) => table.hidden);
  if (hidden.length === 0) return [];
  return [
    {
      code: 'SOURCE_ROWS_HIDDEN',
      severity: 'blocker',
      lane: 'database',
      message: `Row security hides rows of ${hidden.map(tableLabel).join(', ')} from this role, so they can not be copied whole.`,
      hint: 'Use the owner of the tables, or grant the role BYPASSRLS.',
    },
  ];
}

async function roleFindings(source: DatabaseSession, target: DatabaseSession): Promise<Findings> {
  const known = await target.query(nameRow, 'select rolname as name from pg_catalog.pg_roles');
  const there = new Set(known.map(({ name }) => name));
  const missing = (await source.query(nameRow, rolesSql)).filter(({ name }) => !there.has(name));
  if (missing.length === 0) return [];
  return [
    {
      code: 'ROLES_NOT_ON_TARGET',
      severity: 'warning',
      lane: 'database',
      message: `Roles that own objects or hold rights at the source are not on the target: ${missing.map(({ name }) => name).join(', ')}. On the target the connecting role owns everything; grants to roles that it has not are left out and named in the plan.`,
      hint: 'Make the roles on the target before planning if the application uses them; their rights then come along.',
    },
  ];
}

async function formatFindings(source: DatabaseSession): Promise<Findings> {
  const text = (await readTables(source)).filter(({ format }) => format === 'text').map(tableLabel);
  if (text.length === 0) return [];
  return [
    {
      code: 'COPIED_AS_TEXT',
      severity: 'info',
      lane: 'database',
      message: `${text.length} tables hold types whose binary form is not the same on every server, and are copied as text, which is slower: ${text.slice(0, 20).join(', ')}${text.length > 20 ? ', …' : ''}.`,
    },
  ];
}

/** The rows of each table, in its place: counted where that is quick, estimated elsewhere. */
async function countRows(source: DatabaseSession, tables: readonly TableRow[]): Promise<number[]> {
  const rows = tables.map((table) => Math.round(table.estimate));
  const places = tables.flatMap((table, place) =>
    table.hidden || table.bytes > countedUpTo ? [] : [{ table, place }],
  );
  for (let start = 0; start < places.length; start += countedAtOnce) {
    const counted = await source.query(
      countRow,
      places
        .slice(start, start + countedAtOnce)
        .map(({ table, place }) => `select ${place} as place, count(*) as rows from only ${qualified(table)}`)
        .join(' union all '),
    );
    for (const { place, rows: count } of counted) rows[place] = count;
  }
  return rows;
}

/** What is in the source database, and what of it will not arrive as it is. Reads both sides. */
export async function inspectDatabase(
  ports: Pick<MigrationPorts, 'database' | 'projectLimits'>,
  signal: AbortSignal,
): Promise<{ database: Report; findings: Findings }> {
  const { source, target } = ports.database;
  const room = { ...(await ports.projectLimits?.(signal)), kind: target.kind() };
  return source.use(signal, (session) =>
    target.use(signal, async (other) => {
      const [database] = await session.query(
        databaseRow,
        `select current_database() as name, pg_catalog.pg_database_size(current_database()) as bytes`,
      );
      const [there, here] = [await readServer(session), await readServer(other)];
      if (database === undefined || there === undefined || here === undefined)
        throw new AppError('INTERNAL', 'A server told nothing about itself.');
      const tables = await session.query(tableRow, tablesSql);
      const { unavailable } = await planExtensions(session, other);
      const findings: Findings = [
        ...hiddenFindings(tables),
        ...serverFindings(there, here, database.bytes, room),
        ...(unavailable.length === 0 ? [] : [extensionFinding(unavailable)]),
        ...(await roleFindings(session, other)),
        ...(await objectFindings(session)),
        ...(await formatFindings(session)),
      ];
      const extensions = await session.query(
        nameRow,
        `select extname as name from pg_catalog.pg_extension where extname <> 'plpgsql' order by 1`,
      );
      const rows = await countRows(session, tables);
      const counted = tables.map((table, place) => ({
        schema: table.schema,
        name: table.name,
        rows: rows[place] ?? 0,
        bytes: table.bytes,
        indexBytes: table.index_bytes,
        ...(table.parent === null ? {} : { partitionOf: table.parent }),
      }));
      const readable = counted.filter((_, index) => tables[index]?.hidden === false);
      const estimate = await estimateTime(session, other, readable);
      return {
        database: {
          version: there.version,
          name: database.name,
          bytes: database.bytes,
          settings: comparedSettings(there, here, { source: source.kind(), target: room.kind }),
          ...(estimate === undefined ? {} : { estimate }),
          tables: counted,
          extensions: extensions.map((row) => row.name),
        },
        findings,
      };
    }),
  );
}

function comparedSettings(
  source: ServerFacts,
  target: ServerFacts,
  kinds: Readonly<Record<DatabaseSide, ConnectionKind>>,
): Report['settings'] {
  const pair = (name: string, of: (facts: ServerFacts) => string) => ({
    name,
    source: of(source),
    target: of(target),
  });
  return [
    {
      name: 'Connection',
      source: connectionOf(source, kinds.source),
      target: connectionOf(target, kinds.target),
    },
    pair('Version', ({ version }) => version),
    pair('Encoding', ({ encoding }) => encoding),
    pair('Collation', collationOf),
    pair('Time zone', ({ zone }) => zone),
    pair('wal_level', ({ wal_level }) => wal_level),
    pair('Role', ({ role }) => role),
    pair('Free connections', ({ free }) => String(Math.max(0, free))),
    pair('Large objects', ({ large_objects }) => String(large_objects)),
  ];
}

const extensionFinding = (unavailable: readonly string[]): Findings[number] => ({
  code: 'EXTENSION_UNAVAILABLE',
  severity: 'warning',
  lane: 'database',
  message: `The target does not offer ${unavailable.join(', ')}.`,
  hint: 'What depends on it can not be created: the run stops at a table that needs one of its types.',
});
