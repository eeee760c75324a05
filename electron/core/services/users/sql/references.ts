import type { UserReference } from '#shared/contract/users';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';

/** Milliseconds for one count; a foreign key without an index on a large table takes longer and stays uncounted. */
const countTimeoutMs = 5_000;
/** How far a delete is followed from table to table. */
const maxDepth = 8;

const keyRow = z.object({
  constraint: z.string(),
  child: z.string(),
  parent: z.string(),
  action: z.enum(['a', 'r', 'c', 'n', 'd']),
  child_columns: z.array(z.string()),
  child_quoted: z.array(z.string()),
  parent_quoted: z.array(z.string()),
  not_null: z.boolean(),
});
type ForeignKey = z.infer<typeof keyRow>;

// With an empty search path, regclass writes every name with its schema and quoted where it has to be.
const keysSql = `select c.conname as constraint, c.conrelid::regclass::text as child, c.confrelid::regclass::text as parent,
    c.confdeltype as action,
    array(select a.attname::text from unnest(c.conkey) with ordinality k (n, place) join pg_catalog.pg_attribute a
      on a.attrelid = c.conrelid and a.attnum = k.n order by k.place) as child_columns,
    array(select quote_ident(a.attname) from unnest(c.conkey) with ordinality k (n, place) join pg_catalog.pg_attribute a
      on a.attrelid = c.conrelid and a.attnum = k.n order by k.place) as child_quoted,
    array(select quote_ident(a.attname) from unnest(c.confkey) with ordinality k (n, place) join pg_catalog.pg_attribute a
      on a.attrelid = c.confrelid and a.attnum = k.n order by k.place) as parent_quoted,
    exists (select from pg_catalog.pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey) and a.attnotnull) as not_null
  from pg_catalog.pg_constraint c where c.contype = 'f' and c.conparentid = 0`;

interface Found {
  key: ForeignKey;
  effect: UserReference['effect'];
  /** Which rows of the child table, as a condition over its columns with the user's id as $1. */
  condition: string;
}

function effectOf(key: ForeignKey): UserReference['effect'] {
  if (key.action === 'c') return 'deletes';
  if (key.action === 'a' || key.action === 'r') return 'blocks';
  return key.action === 'n' && key.not_null ? 'blocks' : 'clears';
}

/** Follows the foreign keys from the user on: through every table whose rows would go with it. */
function follow(keys: readonly ForeignKey[]): Found[] {
  const found: Found[] = [];
  const visit = (table: string, condition: string, path: readonly string[]): void => {
    for (const key of keys.filter((candidate) => candidate.parent === table)) {
      const child = `(${key.child_quoted.join(', ')})`;
      const parents = `select ${key.parent_quoted.join(', ')} from ${table} where ${condition}`;
      const rows =
        table === 'auth.users' && key.parent_quoted.join() === 'id'
          ? `${key.child_quoted.join('')} = $1::uuid`
          : `${child} in (${parents})`;
      const effect = effectOf(key);
      found.push({ key, effect, condition: rows });
      if (effect === 'deletes' && !path.includes(key.child) && path.length < maxDepth) {
        visit(key.child, rows, [...path, key.child]);
      }
    }
  };
  visit('auth.users', 'id = $1::uuid', ['auth.users']);
  return found;
}

/** Tables of the service itself, which go with the user as they should. */
const isOwn = ({ key, effect }: Found): boolean =>
  effect === 'deletes' && /^(auth|cutover)\./.test(key.child);

/**
 * What a delete of the user would meet: rows that block it, that go too, and that lose their link, through any number of tables. A blocker
 * that is checked only at the end does not count rows which the same delete removes.
 */
export async function findReferences(session: DatabaseSession, id: string): Promise<UserReference[]> {
  const found = follow(await session.query(keyRow, keysSql));
  const references: UserReference[] = [];
  for (const item of found) {
    if (isOwn(item)) continue;
    const going = found.filter(
      (other) => other.effect === 'deletes' && other.key.child === item.key.child && other !== item,
    );
    const spared =
      item.key.action === 'a' && going.length > 0
        ? ` and (${going.map((other) => other.condition).join(' or ')}) is not true`
        : '';
    const rows = await countRows(session, item.key.child, `${item.condition}${spared}`, id);
    if (rows === 0) continue;
    const { child, child_columns, constraint } = item.key;
    references.push({
      table: child,
      columns: child_columns,
      constraint,
      effect: item.effect,
      ...(rows === undefined ? {} : { rows }),
    });
  }
  const order = { blocks: 0, deletes: 1, clears: 2 };
  return references.sort((a, b) => order[a.effect] - order[b.effect] || a.table.localeCompare(b.table));
}

const countRow = z.object({ count: z.coerce.number() });

async function countRows(
  session: DatabaseSession,
  table: string,
  condition: string,
  id: string,
): Promise<number | undefined> {
  await session.execute('begin');
  try {
    await session.execute(`set local statement_timeout = ${countTimeoutMs}`);
    const [row] = await session.query(countRow, `select count(*) as count from ${table} where ${condition}`, [
      id,
    ]);
    return row?.count ?? 0;
  } catch {
    // Too slow, or not ours to read. That the table refers to users is known all the same.
    return undefined;
  } finally {
    await session.execute('rollback');
  }
}
