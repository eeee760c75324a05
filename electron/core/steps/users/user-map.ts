import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';

/**
 * The lasting map of imported users on the target. It says which Auth user a user of the application became, and what was
 * imported, so that a change on either side is known later. No API of the project reaches it.
 */
export const mapTable = 'cutover.imported_users';

const thereRow = z.object({ there: z.boolean() });

/** Whether an import has been here. */
export async function hasUserMap(target: DatabaseSession): Promise<boolean> {
  const [row] = await target.query(thereRow, `select to_regclass('${mapTable}') is not null as there`);
  return row?.there ?? false;
}

/** Makes the map unless it is there. */
export async function createUserMap(target: DatabaseSession): Promise<void> {
  if (await hasUserMap(target)) return;
  await target.execute(`begin;
    create schema if not exists cutover;
    revoke all on schema cutover from public;
    create table if not exists ${mapTable} (
      source text not null,
      old_id text not null,
      user_id uuid not null unique,
      email text,
      password_digest text not null,
      inactive boolean not null,
      verified boolean not null,
      imported_at timestamptz not null default now(),
      carried_at timestamptz,
      primary key (source, old_id));
    revoke all on ${mapTable} from public;
    alter table ${mapTable} enable row level security;
    comment on table ${mapTable} is 'Users that Cutover imported: what each one was in the application, and what it became in Supabase Auth.';
    commit`);
}
