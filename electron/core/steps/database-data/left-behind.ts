import type { Warning } from '#shared/model/run';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { isNotOfExtension, isReservedSchema } from '../common/reserved-schemas';
import { tableLabel } from '../common/tables';

/** What the source holds and no step copies. */
export const leftBehindSchema = z.object({
  /** Tables with rows, in schemas whose names the target keeps to itself. */
  tables: z.array(z.string()),
  /** Tables whose rows the operator leaves out. */
  chosen: z.array(z.string()),
});
export type LeftBehind = z.infer<typeof leftBehindSchema>;

const tableRow = z.object({ schema: z.string(), name: z.string() });

/** Reads sizes and catalogs only: the tables may be somebody else's. */
export async function readLeftBehind(source: DatabaseSession): Promise<Pick<LeftBehind, 'tables'>> {
  const tables = await source.query(
    tableRow,
    `select n.nspname as schema, c.relname as name from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relpersistence <> 't' and ${isReservedSchema('n.nspname')}
       and pg_catalog.pg_relation_size(c.oid) > 0 and ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')} order by 1, 2`,
  );
  return { tables: tables.map(tableLabel) };
}

/** In words, for the plan and again for the run, which then does not end as if everything had arrived. */
export function leftBehindWarnings({ tables, chosen }: LeftBehind): Warning[] {
  const warnings: Warning[] = [];
  if (chosen.length > 0) {
    warnings.push({
      code: 'ROWS_LEFT_OUT',
      message: `The operator leaves out the rows of ${chosen.join(', ')}.`,
    });
  }
  if (tables.length === 0) return warnings;
  return [
    ...warnings,
    {
      code: 'ROWS_LEFT_BEHIND',
      message: `The rows of ${tables.join(', ')} are not copied, because Supabase keeps schemas of these names to itself.`,
      hint: 'If they are the application’s, move the tables to another schema on the source, then plan again.',
    },
  ];
}
