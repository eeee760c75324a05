import { z } from 'zod';
import type { Evidence } from '#shared/model/run';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';
import { qualified, quoteText } from '../common/sql-text';

export const sequenceSchema = z.object({ schema: z.string(), name: z.string(), ascending: z.boolean() });
/** A sequence of the application, identity columns' included. */
export type Sequence = z.infer<typeof sequenceSchema>;

export const sequenceValueSchema = sequenceSchema.extend({
  /** 64-bit, so a string. */
  value: z.string(),
  called: z.boolean(),
});
export type SequenceValue = z.infer<typeof sequenceValueSchema>;

/** The application's sequences, by name. */
export function readSequences(session: DatabaseSession): Promise<Sequence[]> {
  return session.query(
    sequenceSchema,
    `select n.nspname as schema, c.relname as name, s.seqincrement > 0 as ascending
     from pg_catalog.pg_sequence s
     join pg_catalog.pg_class c on c.oid = s.seqrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relpersistence <> 't' and ${isApplicationSchema('n.nspname')} and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')}
     order by 1, 2`,
  );
}

const valueRow = z.object({ value: z.string(), called: z.boolean() });

async function readValue(session: DatabaseSession, sequence: Sequence): Promise<SequenceValue> {
  const [row] = await session.query(
    valueRow,
    `select last_value::text as value, is_called as called from ${qualified(sequence)}`,
  );
  return { ...sequence, value: row?.value ?? '1', called: row?.called ?? false };
}

/** The values as they are now: sequences know no snapshots. */
export async function readValues(
  session: DatabaseSession,
  sequences: readonly Sequence[],
): Promise<SequenceValue[]> {
  const values: SequenceValue[] = [];
  for (const sequence of sequences) values.push(await readValue(session, sequence));
  return values;
}

/** Whether a sequence in state `a` has given out as much as one in state `b`. */
function reaches(a: SequenceValue, b: SequenceValue): boolean {
  const difference = BigInt(a.value) - BigInt(b.value);
  if (difference === 0n) return a.called || !b.called;
  return b.ascending ? difference > 0n : difference < 0n;
}

/**
 * Sets the target's sequences to the source's values, and one that has given out numbers on the target never back: a value
 * that the source gave out after the copy's snapshot is skipped, one that it gave out before is not given out again.
 */
export async function setSequences(
  source: DatabaseSession,
  target: DatabaseSession,
  sequences: readonly Sequence[],
): Promise<SequenceValue[]> {
  const values = await readValues(source, sequences);
  for (const value of values) {
    const there = await readValue(target, value);
    // A sequence that was never called stands at its START, which may lie beyond numbers that the source has yet to give out.
    if (there.called && reaches(there, value)) continue;
    await target.execute(
      `select pg_catalog.setval(${quoteText(qualified(value))}::regclass, ${value.value}, ${value.called})`,
    );
  }
  return values;
}

/** Compares the target's sequences with the values that were set from the source. */
export async function compareSequences(
  target: DatabaseSession,
  set: readonly SequenceValue[],
): Promise<Evidence> {
  const now = await readValues(target, set);
  const behind = now.filter((value, index) => {
    const wanted = set[index];
    return wanted !== undefined && !reaches(value, wanted);
  });
  return {
    subject: 'sequences',
    method: 'last value on the target is not behind the source’s when it was read',
    source: `${set.length} sequences`,
    target: `${set.length - behind.length} at or past it`,
    equal: behind.length === 0,
    ...(behind.length === 0
      ? {}
      : { note: `Behind: ${behind.map((item) => `${item.schema}.${item.name}`).join(', ')}` }),
  };
}
