import type { InspectReport } from '#shared/contract/migration';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema, isNotOfExtension, isReservedSchema } from '../common/reserved-schemas';

type Findings = InspectReport['findings'];
type Finding = Findings[number];

/** Names shown in a finding. */
const shown = 20;

interface Kind {
  readonly code: string;
  readonly severity: Finding['severity'];
  /** Selects one text for each object, as `object`. */
  readonly sql: string;
  /** What it means and what Cutover does. */
  readonly message: (count: number, names: string) => string;
  /** What the operator may choose. */
  readonly hint?: string;
}

const own = isApplicationSchema('n.nspname');
const relation = `n.nspname || '.' || c.relname`;
const relations = (kinds: string, condition: string, schemas = own): string =>
  `select ${relation} as object from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind in (${kinds}) and c.relpersistence <> 't' and ${schemas} and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')}
     and (${condition}) order by 1`;

const kinds: readonly Kind[] = [
  {
    code: 'ROWS_LEFT_BEHIND',
    severity: 'warning',
    sql: relations(`'r'`, 'pg_catalog.pg_relation_size(c.oid) > 0', isReservedSchema('n.nspname')),
    message: (count, names) =>
      `${count} tables with rows lie in schemas whose names Supabase keeps to itself, and are left out: ${names}.`,
    hint: 'If they are the application’s, move them to another schema on the source first.',
  },
  {
    code: 'TABLE_WITHOUT_PRIMARY_KEY',
    severity: 'info',
    sql: relations(
      `'r'`,
      'not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary)',
    ),
    message: (count, names) =>
      `${count} tables have no primary key: ${names}. They are copied and proven like the others.`,
    hint: 'Their updates and deletes can’t be followed while the application runs. Add a key where you can.',
  },
  {
    code: 'ODD_REPLICA_IDENTITY',
    severity: 'info',
    sql: relations(`'r', 'p'`, `c.relreplident in ('n', 'f', 'i')`),
    message: (count, names) =>
      `${count} tables name their rows to followers by something else than the primary key (REPLICA IDENTITY): ${names}. The setting is taken along.`,
  },
  {
    code: 'UNLOGGED_TABLE',
    severity: 'info',
    sql: relations(`'r'`, `c.relpersistence = 'u'`),
    message: (count, names) =>
      `${count} tables are unlogged: ${names}. They and their rows are copied, and stay unlogged.`,
    hint: 'PostgreSQL empties them after a crash, and backups leave them out.',
  },
  {
    code: 'FOREIGN_TABLE',
    severity: 'warning',
    sql: relations(`'f'`, 'true'),
    message: (count, names) =>
      `${count} foreign tables lead to other servers: ${names}. Their definitions are applied where the target allows it; passwords of user mappings are not taken along.`,
    hint: 'Make the user mappings on the target, and see that the other servers let it in.',
  },
  {
    code: 'TABLESPACE',
    severity: 'info',
    sql: relations(`'r', 'i', 'm', 'p', 'I'`, 'c.reltablespace <> 0'),
    message: (count, names) =>
      `${count} tables and indexes lie in tablespaces of their own: ${names}. On the target all lie in the default one.`,
  },
  {
    code: 'INVALID_INDEX',
    severity: 'warning',
    sql: `select ${relation} as object from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where not i.indisvalid and c.relkind = 'i' and ${own} order by 1`,
    message: (count, names) =>
      `${count} indexes are invalid, as after a CREATE INDEX CONCURRENTLY that failed: ${names}. They are built on the target, where a unique one fails on rows that repeat.`,
    hint: 'Drop or rebuild them on the source first.',
  },
  {
    code: 'CONSTRAINT_NOT_VALID',
    severity: 'info',
    sql: `select ${relation} || ' ' || k.conname as object from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where not k.convalidated and ${own} order by 1`,
    message: (count, names) => `${count} constraints are NOT VALID: ${names}. They stay so.`,
  },
  {
    code: 'EVENT_TRIGGER',
    severity: 'warning',
    sql: `select v.evtname as object from pg_catalog.pg_event_trigger v where ${isNotOfExtension('pg_catalog.pg_event_trigger', 'v.oid')} order by 1`,
    message: (count, names) =>
      `${count} event triggers need a superuser and are left out: ${names}. Their functions are applied.`,
    hint: 'Supabase makes some on request; see whether the application needs them.',
  },
  {
    code: 'PUBLICATION',
    severity: 'warning',
    sql: `select p.pubname || case when p.puballtables then ' (for all tables)' else '' end as object from pg_catalog.pg_publication p order by 1`,
    message: (count, names) =>
      `${count} publications are made on the target too: ${names}. One for all tables or for whole schemas needs a superuser: where the target refuses it, the run names it.`,
    hint: 'What reads them follows the old server until it subscribes to the new one. Leave them out on the page Schema where nothing reads them any more.',
  },
  {
    code: 'SUBSCRIPTION',
    severity: 'warning',
    sql: `select s.subname as object from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid
      where d.datname = current_database() order by 1`,
    message: (count, names) =>
      `${count} subscriptions bring rows of other servers into the source, and are left out: ${names}.`,
  },
  {
    code: 'FUNCTION_NEEDS_SUPERUSER',
    severity: 'warning',
    sql: `select n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as object
      from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      join pg_catalog.pg_language l on l.oid = p.prolang
      where not l.lanpltrusted and ${own} and ${isNotOfExtension('pg_catalog.pg_proc', 'p.oid')} order by 1`,
    message: (count, names) =>
      `${count} functions are written in languages that only a superuser may use (C, internal, untrusted ones): ${names}. The target refuses them; the run names each, and what can’t be made without it.`,
    hint: 'Write them anew in SQL or PL/pgSQL on the source.',
  },
  {
    code: 'SETTINGS_NOT_MOVED',
    severity: 'warning',
    sql: `select coalesce('role ' || r.rolname, 'database') || ': ' || split_part(c.config, '=', 1) as object
      from pg_catalog.pg_db_role_setting s cross join lateral unnest(s.setconfig) c (config)
      left join pg_catalog.pg_roles r on r.oid = s.setrole
      where s.setdatabase = (select oid from pg_catalog.pg_database where datname = current_database())
        or (s.setdatabase = 0 and exists (select from pg_catalog.pg_class c where c.relowner = s.setrole)) order by 1`,
    message: (count, names) =>
      `${count} settings are attached to the database or to roles that own tables, and are not moved: ${names}.`,
    hint: 'Set what the application needs with ALTER ROLE or ALTER DATABASE on the target (search_path and TimeZone above all).',
  },
];

const objectRow = z.object({ object: z.string() });

/** What of the source's objects has to be known before the move. Reads catalogs only. */
export async function objectFindings(source: DatabaseSession): Promise<Findings> {
  const findings: Findings = [];
  for (const { code, severity, sql, message, hint } of kinds) {
    const objects = (await source.query(objectRow, sql)).map((row) => row.object);
    if (objects.length === 0) continue;
    const more = objects.length > shown ? `, and ${objects.length - shown} more` : '';
    findings.push({
      code,
      severity,
      lane: 'database',
      message: message(objects.length, objects.slice(0, shown).join(', ') + more),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  return findings;
}
