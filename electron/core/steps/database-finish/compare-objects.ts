import { z } from 'zod';
import type { Evidence } from '#shared/model/run';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema, isNotOfExtension } from '../common/reserved-schemas';

interface Kind {
  subject: string;
  /** Selects one text per object, as `object`, with the `relation` that it is of, from schemas `$1`. */
  sql: string;
}

const own = `n.nspname = any ($1) and ${isApplicationSchema('n.nspname')}`;

/** Each object with what makes it this object and no other: a disabled trigger is not an enabled one. */
const kinds: readonly Kind[] = [
  {
    subject: 'constraints',
    // PostgreSQL 18 keeps NOT NULL as a constraint, earlier ones do not. A foreign key of or at a partitioned table has copies for the
    // partitions, which the server names as it likes.
    sql: `select n.nspname || '.' || c.relname as relation, n.nspname || '.' || c.relname || ' ' || k.conname || ' ' || k.contype::text || case when k.convalidated then '' else ' not valid' end as object
      from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where k.contype in ('c', 'f', 'p', 'u', 'x')
        and (k.contype <> 'f' or k.conparentid = 0) and ${own}`,
  },
  {
    subject: 'indexes',
    sql: `select n.nspname || '.' || t.relname as relation, n.nspname || '.' || c.relname || ' on ' || t.relname || case when i.indisunique then ' unique' else '' end
        || case when i.indisvalid then '' else ' invalid' end || ' ' || i.indnatts as object
      from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_class t on t.oid = i.indrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where t.relkind <> 't' and ${own}`,
  },
  {
    subject: 'triggers',
    sql: `select n.nspname || '.' || c.relname as relation, n.nspname || '.' || c.relname || ' ' || g.tgname || ' ' || g.tgenabled::text as object
      from pg_catalog.pg_trigger g join pg_catalog.pg_class c on c.oid = g.tgrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where not g.tgisinternal and ${own}`,
  },
  {
    subject: 'functions and procedures',
    sql: `select null as relation, n.nspname || '.' || p.proname || ' ' || p.prokind::text || p.pronargs as object
      from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where ${isNotOfExtension('pg_catalog.pg_proc', 'p.oid')} and ${own}`,
  },
  {
    subject: 'rules and views',
    sql: `select n.nspname || '.' || c.relname as relation, n.nspname || '.' || c.relname || ' ' || r.rulename || ' ' || r.ev_type::text || r.ev_enabled::text as object
      from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${isNotOfExtension('pg_catalog.pg_class', 'c.oid')} and ${own}`,
  },
  {
    subject: 'row security policies',
    sql: `select n.nspname || '.' || c.relname as relation, n.nspname || '.' || c.relname || ' ' || p.polname || ' ' || p.polcmd::text as object
      from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${own}`,
  },
  {
    subject: 'publications',
    sql: `select n.nspname || '.' || c.relname as relation, case when c.oid is null then p.pubname else n.nspname || '.' || p.pubname || ' ' || c.relname end as object
      from pg_catalog.pg_publication p
      left join pg_catalog.pg_publication_rel r on r.prpubid = p.oid and not p.puballtables
      left join pg_catalog.pg_class c on c.oid = r.prrelid
      left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid is null or (${own})`,
  },
];

const objectRow = z.object({ relation: z.string().nullable(), object: z.string() });

/**
 * Compares what both catalogs hold, kind by kind. `refused` names entries that the target did not take, for the note; `leftOut` relations that are not
 * to be there. */
export async function compareObjects(
  source: DatabaseSession,
  target: DatabaseSession,
  schemas: readonly string[],
  refused: readonly string[],
  leftOut: readonly string[] = [],
): Promise<Evidence[]> {
  const gone = new Set(leftOut);
  const evidence: Evidence[] = [];
  for (const { subject, sql } of kinds) {
    const [all, here] = await Promise.all([
      source.query(objectRow, sql, [schemas]),
      target.query(objectRow, sql, [schemas]),
    ]);
    const there = all.filter(({ relation }) => relation === null || !gone.has(relation));
    const onTarget = new Set(here.map((row) => row.object));
    const missing = there.map((row) => row.object).filter((object) => !onTarget.has(object));
    const excused = missing.filter((object) => refused.some((entry) => isAbout(entry, object)));
    const notes = [
      ...(missing.length > excused.length
        ? [
            `Missing: ${missing
              .filter((object) => !excused.includes(object))
              .slice(0, 20)
              .join(', ')}`,
          ]
        : []),
      ...(excused.length > 0 ? [`Left out and reported: ${excused.join(', ')}`] : []),
    ];
    if (there.length === 0) continue;
    evidence.push({
      subject,
      method: 'names, kinds and states in both catalogs',
      source: String(there.length),
      target: String(there.length - missing.length),
      equal: missing.length === excused.length,
      ...(notes.length === 0 ? {} : { note: notes.join('. ') }),
    });
  }
  return evidence;
}

/** Whether an entry's id (`INDEX public.by_name`, `FUNCTION public.f(integer)`) names an object of a catalog (`public.by_name on users 1`). */
function isAbout(entry: string, object: string): boolean {
  const name = entry
    .replace(/ #\d+$/, '')
    .replace(/^[A-Z ]+ (?=\S)/, '')
    .replace(/\(.*\)$/, '');
  return object === name || object.startsWith(`${name} `);
}
