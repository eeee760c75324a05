import { z } from 'zod';
import type { DatabaseSession, SchemaEntry } from '../../ports/database';
import { forRegExp, namePattern, quoteName } from './sql-text';

export const extensionPlanSchema = z.object({
  name: z.string(),
  /** Where it is on the source. */
  from: z.string(),
  /** Where it is or will be on the target. */
  to: z.string(),
  /** False when the target has it already. */
  create: z.boolean(),
});
export type ExtensionPlan = z.infer<typeof extensionPlanSchema>;

const sourceRow = z.object({ name: z.string(), schema: z.string() });
const targetRow = z.object({ name: z.string(), schema: z.string().nullable() });

export interface ExtensionsPlan {
  extensions: ExtensionPlan[];
  /** Names that the target does not offer. */
  unavailable: string[];
}

/**
 * Where each extension of the source goes: to where the target has it, else to the schema `extensions` if there is one
 * (Supabase keeps them out of `public`), else to the schema of the source.
 */
export async function planExtensions(
  source: DatabaseSession,
  target: DatabaseSession,
): Promise<ExtensionsPlan> {
  const there = await source.query(
    sourceRow,
    `select e.extname as name, n.nspname as schema from pg_catalog.pg_extension e
     join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by 1`,
  );
  const offered = new Map(
    (
      await target.query(
        targetRow,
        `select a.name, n.nspname as schema from pg_catalog.pg_available_extensions a
         left join pg_catalog.pg_extension e on e.extname = a.name
         left join pg_catalog.pg_namespace n on n.oid = e.extnamespace`,
      )
    ).map((row) => [row.name, row.schema]),
  );
  const homes = await target.query(
    z.object({}),
    `select from pg_catalog.pg_namespace where nspname = 'extensions'`,
  );
  const extensions: ExtensionPlan[] = [];
  const unavailable: string[] = [];
  for (const { name, schema } of there) {
    const installed = offered.get(name);
    if (installed === undefined) {
      unavailable.push(name);
    } else if (installed !== null) {
      extensions.push({ name, from: schema, to: installed, create: false });
    } else {
      const to = homes.length > 0 && schema !== 'pg_catalog' ? 'extensions' : schema;
      extensions.push({ name, from: schema, to, create: true });
    }
  }
  return { extensions, unavailable };
}

/** The statements that make an extension, its schema first. */
export function createExtensionSql({ name, to }: ExtensionPlan): string {
  const schema =
    to === 'pg_catalog' || to === 'extensions' ? '' : `create schema if not exists ${quoteName(to)}; `;
  return `${schema}create extension if not exists ${quoteName(name)} with schema ${quoteName(to)}`;
}

const memberRow = z.object({ extension: z.string(), name: z.string(), operator: z.boolean() });

const membersSql = `
select e.extname as extension, m.name, m.operator
from pg_catalog.pg_depend d
join pg_catalog.pg_extension e on e.oid = d.refobjid
join lateral (
  select proname::text, false from pg_catalog.pg_proc where d.classid = 'pg_catalog.pg_proc'::regclass and oid = d.objid
  union all select typname, false from pg_catalog.pg_type where d.classid = 'pg_catalog.pg_type'::regclass and oid = d.objid
  union all select relname, false from pg_catalog.pg_class where d.classid = 'pg_catalog.pg_class'::regclass and oid = d.objid
  union all select opcname, false from pg_catalog.pg_opclass where d.classid = 'pg_catalog.pg_opclass'::regclass and oid = d.objid
  union all select opfname, false from pg_catalog.pg_opfamily where d.classid = 'pg_catalog.pg_opfamily'::regclass and oid = d.objid
  union all select oprname, true from pg_catalog.pg_operator where d.classid = 'pg_catalog.pg_operator'::regclass and oid = d.objid
) m (name, operator) on true
where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype = 'e'
group by 1, 2, 3 order by 1, 2`;

/**
 * A change of statements for extensions that live in another schema on the target: what pg_dump wrote as `public.citext`
 * becomes `extensions.citext`. Works on text, so it reaches defaults, expressions and function bodies alike.
 */
export async function moveReferences(
  source: DatabaseSession,
  extensions: readonly ExtensionPlan[],
): Promise<(entry: SchemaEntry) => SchemaEntry> {
  const moved = new Map(extensions.filter(({ from, to }) => from !== to).map((item) => [item.name, item]));
  if (moved.size === 0) return (entry) => entry;
  const members = await source.query(memberRow, membersSql);
  const names = new Map<string, { from: string; to: string; plain: string[]; operators: string[] }>();
  for (const { extension, name, operator } of members) {
    const move = moved.get(extension);
    if (move === undefined) continue;
    const key = JSON.stringify([move.from, move.to]);
    const group = names.get(key) ?? { from: move.from, to: move.to, plain: [], operators: [] };
    (operator ? group.operators : group.plain).push(name);
    names.set(key, group);
  }
  const rules = [...names.values()].flatMap(({ from, to, plain, operators }) => {
    const schema = `(?<![\\w$."])${namePattern(from)}\\.`;
    const found: { pattern: RegExp; to: string }[] = [];
    if (plain.length > 0) {
      found.push({
        pattern: new RegExp(`${schema}(?=(?:${plain.map(namePattern).join('|')})(?![\\w$"]))`, 'g'),
        to,
      });
    }
    if (operators.length > 0) {
      const symbols = operators.map(forRegExp).join('|');
      found.push({
        pattern: new RegExp(`(?<=OPERATOR\\()${namePattern(from)}\\.(?=(?:${symbols})\\))`, 'g'),
        to,
      });
    }
    return found;
  });
  return (entry) => ({
    ...entry,
    sql: rules.reduce(
      (sql, { pattern, to }) => sql.replaceAll(pattern, () => `${quoteName(to)}.`),
      entry.sql,
    ),
  });
}
