import { AppError } from '#shared/model/errors';

/** The SQLSTATE that PostgreSQL gave for a failure, if it did. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof AppError ? error.details?.sqlstate : undefined;
}

/** What an object that exists already answers to being created. */
const duplicates: ReadonlySet<string> = new Set([
  '42P04', // database
  '42P06', // schema
  '42P07', // table, index, sequence, view
  '42701', // column
  '42710', // type, constraint, trigger, policy, …
  '42723', // function
]);

/** Further answers of kinds that are altered, not created, or that name their state in a general code. */
const duplicatesByType: Readonly<Record<string, readonly string[]>> = {
  CONSTRAINT: ['42P16', '55000'], // a second primary key, an index that belongs to its key already
  SEQUENCE: ['55000'], // already an identity column
  'TABLE ATTACH': ['42809', '42P17'], // already a partition
};

/** Whether an entry failed because it has been applied before. */
export function isDuplicate(type: string, error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return false;
  // Two who make the same thing at the same time meet in the catalog: a lost connection's server process may still be at it.
  const inCatalog = state === '23505' && error instanceof AppError && error.details?.schema === 'pg_catalog';
  return inCatalog || duplicates.has(state) || (duplicatesByType[type]?.includes(state) ?? false);
}

/**
 * Kinds that the rows do not need. One that the target refuses (a function in C, what is built on it) is reported by name and left out; any
 * other refused entry stops the run.
 */
const dispensable: ReadonlySet<string> = new Set([
  'ACL',
  'AGGREGATE',
  'CAST',
  'COLLATION',
  'COMMENT',
  'CONVERSION',
  'FOREIGN DATA WRAPPER',
  'FOREIGN TABLE',
  'FUNCTION',
  'INDEX',
  'MATERIALIZED VIEW DATA',
  'OPERATOR',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'POLICY',
  'PROCEDURAL LANGUAGE',
  'PROCEDURE',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SECURITY LABEL',
  'SERVER',
  'STATISTICS',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'TRANSFORM',
  'TRIGGER',
  'USER MAPPING',
]);

const refusals: ReadonlySet<string> = new Set([
  '0A000', // not supported here
  '42501', // not permitted
  '42704', // a role, an operator class, an extension that is not there
  '42883', // a function of an extension that is not there
  '58P01', // a library that is not installed
]);

/** Whether an entry may be left out because the target refuses it. */
export function isRefused(type: string, error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && dispensable.has(type) && refusals.has(state);
}
