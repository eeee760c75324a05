import { AppError } from '#shared/model/errors';
import type { SchemaEntry } from '../../ports/database';
import { isOneLine } from './left-out';
import { forRegExp, namePattern } from './sql-text';

/** Kinds that have a name by which other entries know them, and may be left out with what needs them. */
const named: ReadonlySet<string> = new Set([
  'AGGREGATE',
  'COLLATION',
  'DOMAIN',
  'FOREIGN DATA WRAPPER',
  'FOREIGN TABLE',
  'FUNCTION',
  'INDEX',
  'MATERIALIZED VIEW',
  'PROCEDURE',
  'SCHEMA',
  'SERVER',
  'TABLE',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TYPE',
  'VIEW',
]);

/** Kinds of which nothing but their comment, their rights and what is noted below hangs. */
const leaves: ReadonlySet<string> = new Set([
  'ACL',
  'CAST',
  'CHECK CONSTRAINT',
  'COMMENT',
  'CONSTRAINT',
  'FK CONSTRAINT',
  'POLICY',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'RULE',
  'STATISTICS',
  'TRIGGER',
]);

const relations: ReadonlySet<string> = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE']);

/** Whether an operator may leave out an entry by itself. The others are parts of what they belong to: defaults, partitions, row security. */
export function mayBeLeftOut({ type, name }: Pick<SchemaEntry, 'type' | 'name'>): boolean {
  return (named.has(type) || leaves.has(type)) && !(type === 'SCHEMA' && name === 'public');
}

/** What of an entry's SQL names what it needs: no comment's text, no body of a function. */
function needs(entry: SchemaEntry): string {
  if (entry.type === 'COMMENT') return entry.sql.replace(/ IS '[^]*$/, '');
  if (/^(?:FUNCTION|PROCEDURE|AGGREGATE)$/.test(entry.type))
    return entry.sql.replace(/\n\s*AS (\$\w*\$)[^]*\1/, '').replace(/\n\s*AS '(?:[^']|'')*'/, '');
  return entry.sql;
}

const labelOf = (entry: SchemaEntry): string =>
  entry.schema === undefined ? entry.name : `${entry.schema}.${entry.name}`;

const identifier = String.raw`(?:"(?:[^"]|"")+"|[^\s"();,]+)`;
const keyPattern = new RegExp(
  `^ALTER TABLE (?:ONLY )?(\\S+)\\s+ADD CONSTRAINT (${identifier}) (?:PRIMARY KEY|UNIQUE)[^(]*(\\([^)]*\\))`,
);

/** SQL that names something: how it is called, and a pattern that finds it in the SQL of others. */
interface Gone {
  readonly label: string;
  readonly pattern: RegExp;
}

const inSchema = (schema: string, name: string): RegExp =>
  new RegExp(`(?<![\\w$."])${namePattern(schema)}\\.${namePattern(name)}(?![\\w$"])`, 'u');

/** What is called after an entry: by its name, its arguments where there are others of that name, its constraint, its publication. */
function goneWith(entry: SchemaEntry, entries: readonly SchemaEntry[]): Gone[] {
  const label = labelOf(entry);
  const { schema = '', name } = entry;
  switch (entry.type) {
    case 'SCHEMA':
      return [
        {
          label,
          pattern: new RegExp(
            `(?<![\\w$."])${namePattern(name)}\\.| SCHEMA ${namePattern(name)}(?![\\w$"])`,
            'u',
          ),
        },
      ];
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'AGGREGATE': {
      const plain = name.replace(/\([^]*$/, '');
      const others = entries.some(
        (other) => other !== entry && other.schema === entry.schema && other.name.startsWith(`${plain}(`),
      );
      const pattern = others
        ? new RegExp(
            `(?<![\\w$."])${namePattern(schema)}\\.${namePattern(plain)}${forRegExp(name.slice(plain.length))}`,
            'u',
          )
        : inSchema(schema, plain);
      return [{ label, pattern }];
    }
    case 'CONSTRAINT': {
      const [, table = '', constraint = '', columns = ''] = keyPattern.exec(entry.sql) ?? [];
      if (table === '') return [];
      const attached = new RegExp(
        `^ALTER INDEX .*(?<![\\w$."])${namePattern(schema)}\\.${forRegExp(constraint)}(?![\\w$"])`,
        'u',
      );
      const refers = new RegExp(`REFERENCES ${forRegExp(table)}${forRegExp(columns)}`, 'u');
      return [
        { label, pattern: attached },
        { label, pattern: refers },
      ];
    }
    case 'PUBLICATION':
      return [{ label, pattern: new RegExp(`^ALTER PUBLICATION ${namePattern(name)} `, 'u') }];
    case 'FOREIGN DATA WRAPPER':
      return [{ label, pattern: new RegExp(` FOREIGN DATA WRAPPER ${namePattern(name)}(?![\\w$"])`, 'u') }];
    case 'SERVER':
      return [{ label, pattern: new RegExp(` SERVER ${namePattern(name)}(?![\\w$"])`, 'u') }];
    default:
      return named.has(entry.type) ? [{ label, pattern: inSchema(schema, name) }] : [];
  }
}

/** How the comment of an entry that belongs to a table is called: pg_dump writes `orders audit` for the one and `TRIGGER audit ON orders` for the other. */
function commentsOf(entry: SchemaEntry): string[] {
  const kind = entry.type.endsWith('CONSTRAINT') ? 'CONSTRAINT' : entry.type;
  const { name } = entry;
  const splits = [...name.matchAll(/ /g)].map(
    ({ index }) => `${kind} ${name.slice(index + 1)} ON ${name.slice(0, index)}`,
  );
  return [`${kind} ${name}`, ...splits];
}

/** Says of each entry, in the order of the dump, why it is left out; undefined when it stays. */
export interface LeavingOut {
  reason: (entry: SchemaEntry) => string | undefined;
  /** Relations that are left out so far, as `schema.name`. */
  relations: () => string[];
}

/**
 * What is left out with `wanted` relations and with entries of the ids `chosen`: what needs them goes too, and what needs that. `reason` throws
 * `INVALID_INPUT` when a table that stays can't be made without one; the function itself does for an id that is no entry's, or of a part of a table.
 */
export function leavingOut(
  entries: readonly SchemaEntry[],
  wanted: ReadonlySet<string>,
  chosen: readonly string[] = [],
): LeavingOut {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  for (const id of chosen) {
    const entry = byId.get(id);
    if (entry === undefined) {
      throw new AppError('INVALID_INPUT', `The source’s schema has no entry ${id}.`, {
        hint: 'Take it back from what is left out: it is gone by now, or has another name.',
      });
    }
    if (!mayBeLeftOut(entry)) {
      throw new AppError(
        'INVALID_INPUT',
        `${id} can’t be left out by itself: it is part of what it belongs to.`,
        {
          hint: 'Leave out the table or the view with all that hangs on it.',
        },
      );
    }
  }
  const ids = new Set(chosen);
  const gone: Gone[] = [];
  const relationsGone = new Set<string>();
  const comments = new Set<string>();
  const addRelation = (label: string): void => {
    const dot = label.indexOf('.');
    relationsGone.add(label);
    gone.push({ label, pattern: inSchema(label.slice(0, dot), label.slice(dot + 1)) });
  };
  for (const label of wanted) addRelation(label);
  const lines = new Set([...wanted].map(isOneLine));
  const drop = (entry: SchemaEntry): void => {
    if (relations.has(entry.type)) {
      if (!relationsGone.has(labelOf(entry))) addRelation(labelOf(entry));
    } else gone.push(...goneWith(entry, entries));
    if (leaves.has(entry.type))
      for (const name of commentsOf(entry)) comments.add(`${entry.schema ?? ''} ${name}`);
  };
  const nothing = wanted.size === 0 && ids.size === 0;
  return {
    relations: () => [...relationsGone],
    reason(entry) {
      if (nothing) return undefined;
      const own = labelOf(entry);
      const isRelation = relations.has(entry.type) || entry.type === 'SEQUENCE';
      if (ids.has(entry.id) || (isRelation && lines.has(own))) {
        drop(entry);
        return 'the operator leaves it out';
      }
      if (entry.type === 'COMMENT' && comments.has(`${entry.schema ?? ''} ${entry.name}`))
        return 'the operator leaves out what it is about';
      const text = needs(entry);
      const goneIn = (sql: string): string | undefined =>
        gone.find(({ pattern }) => pattern.test(sql))?.label;
      const needed = goneIn(text);
      if (needed === undefined) return undefined;
      // The default of a table that is left out goes with it.
      const [table = ''] = text.split(' ALTER COLUMN ');
      const keepsTable = entry.type === 'TABLE' || (entry.type === 'DEFAULT' && goneIn(table) === undefined);
      if (keepsTable) {
        throw new AppError(
          'INVALID_INPUT',
          `${entry.type === 'TABLE' ? own : `The default of ${own}`} can’t be made without ${needed}, which is to be left out.`,
          { hint: `Leave out the table too, or keep ${needed}.` },
        );
      }
      drop(entry);
      return `it needs ${needed}, which the operator leaves out`;
    },
  };
}
