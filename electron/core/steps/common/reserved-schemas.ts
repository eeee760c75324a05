import { quoteText } from './sql-text';

/** Schemas of a Supabase project that belong to its services. */
export const reservedSchemas: ReadonlySet<string> = new Set([
  'auth',
  'storage',
  'realtime',
  '_realtime',
  'extensions',
  'graphql',
  'graphql_public',
  'vault',
  'net',
  'cron',
  'pgbouncer',
  'pgsodium',
  'pgsodium_masks',
  'pgtle',
  'supabase_functions',
  'supabase_migrations',
  '_analytics',
]);

const reservedList = [...reservedSchemas].map(quoteText).join(', ');

/** An SQL condition that holds for the schemas that belong to Supabase on the target. `column` is a schema name. */
export function isReservedSchema(column: string): string {
  return `${column} in (${reservedList})`;
}

/** An SQL condition that holds for the application's own schemas. `column` is a schema name. */
export function isApplicationSchema(column: string): string {
  return `(${column} !~ '^pg_' and ${column} <> 'information_schema' and ${column} not in (${reservedList}))`;
}

/** An SQL condition that holds for objects that no extension made. */
export function isNotOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_catalog.pg_depend e where e.deptype = 'e' and e.classid = '${catalog}'::regclass and e.objid = ${oid})`;
}
