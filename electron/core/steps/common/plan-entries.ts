import { z } from 'zod';
import { noDatabaseChoices } from '#shared/model/database-choices';
import type { DatabasePorts, DatabaseSession, SchemaEntry, SchemaReader } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { moveReferences, planExtensions, type ExtensionPlan } from './extensions';
import { leavingOut } from './leave-out-entries';
import { readLeftOut } from './left-out';
import { reservedSchemas } from './reserved-schemas';

export const entrySchema = z.object({ id: z.string(), type: z.string(), sql: z.string() });
/** A statement, or a few that belong together, to apply on the target. */
export type Entry = z.infer<typeof entrySchema>;

export const omissionSchema = z.object({
  id: z.string(),
  reason: z.string(),
  /** True when the application may miss it. */
  missed: z.boolean(),
});
/** An entry of the source's schema that is not applied, and why. */
export type Omission = z.infer<typeof omissionSchema>;

/** An entry of the source's dump with what is done with it. */
export interface DecidedEntry {
  readonly entry: SchemaEntry;
  /** The statements as they are run; none when it is left out. */
  readonly applied: readonly Entry[];
  readonly omitted: readonly Omission[];
}

export interface EntriesPlan {
  /** All entries, in the order of the dump. */
  decided: DecidedEntry[];
  /** What read the schema, when it was not the built-in pg_dump. */
  readBy: SchemaReader | undefined;
  extensions: ExtensionPlan[];
  preData: Entry[];
  postData: Entry[];
  /** Omissions from each half; those of the extensions stand in the first. */
  omitted: { preData: Omission[]; postData: Omission[] };
  /** Application schemas that the source's objects live in. */
  schemas: string[];
  /** Tables, views and sequences that the operator leaves out, and views that read them, as `schema.name`. */
  leftOut: string[];
}

const nameRow = z.object({ name: z.string() });

async function rolesOf(session: DatabaseSession): Promise<Set<string>> {
  const rows = await session.query(nameRow, `select rolname as name from pg_catalog.pg_roles order by 1`);
  return new Set([...rows.map((row) => row.name), 'PUBLIC']);
}

async function ownersOf(session: DatabaseSession): Promise<Set<string>> {
  const rows = await session.query(
    nameRow,
    `select r.rolname as name from pg_catalog.pg_roles r where exists (select from pg_catalog.pg_class c where c.relowner = r.oid)`,
  );
  return new Set(rows.map((row) => row.name));
}

/** Kinds that are not applied, whatever they hold. */
const leftOut: Readonly<Record<string, string>> = {
  'DEFAULT ACL': 'default privileges belong to a role of the source; set them for the target’s roles',
  'EVENT TRIGGER': 'event triggers need a superuser',
  SUBSCRIPTION: 'it would bring rows of the old publisher into the target as well',
  'USER MAPPING': 'it may hold a password; make it on the target',
};

function schemaOf(entry: SchemaEntry): string | undefined {
  if (entry.schema !== undefined) return entry.schema;
  if (entry.type === 'SCHEMA') return entry.name;
  return /^SCHEMA (.*)$/.exec(entry.name)?.[1];
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

/** The role that a GRANT or REVOKE names, or undefined for a statement that names none. */
export function granteeOf(statement: string): string | undefined {
  const match =
    /^(?:GRANT|REVOKE)\b.*\b(?:TO|FROM)\s+("(?:[^"]|"")*"|[^\s;"]+)(?:\s+WITH GRANT OPTION)?(?:\s+GRANTED BY .*)?;?$/s.exec(
      statement,
    );
  const grantee = match?.[1];
  return grantee === undefined ? undefined : unquoted(grantee);
}

interface Filtered {
  kept: Entry[];
  omitted: Omission[];
}

/** Grants of one object: those to roles that the target has. */
function filterGrants(entry: SchemaEntry, roles: ReadonlySet<string>, owners: ReadonlySet<string>): Filtered {
  const statements = entry.sql
    .split(/;\n/)
    .map((text) => text.trim().replace(/;$/, ''))
    .filter((text) => text !== '');
  const kept: string[] = [];
  const missing = new Set<string>();
  for (const statement of statements) {
    const grantee = granteeOf(statement);
    if (grantee === undefined || roles.has(grantee)) kept.push(statement);
    else missing.add(grantee);
  }
  return {
    kept: kept.length === 0 ? [] : [{ id: entry.id, type: entry.type, sql: `${kept.join(';\n')};` }],
    omitted: [...missing].map((role) => ({
      id: `${entry.id} TO ${role}`,
      reason: owners.has(role)
        ? `${role} owns objects on the source; on the target the connecting role owns them`
        : `the target has no role ${role}`,
      missed: !owners.has(role),
    })),
  };
}

/** What of both sides decides whether an entry is applied. */
interface Sides {
  /** Roles of the target, and `PUBLIC`. */
  readonly roles: ReadonlySet<string>;
  /** Roles of the source that own objects. */
  readonly owners: ReadonlySet<string>;
  /** Publications of the target. */
  readonly publications: ReadonlySet<string>;
}

function filterEntry(entry: SchemaEntry, { roles, owners, publications }: Sides): Filtered {
  const schema = schemaOf(entry);
  const omit = (reason: string, missed: boolean): Filtered => ({
    kept: [],
    omitted: [{ id: entry.id, reason, missed }],
  });
  if (schema !== undefined && reservedSchemas.has(schema)) {
    return omit(`the schema ${schema} belongs to Supabase on the target`, true);
  }
  const reason = leftOut[entry.type];
  if (reason !== undefined) return omit(reason, true);
  if (entry.type === 'EXTENSION') return { kept: [], omitted: [] };
  if (entry.type === 'PUBLICATION' && publications.has(entry.name))
    return omit('the target has a publication of this name; the tables are added to it', false);
  if (entry.type === 'COMMENT' && entry.name.startsWith('EXTENSION '))
    return omit('it comes with the extension', false);
  if (entry.type === 'COMMENT' && entry.name === 'SCHEMA public')
    return omit('the schema is the target’s own', false);
  if (entry.type === 'ACL') return filterGrants(entry, roles, owners);
  const sql =
    entry.type === 'SCHEMA'
      ? entry.sql.replace(/^CREATE SCHEMA (?!IF NOT EXISTS)/m, 'CREATE SCHEMA IF NOT EXISTS ')
      : entry.sql;
  return { kept: [{ id: entry.id, type: entry.type, sql }], omitted: [] };
}

/** What planning the schema needs to reach. */
export type SchemaPorts = Pick<MigrationPorts, 'database' | 'databaseChoices'>;

const planned = new WeakMap<DatabasePorts, Promise<EntriesPlan>>();

/**
 * Reads the source's schema and decides for every entry of it whether and how it is applied. Reads both sides, once for as long as the ports are
 * open: the steps of a plan are halves of one state.
 */
export function planEntries(ports: SchemaPorts, signal: AbortSignal): Promise<EntriesPlan> {
  const known = planned.get(ports.database);
  if (known !== undefined) return known;
  const plan = readEntries(ports, signal);
  planned.set(ports.database, plan);
  plan.catch(() => planned.delete(ports.database));
  return plan;
}

async function readEntries(
  { database: ports, databaseChoices = noDatabaseChoices }: SchemaPorts,
  signal: AbortSignal,
): Promise<EntriesPlan> {
  const { entries, by } = await ports.source.dumpSchema(signal);
  return ports.source.use(signal, (source) =>
    ports.target.use(signal, async (target) => {
      const { extensions, unavailable } = await planExtensions(source, target);
      const move = await moveReferences(source, extensions);
      const publications = await target.query(
        nameRow,
        'select pubname as name from pg_catalog.pg_publication',
      );
      const sides: Sides = {
        roles: await rolesOf(target),
        owners: await ownersOf(source),
        publications: new Set(publications.map(({ name }) => name)),
      };
      const { relations } = await readLeftOut(source, databaseChoices);
      const left = leavingOut(entries, relations, databaseChoices.withoutEntries);
      const plan: EntriesPlan = {
        decided: [],
        readBy: by,
        extensions,
        preData: [],
        postData: [],
        omitted: {
          preData: unavailable.map((name) => ({
            id: `EXTENSION ${name}`,
            reason: 'the target does not offer this extension',
            missed: true,
          })),
          postData: [],
        },
        schemas: [...new Set(entries.map(schemaOf))]
          .filter((name): name is string => name !== undefined && !reservedSchemas.has(name))
          .sort(),
        leftOut: [],
      };
      for (const entry of entries) {
        const half = entry.section === 'pre-data' ? 'preData' : 'postData';
        const reason = left.reason(entry);
        const { kept, omitted } =
          reason === undefined
            ? filterEntry(move(entry), sides)
            : { kept: [], omitted: [{ id: entry.id, reason, missed: true }] };
        plan[half].push(...kept);
        plan.omitted[half].push(...omitted);
        plan.decided.push({ entry, applied: kept, omitted });
      }
      plan.leftOut = left.relations();
      return plan;
    }),
  );
}
