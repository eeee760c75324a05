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

/** An SQL condition that holds for the application's own schemas. `column` is a schema name. */
export function isApplicationSchema(column: string): string {
  const reserved = [...reservedSchemas].map(quoteText).join(', ');
  return `(${column} !~ '^pg_' and ${column} <> 'information_schema' and ${column} not in (${reserved}))`;
}

/** An SQL condition that holds for objects that no extension made. */
export function isNotOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_catalog.pg_depend e where e.deptype = 'e' and e.classid = '${catalog}'::regclass and e.objid = ${oid})`;
}
