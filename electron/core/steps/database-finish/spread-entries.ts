import type { Entry } from '../common/plan-entries';

const name = String.raw`(?:"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const qualifiedName = `${name}\\.${name}`;
const names = `${name}(?:, ${name})*`;

const keyPattern = new RegExp(
  `^ALTER TABLE ONLY (?<table>${qualifiedName})\\s+ADD CONSTRAINT (?<constraint>${name}) (?<kind>PRIMARY KEY|UNIQUE)(?<nulls> NULLS NOT DISTINCT)? \\((?<columns>${names})\\)(?<include> INCLUDE \\(${names}\\))?(?<options> WITH \\([^()]*\\))?(?<deferrable> DEFERRABLE(?: INITIALLY DEFERRED)?)?;(?<rest>[^]*)$`,
);
const foreignKeyPattern = new RegExp(
  `^ALTER TABLE ONLY (?<table>${qualifiedName})\\s+ADD CONSTRAINT (?<constraint>${name}) FOREIGN KEY (?<definition>[^;]*);\\s*$`,
);

/** The entries of a schema's second half, so cut that most of the work can be done side by side. */
export interface SpreadEntry extends Entry {
  /** Entries of one stage are applied side by side when they allow it; a stage begins when the one before has ended. */
  readonly stage?: 'build' | 'attach' | 'validate' | undefined;
}

/** A key as the building of its index, which leaves the table to other builders, and the attaching, which is quick. */
function spreadKey(entry: Entry): SpreadEntry[] | undefined {
  const parts = keyPattern.exec(entry.sql)?.groups;
  if (parts === undefined) return undefined;
  const {
    table = '',
    constraint = '',
    kind = '',
    columns = '',
    include = '',
    nulls = '',
    options = '',
  } = parts;
  const { deferrable = '', rest = '' } = parts;
  return [
    {
      id: `${entry.id}: index`,
      type: entry.type,
      sql: `CREATE UNIQUE INDEX ${constraint} ON ${table} USING btree (${columns})${include}${nulls}${options};`,
      stage: 'build',
    },
    {
      id: entry.id,
      type: entry.type,
      sql: `ALTER TABLE ONLY ${table} ADD CONSTRAINT ${constraint} ${kind} USING INDEX ${constraint}${deferrable};${rest}`,
      stage: 'attach',
    },
  ];
}

/** A foreign key as its making, which is quick when the rows are not looked at, and the look at the rows, which keeps nobody out. */
function spreadForeignKey(entry: Entry): SpreadEntry[] | undefined {
  const parts = foreignKeyPattern.exec(entry.sql)?.groups;
  if (parts === undefined || / NOT VALID$/.test(parts.definition ?? '')) return undefined;
  const { table = '', constraint = '', definition = '' } = parts;
  return [
    {
      id: entry.id,
      type: entry.type,
      sql: `ALTER TABLE ONLY ${table} ADD CONSTRAINT ${constraint} FOREIGN KEY ${definition} NOT VALID;`,
    },
    {
      id: `${entry.id}: rows`,
      type: entry.type,
      sql: `ALTER TABLE ONLY ${table} VALIDATE CONSTRAINT ${constraint};`,
      stage: 'validate',
    },
  ];
}

const tableOf = (entry: Entry): string => /^ALTER TABLE (?:ONLY )?(\S+)/.exec(entry.sql)?.[1] ?? '';

/**
 * Cuts keys and foreign keys of ordinary tables in two, so that indexes are built and rows are checked side by side. Partitioned tables
 * (`partitioned`: as the dump writes their names) allow neither. What does not look as expected stays as it is.
 */
export function spreadEntries(entries: readonly Entry[], partitioned: ReadonlySet<string>): SpreadEntry[] {
  const spread: SpreadEntry[] = [];
  let attach: SpreadEntry[] = [];
  let validate: SpreadEntry[] = [];
  /** Work that was put off comes before whatever may build on it. */
  const putDown = (): void => {
    spread.push(...attach, ...validate);
    attach = [];
    validate = [];
  };
  for (const entry of entries) {
    const ordinary = !partitioned.has(tableOf(entry));
    switch (entry.type) {
      case 'CONSTRAINT': {
        const [build, attached] = (ordinary ? spreadKey(entry) : undefined) ?? [];
        if (build === undefined || attached === undefined) spread.push(entry);
        else {
          spread.push(build);
          attach.push(attached);
        }
        break;
      }
      case 'INDEX':
        spread.push({ ...entry, stage: 'build' });
        break;
      case 'FK CONSTRAINT': {
        spread.push(...attach);
        attach = [];
        const [made, validated] = (ordinary ? spreadForeignKey(entry) : undefined) ?? [];
        if (made === undefined || validated === undefined) spread.push(entry);
        else {
          spread.push(made);
          validate.push(validated);
        }
        break;
      }
      case 'STATISTICS':
        spread.push({ ...entry, stage: 'build' });
        break;
      default:
        putDown();
        spread.push(entry);
    }
  }
  putDown();
  return spread;
}

const indexedPattern = new RegExp(` ON (?:ONLY )?(?<table>${qualifiedName}) USING `);

/**
 * The entries of one batch, those that take longest first, so that none of them is left over at the end while the other workers are idle.
 * `sizes`: bytes of the tables, by their names as the dump writes them. Of one table's indexes those over more columns take longer.
 */
export function longestFirst(
  batch: readonly SpreadEntry[],
  sizes: ReadonlyMap<string, number>,
): SpreadEntry[] {
  const cost = (entry: SpreadEntry): { bytes: number; columns: number } => ({
    bytes: sizes.get(indexedPattern.exec(entry.sql)?.groups?.['table'] ?? tableOf(entry)) ?? 0,
    columns: entry.sql.split(', ').length,
  });
  return batch
    .map((entry) => ({ entry, ...cost(entry) }))
    .sort((a, b) => b.bytes - a.bytes || b.columns - a.columns)
    .map(({ entry }) => entry);
}

/** Neighbours of one stage that works side by side, as batches; every other entry is a batch of its own. */
export function batchesOf(entries: readonly SpreadEntry[]): SpreadEntry[][] {
  const batches: SpreadEntry[][] = [];
  for (const entry of entries) {
    const last = batches.at(-1);
    const stage = last?.[0]?.stage;
    if (last !== undefined && stage !== undefined && stage === entry.stage) last.push(entry);
    else batches.push([entry]);
  }
  return batches;
}
