import type { UserExpression, UserPart, UserSource, UsersMapping } from '#shared/model/users-mapping';
import { tableLabel } from '../common/tables';
import { qualified, quoteName, quoteText } from '../common/sql-text';
import { bareHash, hashKind, isAccepted } from './hash-formats';

/** How the ids of a source become ids of Auth users: uuids stay, in whatever type they are kept; others are mapped. */
export type IdKind = 'uuid' | 'mapped';

/** A source with what its catalog says about the id. */
export interface ResolvedSource extends UserSource {
  /** The id's type, as SQL writes it. */
  idType: string;
  idKind: IdKind;
}

/** A mapping whose ids were looked at. */
export interface ResolvedMapping extends UsersMapping {
  sources: ResolvedSource[];
}

/** SQL for where a value comes from. */
export function expressionSql(expression: UserExpression): string {
  if (typeof expression === 'string') return `t.${quoteName(expression)}`;
  return 'sql' in expression
    ? `(${expression.sql})`
    : `${quoteName(expression.from)}.${quoteName(expression.column)}`;
}

/** SQL over the tables of a source: `from` and its joins. */
export function fromSql(source: UserSource): string {
  const joins = source.joins.map(
    (join) =>
      ` left join ${qualified(join)} ${quoteName(join.alias)} on ${quoteName(join.alias)}.${quoteName(join.column)} = t.${quoteName(join.equals)}`,
  );
  return `${qualified(source)} t${joins.join('')}`;
}

/** What Auth takes for an address, but for the length of its labels. */
const emailForm =
  "^[a-z0-9.!#$%&''*+/=?^_`{|}~-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";

const truthy = `('t', 'true', '1', 'y', 'yes', 'on', 'active', 'enabled', 'confirmed', 'verified', 'approved')`;

function rawColumns(source: ResolvedSource): string {
  const field = (part: UserPart): string | undefined => {
    const expression = source.fields[part];
    return expression === undefined ? undefined : expressionSql(expression);
  };
  const text = (part: UserPart): string => {
    const sql = field(part);
    return sql === undefined ? 'null::text' : `(${sql})::text`;
  };
  const holds = (part: UserPart): string => `lower(${text(part)} collate "C") in ${truthy}`;
  // An infinite date is one that Auth can't read.
  const time = (part: UserPart): string => {
    const sql = field(part);
    return sql === undefined
      ? 'null::timestamptz'
      : `nullif(nullif((${sql})::timestamptz, 'infinity'), '-infinity')`;
  };
  const inactive = [
    ...(field('active') === undefined ? [] : [`coalesce(not ${holds('active')}, false)`]),
    ...(field('blocked') === undefined ? [] : [`coalesce(${holds('blocked')}, false)`]),
    ...(field('deletedAt') === undefined ? [] : [`${text('deletedAt')} is not null`]),
  ];
  const verified =
    field('verified') !== undefined
      ? `coalesce(${holds('verified')}, false)`
      : field('verifiedAt') !== undefined
        ? `${text('verifiedAt')} is not null`
        : 'true';
  const object = (values: Readonly<Record<string, UserExpression>>): string => {
    const members = Object.entries(values).map(
      ([key, expression]) => `${quoteText(key)}, ${expressionSql(expression)}`,
    );
    // A call takes a hundred arguments.
    const parts: string[] = [];
    for (let at = 0; at < members.length; at += 50)
      parts.push(`jsonb_strip_nulls(jsonb_build_object(${members.slice(at, at + 50).join(', ')}))`);
    return parts.length === 0 ? `'{}'::jsonb` : parts.join(' || ');
  };
  const id = `t.${quoteName(source.id)}`;
  return [
    `${id}::text as key`,
    `${source.idKind === 'uuid' ? `${id}::text::uuid` : 'null::uuid'} as id`,
    `nullif(lower(btrim(${text('email')}, E' \\t\\r\\n') collate "C"), '') as email`,
    `nullif(btrim(${text('phone')}), '') as phone`,
    `${text('hash')} as hash`,
    `${inactive.length === 0 ? 'false' : `(${inactive.join(' or ')})`} as inactive`,
    `${verified} as verified`,
    `${field('phoneVerified') === undefined ? 'null::boolean' : `coalesce(${holds('phoneVerified')}, false)`} as phone_verified`,
    `${time('verifiedAt')} as verified_at`,
    `${time('createdAt')} as created_at`,
    `${time('updatedAt')} as updated_at`,
    `${time('lastSignInAt')} as last_sign_in_at`,
    `${object(source.userMetadata)} as own`,
    `${object(source.appMetadata)} as app`,
  ].join(', ');
}

/**
 * SQL that selects the users of one source, normalised: addresses lower-cased, numbers in the form that Auth keeps (digits
 * with the country, no plus), hashes bare. `paged` takes the id to begin after as `$1` (null begins) and a limit as `$2`.
 */
export function usersSql(source: ResolvedSource, { paged }: { paged: boolean }): string {
  const id = `t.${quoteName(source.id)}`;
  const page = paged
    ? ` where ($1::text is null or ${id} > $1::text::${source.idType}) order by ${id} limit $2`
    : '';
  return `select ${quoteText(tableLabel(source))} as source, r.key, r.id, r.email as raw_email, r.phone as raw_phone,
      case when length(r.email) <= 255 and r.email ~ '${emailForm}' then r.email end as email,
      case when n.digits ~ '^[1-9][0-9]{6,14}$' then n.digits end as phone,
      b.hash, r.inactive, r.verified,
      coalesce(r.phone_verified, r.email is null and r.verified) as phone_verified, r.verified_at, r.created_at, r.updated_at, r.last_sign_in_at, r.own, r.app
    from (select ${rawColumns(source)} from ${fromSql(source)}${page}) r
    cross join lateral (select case when r.phone ~ '^([+]|00)[0-9 ()./-]+$'
      then regexp_replace(regexp_replace(r.phone, '[^0-9]', '', 'g'), '^00', '') end as digits) n
    cross join lateral (select ${bareHash('r.hash')} as hash) b`;
}

/** SQL that selects the users of every source, with `kind` and `accepted` of their hashes. */
export function allUsersSql(mapping: ResolvedMapping): string {
  const all = mapping.sources.map((source) => `(${usersSql(source, { paged: false })})`).join(' union all ');
  return `select u.*, ${hashKind('u.hash')} as kind, ${isAccepted('u.hash')} as accepted from (${all} offset 0) u`;
}
