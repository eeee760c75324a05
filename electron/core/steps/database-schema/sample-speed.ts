import type { DatabaseEstimate } from '#shared/contract/migration';
import { AppError } from '#shared/model/errors';
import { formatBytes } from '#shared/model/format-bytes';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified } from '../common/sql-text';

/** Bytes sent to the target as a value that it only measures, and about as many read of the source's largest table. */
const sampleBytes = 4 * 2 ** 20;
const mostRows = 20_000;
/** A sample stops counting as one below this many milliseconds: then the line is faster than can be told. */
const leastMilliseconds = 5;
/**
 * The rest of the job in proportion to the copying of rows, as measured on two cores: proof, indexes and statistics take between
 * half and twice as long again, more where the target's disk is slow.
 */
const least = 1.5;
const most = 4;

const lengthRow = z.object({ length: z.coerce.number() });
const sampleRow = z.object({ row: z.string() });

/** A table as far as the sample needs to know it. */
export interface SampledTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

const rateOf = (bytes: number, milliseconds: number): number =>
  (bytes * 1000) / Math.max(leastMilliseconds, milliseconds);

/** How fast the target takes bytes; nothing is written. */
async function sampleTarget(target: DatabaseSession): Promise<number> {
  const value = 'x'.repeat(sampleBytes);
  const begun = performance.now();
  await target.query(lengthRow, 'select length($1::text) as length', [value]);
  return rateOf(sampleBytes, performance.now() - begun);
}

/** How fast rows of a table come from the source: so many of them that they are likely to have a few megabytes. */
async function sampleSource(source: DatabaseSession, table: SampledTable): Promise<number> {
  const width = Math.max(1, table.bytes / Math.max(1, table.rows));
  const limit = Math.max(1, Math.min(mostRows, Math.floor(sampleBytes / width)));
  const begun = performance.now();
  const rows = await source.query(
    sampleRow,
    `select t::text as row from only ${qualified(table)} t limit ${limit}`,
  );
  const bytes = rows.reduce((sum, { row }) => sum + row.length, 0);
  return rateOf(bytes, performance.now() - begun);
}

/**
 * Samples both lines for a moment and says how long the whole job may take. `tables`: those whose rows the role may read. Undefined when
 * they hold nothing, or a sample fails, as one of a gigantic row does. Writes nothing.
 */
export async function estimateTime(
  source: DatabaseSession,
  target: DatabaseSession,
  tables: readonly SampledTable[],
): Promise<DatabaseEstimate | undefined> {
  const largest = tables.reduce<SampledTable | undefined>(
    (best, table) => (table.rows > 0 && table.bytes > (best?.bytes ?? 0) ? table : best),
    undefined,
  );
  if (largest === undefined) return undefined;
  try {
    const rate = Math.min(await sampleSource(source, largest), await sampleTarget(target));
    const rows = tables.reduce((sum, table) => sum + table.bytes, 0) / rate;
    return {
      seconds: { least: Math.ceil(rows * least), most: Math.ceil(rows * most) },
      assumes: `${formatBytes(Math.round(rate))} a second on one connection, as a sample went`,
    };
  } catch (error) {
    if (error instanceof AppError && error.code === 'DATABASE_STATEMENT_FAILED') return undefined;
    throw error;
  }
}
