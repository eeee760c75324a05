import type { Evidence } from '#shared/model/run';
import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { fingerprintSchema, type Fingerprint } from '../common/tables';

/** Bytes read at once of each object of a batch, and objects in a batch: together what the copy holds in memory. */
const headBytes = 64 * 1024;
const batchSize = 64;
/** Bytes of a larger object that travel at once, and of which one hash is made. */
const chunkBytes = 2 ** 20;

/** The unit that copies the large objects. */
export const largeObjectsUnit = 'large objects';
export const largeObjectsDoneSchema = fingerprintSchema.extend({ bytes: z.number() });
export type LargeObjectsDone = z.infer<typeof largeObjectsDoneSchema>;

const idRow = z.object({ id: z.coerce.string() });
const hashRow = z.object({ id: z.coerce.string(), bytes: z.coerce.number(), hash: z.string() });
const dataRow = z.object({ id: z.coerce.string(), data: z.instanceof(Buffer) });
const grantRow = z.object({ id: z.coerce.string(), grantee: z.string(), privilege: z.string() });
type Hashed = z.infer<typeof hashRow>;

/** Whether the source has large objects, and whether it has some that its role may not read. */
export async function findLargeObjects(
  source: DatabaseSession,
): Promise<{ there: boolean; hidden: string[] }> {
  const hidden = await source.query(
    idRow,
    `select m.oid as id from pg_catalog.pg_largeobject_metadata m join pg_catalog.pg_roles r on r.rolname = current_user
     where not (r.rolsuper or pg_catalog.pg_has_role(m.lomowner, 'usage') or exists (
       select from pg_catalog.aclexplode(m.lomacl) g where g.privilege_type = 'SELECT'
         and (g.grantee = 0 or pg_catalog.pg_has_role(g.grantee, 'usage')))) order by 1`,
  );
  const [one] = await source.query(idRow, 'select oid as id from pg_catalog.pg_largeobject_metadata limit 1');
  return { there: one !== undefined, hidden: hidden.map(({ id }) => id) };
}

/** Throws `TARGET_NOT_EMPTY` when the target's role has large objects: later on all of its are taken for the run's. */
export async function requireNoLargeObjects(target: DatabaseSession): Promise<void> {
  const found = await readOwn(target);
  if (found.length === 0) return;
  throw new AppError(
    'TARGET_NOT_EMPTY',
    `The target holds ${found.length} large objects that this run did not write, ${found[0] ?? ''} among them.`,
    { hint: 'Remove them with lo_unlink, or use a new project. Nothing was written.' },
  );
}

async function readOwn(target: DatabaseSession): Promise<string[]> {
  const rows = await target.query(
    idRow,
    `select m.oid as id from pg_catalog.pg_largeobject_metadata m
     where m.lomowner = (select oid from pg_catalog.pg_roles where rolname = current_user) order by 1`,
  );
  return rows.map(({ id }) => id);
}

/** Every object's size and hash, read in pieces; `only`: those with these numbers. */
function readHashes(session: DatabaseSession, only?: readonly string[]): Promise<Hashed[]> {
  const hash = `pg_catalog.hashtextextended(x.oid || ':' || x.place || ':' || md5(x.data), 0)::numeric`;
  return session.query(
    hashRow,
    `with recursive piece (oid, place, bytes, hash) as (
       select x.oid, x.place, length(x.data), ${hash}
       from (select oid, 0::bigint as place, pg_catalog.lo_get(oid, 0, ${chunkBytes}) as data
             from pg_catalog.pg_largeobject_metadata ${only === undefined ? '' : 'where oid = any ($1::oid[])'}) x
       union all
       select x.oid, x.place, length(x.data), ${hash}
       from piece p cross join lateral (select p.oid, p.place + ${chunkBytes} as place, pg_catalog.lo_get(p.oid, p.place + ${chunkBytes}, ${chunkBytes}) as data offset 0) x
       where p.bytes = ${chunkBytes})
     select oid as id, sum(bytes) as bytes, sum(hash)::text as hash from piece group by oid order by oid`,
    only === undefined ? undefined : [only],
  );
}

function sum(objects: readonly Hashed[]): LargeObjectsDone {
  return {
    rows: objects.length,
    hash: objects.reduce((total, { hash }) => total + BigInt(hash), 0n).toString(),
    bytes: objects.reduce((total, { bytes }) => total + bytes, 0),
  };
}

/** Number, bytes and hash of all large objects of the source, as the session's transaction sees them. */
export async function fingerprintLargeObjects(source: DatabaseSession): Promise<LargeObjectsDone> {
  return sum(await readHashes(source));
}

/** Carries the rest of an object that is longer than what its batch brought. */
async function carryRest(source: DatabaseSession, target: DatabaseSession, id: string): Promise<void> {
  for (let place = headBytes; ; place += chunkBytes) {
    const [piece] = await source.query(
      dataRow,
      'select $1::oid as id, pg_catalog.lo_get($1::oid, $2::bigint, $3::int) as data',
      [id, place, chunkBytes],
    );
    const data = piece?.data ?? Buffer.alloc(0);
    if (data.length > 0)
      await target.execute('select pg_catalog.lo_put($1::oid, $2::bigint, $3::bytea)', [id, place, data]);
    if (data.length < chunkBytes) return;
  }
}

async function carryBatch(
  source: DatabaseSession,
  target: DatabaseSession,
  ids: readonly string[],
  stale: readonly string[],
): Promise<void> {
  const heads = await source.query(
    dataRow,
    `select oid as id, pg_catalog.lo_get(oid, 0, ${headBytes}) as data from unnest($1::oid[]) u (oid)`,
    [ids],
  );
  await target.execute('begin');
  await target.execute('select pg_catalog.lo_unlink(oid) from unnest($1::oid[]) u (oid)', [stale]);
  await target.execute(
    'select pg_catalog.lo_from_bytea(oid, data) from unnest($1::oid[], $2::bytea[]) u (oid, data)',
    [heads.map(({ id }) => id), heads.map(({ data }) => data)],
  );
  for (const { id, data } of heads) {
    if (data.length === headBytes) await carryRest(source, target, id);
  }
  await target.execute('commit');
}

/** Gives the roles that the target has the rights that they have on the source's objects. */
async function grantRights(source: DatabaseSession, target: DatabaseSession): Promise<void> {
  const grants = await source.query(
    grantRow,
    `select m.oid as id, case when g.grantee = 0 then 'public' else pg_catalog.quote_ident(r.rolname) end as grantee, g.privilege_type as privilege
     from pg_catalog.pg_largeobject_metadata m cross join lateral pg_catalog.aclexplode(m.lomacl) g
     left join pg_catalog.pg_roles r on r.oid = g.grantee where g.grantee <> m.lomowner order by 1, 2, 3`,
  );
  if (grants.length === 0) return;
  const roles = await target.query(
    z.object({ name: z.string() }),
    'select pg_catalog.quote_ident(rolname) as name from pg_catalog.pg_roles',
  );
  const known = new Set(['public', ...roles.map(({ name }) => name)]);
  for (const { id, grantee, privilege } of grants) {
    if (known.has(grantee))
      await target.execute(`grant ${privilege.toLowerCase()} on large object ${id} to ${grantee}`);
  }
}

/**
 * Makes the large objects of the target's role those of the source, as the source session's transaction sees them: same numbers, same bytes.
 * Equal ones are left alone, so that what a broken attempt brought is not brought again.
 */
export async function copyLargeObjects(
  source: DatabaseSession,
  target: DatabaseSession,
  signal: AbortSignal,
  onObjects: (done: number, total: number) => void,
): Promise<LargeObjectsDone> {
  const there = await readHashes(source);
  const own = await readOwn(target);
  const here = new Map((await readHashes(target, own)).map(({ id, hash }) => [id, hash]));
  const wanted = new Set(there.map(({ id }) => id));
  const surplus = own.filter((id) => !wanted.has(id));
  await target.execute('select pg_catalog.lo_unlink(oid) from unnest($1::oid[]) u (oid)', [surplus]);
  const differing = there.filter(({ id, hash }) => here.get(id) !== hash).map(({ id }) => id);
  for (let start = 0; start < differing.length; start += batchSize) {
    signal.throwIfAborted();
    const ids = differing.slice(start, start + batchSize);
    await carryBatch(
      source,
      target,
      ids,
      ids.filter((id) => here.has(id)),
    );
    onObjects(there.length - differing.length + start + ids.length, there.length);
  }
  await grantRights(source, target);
  return sum(there);
}

/** The source's objects in a snapshot against the target's now. */
export async function compareLargeObjects(
  target: DatabaseSession,
  source: Pick<LargeObjectsDone, 'rows' | 'hash'>,
): Promise<Evidence> {
  const here = sum(await readHashes(target, await readOwn(target)));
  const show = ({ rows, hash }: Fingerprint): string => `${rows} objects, ${hash}`;
  return {
    subject: 'large objects',
    method: 'number and sum of hashes of their numbers and bytes',
    source: show(source),
    target: show(here),
    equal: source.rows === here.rows && source.hash === here.hash,
  };
}
