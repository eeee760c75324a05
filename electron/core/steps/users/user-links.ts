import { tableLabel } from '../common/tables';
import { addedColumnComment } from '../common/added-columns';
import { qualified, quoteName, quoteText } from '../common/sql-text';
import { readReferences, type Reference } from './references';
import type { ResolvedMapping, ResolvedSource } from './source-sql';
import type { DatabaseSession } from '../../ports/database';
import { z } from 'zod';
import { mapTable } from './user-map';

export const userLinkSchema = z.object({
  schema: z.string(),
  name: z.string(),
  /** The column that holds the old id. */
  from: z.string(),
  /** The column that gets the new one. */
  to: z.string(),
  /** Table of the users whose ids these are. */
  source: z.string(),
  onDelete: z.enum(['no action', 'restrict', 'cascade', 'set null', 'set default']),
});
/** A column of the target that is to hold Auth users’ ids next to the old ones. */
export type UserLink = z.infer<typeof userLinkSchema>;

/** The column of a users table that holds the Auth user's id where the row's own id is no uuid. */
export const bridgeColumn = 'auth_user_id';

const bridgeOf = (source: ResolvedSource): UserLink => ({
  schema: source.schema,
  name: source.name,
  from: source.id,
  to: bridgeColumn,
  source: tableLabel(source),
  onDelete: 'set null',
});

const followOf = (source: ResolvedSource, reference: Reference): UserLink => ({
  schema: reference.schema,
  name: reference.name,
  from: reference.column,
  to: `${reference.column}_uuid`,
  source: tableLabel(source),
  // A default would be an old id.
  onDelete: reference.onDelete === 'set default' ? 'set null' : reference.onDelete,
});

/** The columns that the mapping’s choice asks for. Reads the foreign keys of the application. */
export async function planLinks(session: DatabaseSession, mapping: ResolvedMapping): Promise<UserLink[]> {
  const links: UserLink[] = [];
  if (mapping.choices.otherIds === 'leave') return links;
  for (const source of mapping.sources) {
    if (source.idKind === 'uuid') continue;
    links.push(bridgeOf(source));
    if (mapping.choices.otherIds === 'bridge') continue;
    for (const reference of await readReferences(session, source)) links.push(followOf(source, reference));
  }
  return links;
}

/** SQL that makes a link’s column; it may be there already. */
export function makeLinkSql(link: UserLink): string[] {
  const table = qualified(link);
  const column = quoteName(link.to);
  const index = quoteName(`${link.name}_${link.to}_idx`.slice(0, 63));
  return [
    `alter table ${table} add column if not exists ${column} uuid references auth.users (id) on delete ${link.onDelete}`,
    `comment on column ${table}.${column} is ${quoteText(addedColumnComment)}`,
    `create index if not exists ${index} on ${table} (${column})`,
  ];
}

/** SQL that fills a link’s column from the map; rows that are right already are not touched. */
export function fillLinkSql(link: UserLink): string {
  const column = quoteName(link.to);
  return `update ${qualified(link)} t set ${column} = m.user_id from ${mapTable} m join auth.users a on a.id = m.user_id where m.source = ${quoteText(link.source)} and m.old_id = t.${quoteName(link.from)}::text and t.${column} is distinct from m.user_id`;
}
