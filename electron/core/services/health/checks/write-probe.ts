import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';
import { type CheckOutcome, finding, readableMs } from '../check';

/** What the probe keeps, and nothing else: a schema that no role but its owner may use, with one row. */
const scratch = `create schema if not exists cutover_health;
comment on schema cutover_health is 'Cutover: one row that the write probe of live health changes. May be dropped.';
revoke all on schema cutover_health from public;
create table if not exists cutover_health.probe (id int primary key, mark text not null);`;

/** Writes a row in the scratch schema, commits, and reads it back. Throws what the server answers, `TARGET_READ_ONLY` for one. */
export async function writeProbe(session: DatabaseSession, mark: string): Promise<CheckOutcome> {
  await session.execute(`set statement_timeout = '10s'`);
  const [there] = await session.query(
    z.object({ there: z.boolean() }),
    `select to_regclass('cutover_health.probe') is not null as there`,
  );
  if (there?.there !== true) await session.execute(scratch);
  const started = performance.now();
  await session.execute(
    `insert into cutover_health.probe (id, mark) values (1, $1) on conflict (id) do update set mark = excluded.mark`,
    [mark],
  );
  const latencyMs = performance.now() - started;
  const [row] = await session.query(
    z.object({ mark: z.string() }),
    'select mark from cutover_health.probe where id = 1',
  );
  const same = row?.mark === mark;
  return {
    latencyMs,
    summary: same ? 'Written and read back' : 'Read something else',
    facts: [
      { label: 'Writing and committing', value: readableMs(latencyMs) },
      { label: 'Scratch', value: 'cutover_health.probe' },
    ],
    findings: same
      ? []
      : [
          finding(
            'CANARY_FAILED',
            'degraded',
            'A row that was just written is not read back as it was.',
            'Look for a trigger on the scratch table, or a second writer; dropping the schema cutover_health is safe.',
          ),
        ],
  };
}
