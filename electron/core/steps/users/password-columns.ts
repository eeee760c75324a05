import type { Warning } from '#shared/model/run';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import type { ResolvedMapping } from './source-sql';

interface PasswordColumn {
  schema: string;
  name: string;
  column: string;
}

/** The columns that hold password hashes, as far as the mapping names them plainly. */
function passwordColumns(mapping: ResolvedMapping): PasswordColumn[] {
  return mapping.sources.flatMap((source) => {
    const { hash } = source.fields;
    if (hash === undefined) return [];
    if (typeof hash === 'string') return [{ schema: source.schema, name: source.name, column: hash }];
    if ('sql' in hash) return [];
    const join = source.joins.find((one) => one.alias === hash.from);
    return join === undefined ? [] : [{ schema: join.schema, name: join.name, column: hash.column }];
  });
}

const readerRow = z.object({ readers: z.array(z.string()) });

/** Columns of the target that still hold the old password hashes, with the SQL that ends it. */
export async function passwordColumnWarnings(
  target: DatabaseSession,
  mapping: ResolvedMapping,
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  for (const { schema, name, column } of passwordColumns(mapping)) {
    const [found] = await target.query(
      readerRow,
      `select coalesce((select jsonb_agg(r.rolname order by r.rolname) from pg_catalog.pg_roles r
           where r.rolname in ('anon', 'authenticated') and pg_catalog.has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')), '[]') as readers
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped
       where n.nspname = $1 and c.relname = $2 and a.attname = $3`,
      [schema, name, column],
    );
    if (found === undefined) continue;
    const table = qualified({ schema, name });
    warnings.push({
      code: 'USERS_PASSWORD_COLUMN_LEFT',
      message: `${tableLabel({ schema, name })}.${column} still holds the old password hashes${found.readers.length === 0 ? '' : `, and ${found.readers.join(' and ')} may read it`}.`,
      hint: `When nothing signs in with it any more: alter table ${table} drop column ${quoteName(column)};${
        found.readers.length === 0 ? '' : ` Until then: revoke select on ${table} from anon, authenticated;`
      }`,
    });
  }
  return warnings;
}
