/**
 * The roles of a Supabase project and what they may do. Runs first, as `supabase_admin`, in the database `postgres`.
 * Written after what a hosted project shows in pg_roles, pg_auth_members and pg_db_role_setting.
 */
export const rolesSql = `
create role postgres login createdb createrole replication bypassrls;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role dashboard_user nologin createdb createrole replication;
create role pgbouncer login;
create role supabase_auth_admin login noinherit createrole;
create role supabase_storage_admin login noinherit createrole;
create role supabase_realtime_admin nologin noinherit;
create role supabase_replication_admin login replication;
create role supabase_etl_admin login replication;
create role supabase_read_only_user login bypassrls;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
grant authenticator to postgres;
grant authenticator to supabase_storage_admin;
grant pg_monitor, pg_read_all_data, pg_signal_backend, pg_create_subscription, pg_maintain, pg_checkpoint to postgres;
grant pg_read_all_data to supabase_read_only_user, supabase_etl_admin;

alter role postgres set search_path to "$user", public, extensions;
alter role postgres set statement_timeout to '2min';
alter role supabase_admin set search_path to "$user", public, auth, extensions;
alter role anon set statement_timeout to '3s';
alter role authenticated set statement_timeout to '8s';
alter role authenticator set statement_timeout to '8s';
alter role authenticator set lock_timeout to '8s';
alter role supabase_auth_admin set search_path to auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout to 60000;
alter role supabase_storage_admin set search_path to storage;

-- On the hosted service an extension of the server lets "postgres" set these; here the server's own grants do.
grant set on parameter session_replication_role, log_min_duration_statement, log_min_messages, log_statement,
  auto_explain.log_min_duration, track_functions, deadlock_timeout to postgres;

alter database postgres owner to postgres;
grant all on database postgres to dashboard_user;
grant create on database postgres to supabase_auth_admin, supabase_storage_admin;
`;

/** Grants on `public` as projects made before 2026-05-30 have them: whatever appears there can be reached with the publishable key. */
export const publicGrantsSql = `
grant usage on schema public to anon, authenticated, service_role;
grant all on schema public to postgres;

alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public grant all on sequences to postgres, anon, authenticated, service_role;
`;

/** Extensions that the hosted service lets `postgres` create although PostgreSQL does not trust them; those without a library here are ignored. */
export const privilegedExtensions: readonly string[] = [
  'autoinc',
  'bloom',
  'dblink',
  'dict_xsyn',
  'earthdistance',
  'insert_username',
  'moddatetime',
  'pg_buffercache',
  'pg_prewarm',
  'pg_stat_statements',
  'pg_walinspect',
  'pgrowlocks',
  'pgstattuple',
  'postgres_fdw',
  'refint',
  'sslinfo',
];
