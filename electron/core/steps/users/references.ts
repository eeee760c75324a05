import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import type { ResolvedSource } from './source-sql';

export const referenceSchema = z.object({
  schema: z.string(),
  name: z.string(),
  column: z.string(),
  /** What happens to the row when the user is deleted, as SQL says it. */
  onDelete: z.enum(['no action', 'restrict', 'cascade', 'set null', 'set default']),
});
/** A foreign key that points at a user's id. */
export type Reference = z.infer<typeof referenceSchema>;

/** Foreign keys of one column that point at the id of a source, by table. */
export function readReferences(session: DatabaseSession, source: ResolvedSource): Promise<Reference[]> {
  return session.query(
    referenceSchema,
    `select n.nspname as schema, c.relname as name, a.attname as column,
       case k.confdeltype when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default' else 'no action' end as "onDelete"
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
     join pg_catalog.pg_class u on u.oid = k.confrelid join pg_catalog.pg_namespace un on un.oid = u.relnamespace
     join pg_catalog.pg_attribute ua on ua.attrelid = k.confrelid and ua.attnum = k.confkey[1]
     where k.contype = 'f' and k.conparentid = 0 and array_length(k.conkey, 1) = 1
       and un.nspname = $1 and u.relname = $2 and ua.attname = $3
     order by 1, 2, 3`,
    [source.schema, source.name, source.id],
  );
}
