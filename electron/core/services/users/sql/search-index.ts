import type { SearchIndex } from '#shared/contract/users';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';
import { searchTable, searchText, searchTriggers, stateTable } from '../../../steps/users/search-table';

/**
 * The statements that the operator consents to, each for itself, so that none holds a lock on the users for longer than a moment. Triggers
 * keep the tables up to date; they swallow their own failures, because no sign-up may fail for the sake of a search.
 */
const [textTrigger, stateTrigger] = searchTriggers;
const createStatements = (trgmSchema: string): string[] => [
  'create schema if not exists cutover',
  'revoke all on schema cutover from public, anon, authenticated',
  `create extension if not exists pg_trgm with schema ${trgmSchema}`,
  `create table if not exists ${searchTable} (
  id uuid primary key references auth.users (id) on delete cascade,
  created_at timestamptz,
  text text not null)`,
  `alter table ${searchTable} enable row level security`,
  `revoke all on ${searchTable} from public, anon, authenticated`,
  `create or replace function cutover.keep_user_search() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into ${searchTable} (id, created_at, text) values (new.id, new.created_at, ${searchText('new')})
  on conflict (id) do update set created_at = excluded.created_at, text = excluded.text;
  return null;
exception when others then
  return null;
end $$`,
  'revoke all on function cutover.keep_user_search() from public, anon, authenticated',
  `create table if not exists ${stateTable} (
  id uuid primary key references auth.users (id) on delete cascade,
  last_sign_in_at timestamptz,
  banned_until timestamptz)`,
  `alter table ${stateTable} enable row level security`,
  `revoke all on ${stateTable} from public, anon, authenticated`,
  `create or replace function cutover.keep_user_states() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into ${stateTable} (id, last_sign_in_at, banned_until) values (new.id, new.last_sign_in_at, new.banned_until)
  on conflict (id) do update set last_sign_in_at = excluded.last_sign_in_at, banned_until = excluded.banned_until;
  return null;
exception when others then
  return null;
end $$`,
  'revoke all on function cutover.keep_user_states() from public, anon, authenticated',
  `create or replace trigger ${textTrigger}
  after insert or update of email, phone, created_at, raw_user_meta_data, raw_app_meta_data
  on auth.users for each row execute function cutover.keep_user_search()`,
  `create or replace trigger ${stateTrigger}
  after insert or update of last_sign_in_at, banned_until
  on auth.users for each row execute function cutover.keep_user_states()`,
  `insert into ${searchTable} (id, created_at, text)
  select u.id, u.created_at, ${searchText('u')} from auth.users u on conflict do nothing`,
  `insert into ${stateTable} (id, last_sign_in_at, banned_until)
  select u.id, u.last_sign_in_at, u.banned_until from auth.users u on conflict do nothing`,
  `create index concurrently if not exists user_search_text on ${searchTable} using gin (text ${trgmSchema}.gin_trgm_ops)`,
  `create index concurrently if not exists user_search_created on ${searchTable} (created_at, id)`,
  `create index concurrently if not exists user_states_sign_in on ${stateTable} (last_sign_in_at, id)`,
  `create index concurrently if not exists user_states_banned on ${stateTable} (banned_until) where banned_until is not null`,
  `analyze ${searchTable}, ${stateTable}`,
];

// The triggers go with their functions: to drop them by their names, one would have to own the table of users.
const dropStatements: readonly string[] = [
  'drop function if exists cutover.keep_user_search() cascade',
  'drop function if exists cutover.keep_user_states() cascade',
  `drop table if exists ${searchTable}, ${stateTable}`,
];

const textOfStatements = (statements: readonly string[]): string => `${statements.join(';\n')};`;

const stateRow = z.object({ ready: z.boolean(), possible: z.boolean(), schema: z.string() });

async function readState(session: DatabaseSession): Promise<z.infer<typeof stateRow>> {
  const [row] = await session.query(
    stateRow,
    `select
       (select count(*) = 2 from pg_catalog.pg_trigger t
         where t.tgrelid = 'auth.users'::regclass and t.tgname in ('${textTrigger}', '${stateTrigger}') and t.tgenabled = 'O')
       and (select count(*) = 4 from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
         where i.indrelid in (to_regclass('${searchTable}'), to_regclass('${stateTable}')) and i.indisvalid
           and c.relname in ('user_search_text', 'user_search_created', 'user_states_sign_in', 'user_states_banned')) as ready,
       has_database_privilege(current_database(), 'create') and has_table_privilege('auth.users', 'trigger')
         and has_table_privilege('auth.users', 'references')
         and exists (select from pg_catalog.pg_available_extensions e where e.name = 'pg_trgm') as possible,
       coalesce((select quote_ident(n.nspname) from pg_catalog.pg_extension e
         join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm'), 'extensions') as schema`,
  );
  return row ?? { ready: false, possible: false, schema: 'extensions' };
}

/** Whether the search table is there and complete, or could be made by this role. */
export async function readSearchIndex(session: DatabaseSession): Promise<SearchIndex> {
  const { ready, possible, schema } = await readState(session);
  return {
    state: ready ? 'ready' : possible ? 'absent' : 'impossible',
    createSql: textOfStatements(createStatements(schema)),
    dropSql: textOfStatements(dropStatements),
  };
}

/** Does exactly what the SQL of {@link readSearchIndex} says. Doing it again completes what a failure left undone. */
export async function changeSearchIndex(
  session: DatabaseSession,
  act: 'create' | 'drop',
): Promise<SearchIndex> {
  const { schema } = await readState(session);
  await session.execute('set statement_timeout = 0');
  for (const statement of act === 'create' ? createStatements(schema) : dropStatements) {
    await session.execute(statement);
  }
  return readSearchIndex(session);
}
