import type { DatabaseChoices } from '#shared/model/database-choices';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema } from './reserved-schemas';
import { forRegExp } from './sql-text';

function toRegExp(pattern: string): RegExp {
  const inner = /^\/(.+)\/$/.exec(pattern)?.[1];
  if (inner === undefined) {
    return new RegExp(`^${pattern.split('*').map(forRegExp).join('.*')}$`, 's');
  }
  try {
    return new RegExp(inner, 'u');
  } catch {
    throw new AppError('INVALID_INPUT', `${pattern} is not a regular expression.`, {
      hint: 'Write a name with its schema, public.audit_*, or a regular expression between slashes.',
    });
  }
}

/** Says of a name, with its schema and a dot, whether one of the patterns means it. Throws `INVALID_INPUT`. */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(toRegExp);
  return (name) => expressions.some((expression) => expression.test(name));
}

/** Dumps and ids of their entries write names on one line. */
export const isOneLine = (name: string): string => name.replaceAll(/[\r\n]/g, ' ');

/** Ids of entries that are relations with all that hangs on them. */
const relationId = /^(?:TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW) (.+)$/;
const schemaId = /^SCHEMA (.+)$/;

/** Says of a relation whether one of the entries is the relation itself, or its schema. */
function meantByEntries(ids: readonly string[]): (relation: { schema: string; name: string }) => boolean {
  const names = new Set(ids.flatMap((id) => relationId.exec(id)?.[1] ?? []));
  const schemas = new Set(ids.flatMap((id) => schemaId.exec(id)?.[1] ?? []));
  return ({ schema, name }) => names.has(isOneLine(name)) || schemas.has(isOneLine(schema));
}

const relationRow = z.object({
  schema: z.string(),
  name: z.string(),
  kind: z.string(),
  /** Tables that it is a partition or a child of, and the table that owns it as a sequence. */
  of: z.array(z.string()),
  refers: z.array(z.string()),
});

const relationsSql = `
select n.nspname as schema, n.nspname || '.' || c.relname as name, c.relkind as kind,
  coalesce((select array_agg(distinct x.name) from (
    select pn.nspname || '.' || p.relname as name from pg_catalog.pg_inherits i join pg_catalog.pg_class p on p.oid = i.inhparent
      join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace where i.inhrelid = c.oid
    union all
    select pn.nspname || '.' || p.relname from pg_catalog.pg_depend d join pg_catalog.pg_class p on p.oid = d.refobjid
      join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
      where c.relkind = 'S' and d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')) x), '{}') as of,
  coalesce((select array_agg(distinct pn.nspname || '.' || p.relname) from pg_catalog.pg_constraint f
    join pg_catalog.pg_class p on p.oid = f.confrelid join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    where f.contype = 'f' and f.conrelid = c.oid), '{}') as refers
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't' and ${isApplicationSchema('n.nspname')} order by 1`;

/** Names, with their schemas and a dot, of what is left out. */
export interface LeftOut {
  /** Tables, views and sequences that are not made. */
  readonly relations: ReadonlySet<string>;
  /** Tables that are made and stay empty. */
  readonly withoutRows: ReadonlySet<string>;
}

/**
 * What the choices leave out: partitions and children go with their parents, sequences with their tables. Throws `INVALID_INPUT` for a pattern
 * that means nothing, and when rows that are copied refer to rows that are not.
 */
export async function readLeftOut(source: DatabaseSession, choices: DatabaseChoices): Promise<LeftOut> {
  if (choices.leaveOut.length + choices.withoutRows.length + choices.withoutEntries.length === 0)
    return { relations: new Set(), withoutRows: new Set() };
  const relations = await source.query(relationRow, relationsSql);
  for (const pattern of [...choices.leaveOut, ...choices.withoutRows]) {
    if (relations.some(({ name }) => matcherOf([pattern])(name))) continue;
    throw new AppError('INVALID_INPUT', `${pattern} means no table or view of the source.`, {
      hint: 'Name it with its schema: public.orders. Take back what is gone by now.',
    });
  }
  const withDescendants = (patterns: readonly string[], ids: readonly string[] = []): Set<string> => {
    const isMeant = matcherOf(patterns);
    const isEntry = meantByEntries(ids);
    const found = new Set(
      relations
        .filter((relation) => relation.kind !== 'S' && (isMeant(relation.name) || isEntry(relation)))
        .map(({ name }) => name),
    );
    for (let before = -1; before !== found.size;) {
      before = found.size;
      for (const { name, of } of relations) if (of.some((parent) => found.has(parent))) found.add(name);
    }
    return found;
  };
  const leftOut = withDescendants(choices.leaveOut, choices.withoutEntries);
  const empty = withDescendants(choices.withoutRows);
  const withoutRows = new Set(
    relations
      .filter(({ name, kind }) => (kind === 'r' || kind === 'p') && empty.has(name) && !leftOut.has(name))
      .map(({ name }) => name),
  );
  for (const { name, refers } of relations) {
    if (leftOut.has(name) || withoutRows.has(name)) continue;
    const missing = refers.find((other) => withoutRows.has(other));
    if (missing === undefined) continue;
    throw new AppError(
      'INVALID_INPUT',
      `The rows of ${missing} can’t be left out: those of ${name} refer to them.`,
      { hint: `Leave out the rows of ${name} too, or the table ${missing} with its foreign keys.` },
    );
  }
  return { relations: leftOut, withoutRows };
}
