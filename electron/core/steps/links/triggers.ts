import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName, quoteText } from '../common/sql-text';
import { sqlState } from '../common/sqlstate';

/**
 * How triggers are kept from firing. `replica`: the session replays changes, as a replica does; foreign keys are not checked either.
 * `disabled`: the table's own triggers are off for the length of each transaction, which needs its owner and keeps other writers waiting.
 */
export type TriggerMode = 'replica' | 'disabled';

/** What the session's role may do. Supabase lets its `postgres` set the role of a replica; other services need not. */
export async function triggerMode(session: DatabaseSession): Promise<TriggerMode> {
  await session.execute('begin');
  try {
    await session.execute('set local session_replication_role = replica');
    return 'replica';
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    return 'disabled';
  } finally {
    await session.execute('rollback');
  }
}

const triggerRow = z.object({ name: z.string(), state: z.string() });
const states: Readonly<Record<string, string>> = { O: 'enable', A: 'enable always', R: 'enable replica' };

/** Runs `work` in a transaction in which no trigger of the table fires; they are as they were when it ends, whichever way. */
export async function withoutTriggers<T>(
  session: DatabaseSession,
  table: { schema: string; name: string },
  mode: TriggerMode,
  work: () => Promise<T>,
): Promise<T> {
  await session.execute('begin');
  try {
    if (mode === 'replica') await session.execute('set local session_replication_role = replica');
    // Generated columns and checks may name things without a schema, as the application does.
    await session.execute('set local search_path = public, extensions');
    const firing = await session.query(
      triggerRow,
      `select tgname as name, tgenabled as state from pg_catalog.pg_trigger
       where tgrelid = ${quoteText(qualified(table))}::regclass and not tgisinternal
         and tgenabled in ('A', ${mode === 'replica' ? "'R'" : "'O'"})
         and tgtype::int & 16 <> 0 order by 1`,
    );
    const alter = (trigger: string, act: string): Promise<number> =>
      session.execute(`alter table only ${qualified(table)} ${act} trigger ${quoteName(trigger)}`);
    for (const { name } of firing) await alter(name, 'disable');
    const result = await work();
    // Deferred constraint triggers would otherwise hinder the change of the table.
    if (firing.length > 0) await session.execute('set constraints all immediate');
    for (const { name, state } of firing) await alter(name, states[state] ?? 'enable');
    await session.execute('commit');
    return result;
  } catch (error) {
    await session.execute('rollback').catch(() => undefined);
    throw error;
  }
}
