import type { DatabaseChoices } from '#shared/model/database-choices';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession, SchemaEntry } from '../../ports/database';
import { isApplicationSchema } from './reserved-schemas';
import { forRegExp, namePattern } from './sql-text';

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

const relationRow = z.object({
  name: z.string(),
  kind: z.string(),
  /** Tables that it is a partition or a child of, and the table that owns it as a sequence. */
  of: z.array(z.string()),
  refers: z.array(z.string()),
});

const relationsSql = `
select n.nspname || '.' || c.relname as name, c.relkind as kind,
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
  if (choices.leaveOut.length === 0 && choices.withoutRows.length === 0)
    return { relations: new Set(), withoutRows: new Set() };
  const relations = await source.query(relationRow, relationsSql);
  for (const pattern of [...choices.leaveOut, ...choices.withoutRows]) {
    if (relations.some(({ name }) => matcherOf([pattern])(name))) continue;
    throw new AppError('INVALID_INPUT', `${pattern} means no table or view of the source.`, {
      hint: 'Name it with its schema: public.orders. Take back what is gone by now.',
    });
  }
  const withDescendants = (patterns: readonly string[]): Set<string> => {
    const isMeant = matcherOf(patterns);
    const found = new Set(
      relations.filter(({ name, kind }) => kind !== 'S' && isMeant(name)).map(({ name }) => name),
    );
    for (let before = -1; before !== found.size;) {
      before = found.size;
      for (const { name, of } of relations) if (of.some((parent) => found.has(parent))) found.add(name);
    }
    return found;
  };
  const leftOut = withDescendants(choices.leaveOut);
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

/** What of an entry's SQL names what it needs: no comment's text, no body of a function. */
function needs(entry: SchemaEntry): string {
  if (entry.type === 'COMMENT') return entry.sql.replace(/ IS '[^]*$/, '');
  if (/^(?:FUNCTION|PROCEDURE|AGGREGATE)$/.test(entry.type))
    return entry.sql.replace(/\n\s*AS (\$\w*\$)[^]*\1/, '').replace(/\n\s*AS '(?:[^']|'')*'/, '');
  return entry.sql;
}

const labelOf = (entry: SchemaEntry): string => `${entry.schema ?? ''}.${entry.name}`;
const isOneLine = (name: string): string => name.replaceAll(/[\r\n]/g, ' ');

/**
 * Says of each entry, in the order of the dump, why it is left out with the relations; undefined when it stays. A view that reads one goes too,
 * and what reads that. Throws `INVALID_INPUT` when a table that stays can't be made without one.
 */
export function leavingOut(relations: ReadonlySet<string>): {
  reason: (entry: SchemaEntry) => string | undefined;
  /** What goes with the relations so far. */
  all: () => string[];
} {
  const gone = new Map<string, RegExp>();
  const add = (label: string): void => {
    const dot = label.indexOf('.');
    const [schema, name] = [label.slice(0, dot), label.slice(dot + 1)];
    gone.set(label, new RegExp(`(?<![\\w$."])${namePattern(schema)}\\.${namePattern(name)}(?![\\w$"])`, 'u'));
  };
  for (const label of relations) add(label);
  const lines = new Set([...relations].map(isOneLine));
  return {
    all: () => [...gone.keys()],
    reason(entry) {
      if (gone.size === 0) return undefined;
      const own = labelOf(entry);
      if (/^(?:TABLE|VIEW|MATERIALIZED VIEW|FOREIGN TABLE|SEQUENCE)$/.test(entry.type) && lines.has(own))
        return 'the operator leaves it out';
      const text = needs(entry);
      const needed = [...gone].find(([, pattern]) => pattern.test(text))?.[0];
      if (needed === undefined) return undefined;
      if (entry.type === 'TABLE') {
        throw new AppError(
          'INVALID_INPUT',
          `${own} can’t be made without ${needed}, which is to be left out.`,
          {
            hint: `Leave out ${own} too, or keep ${needed}.`,
          },
        );
      }
      if (entry.type === 'VIEW' || entry.type === 'MATERIALIZED VIEW') add(own);
      return `it needs ${needed}, which the operator leaves out`;
    },
  };
}
