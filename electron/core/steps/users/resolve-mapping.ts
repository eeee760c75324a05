import { AppError } from '#shared/model/errors';
import { defaultUserChoices, type UserSource, type UsersMapping } from '#shared/model/users-mapping';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified, quoteName } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import { findUserTables } from './detect-users';
import { usersSql, type ResolvedMapping, type ResolvedSource } from './source-sql';

const columnRow = z.object({ type: z.string(), unique: z.boolean() });
const countRow = z.object({ n: z.coerce.number() });

function invalid(message: string, cause?: unknown): AppError {
  return new AppError('USERS_MAPPING_INVALID', message, {
    hint: 'Correct the mapping of the users, or take it back to use what Cutover finds by itself.',
    cause,
  });
}

const columnSql = `
select format_type(a.atttypid, a.atttypmod) as type,
  a.attnotnull and exists (select from pg_catalog.pg_index i where i.indrelid = a.attrelid and i.indisunique and i.indpred is null
    and i.indnkeyatts = 1 and i.indkey[0] = a.attnum) as unique
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and a.attname = $3 and a.attnum > 0 and not a.attisdropped`;

/** Rows on which every expression is tried. */
const tried = 1_000;

async function columnOf(session: DatabaseSession, schema: string, name: string, column: string) {
  const [found] = await session.query(columnRow, columnSql, [schema, name, column]);
  if (found === undefined) throw invalid(`${tableLabel({ schema, name })} has no column ${column}.`);
  return found;
}

async function count(session: DatabaseSession, sql: string): Promise<number> {
  const [row] = await session.query(countRow, sql);
  return row?.n ?? 0;
}

/** Fails unless a column identifies the rows of its table. NULLs count for `required` alone. */
async function requireUnique(
  session: DatabaseSession,
  table: { schema: string; name: string },
  column: string,
  required: boolean,
): Promise<void> {
  const name = quoteName(column);
  const extra = await count(
    session,
    `select count(${required ? '*' : name}) - count(distinct ${name}) as n from ${qualified(table)}`,
  );
  if (extra > 0) {
    throw invalid(
      `${column} does not identify the rows of ${tableLabel(table)}: ${extra} rows share a value${required ? ' or have none' : ''}.`,
    );
  }
}

async function resolveSource(session: DatabaseSession, source: UserSource): Promise<ResolvedSource> {
  const label = tableLabel(source);
  const id = await columnOf(session, source.schema, source.name, source.id);
  if (!id.unique) await requireUnique(session, source, source.id, true);
  for (const join of source.joins) {
    const column = await columnOf(session, join.schema, join.name, join.column);
    if (!column.unique) await requireUnique(session, join, join.column, false);
  }
  const others =
    id.type === 'uuid'
      ? 0
      : await count(
          session,
          `select count(*) as n from ${qualified(source)} t
           where t.${quoteName(source.id)}::text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`,
        );
  const empty =
    id.type !== 'uuid' && (await count(session, `select count(*) as n from ${qualified(source)}`)) === 0;
  const resolved: ResolvedSource = {
    ...source,
    idType: id.type,
    idKind: others === 0 && !empty ? 'uuid' : 'mapped',
  };
  try {
    await session.execute(
      `select count(u::text) from (select * from (${usersSql(resolved, { paged: false })}) x limit ${tried}) u`,
    );
  } catch (error) {
    if (error instanceof AppError && error.details?.sqlstate !== undefined) {
      throw invalid(`The mapping of ${label} can not be read: ${error.message}`, error);
    }
    throw error;
  }
  return resolved;
}

/** A mapping with its ids looked at and every expression tried. Throws `USERS_MAPPING_INVALID`. */
export async function resolveMapping(
  session: DatabaseSession,
  mapping: UsersMapping,
): Promise<ResolvedMapping> {
  const labels = mapping.sources.map(tableLabel);
  const twice = labels.find((label, at) => labels.indexOf(label) !== at);
  if (twice !== undefined) throw invalid(`${twice} is named twice.`);
  const sources: ResolvedSource[] = [];
  for (const source of mapping.sources) sources.push(await resolveSource(session, source));
  return { ...mapping, sources };
}

/** The mapping in force: the operator's, else the likeliest table; undefined when there is none. */
export async function mappingInForce(
  session: DatabaseSession,
  chosen: UsersMapping | undefined,
): Promise<ResolvedMapping | undefined> {
  if (chosen !== undefined) return resolveMapping(session, chosen);
  const [best] = await findUserTables(session);
  if (best === undefined) return undefined;
  return resolveMapping(session, { version: 1, sources: [best.source], choices: defaultUserChoices });
}
