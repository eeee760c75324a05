/**
 * Password hashes that Supabase Auth verifies, after its own source: bcrypt `$2a/$2b/$2y`, Argon2i and Argon2id of version 19
 * within its bounds, and Firebase's scrypt. Everything else is refused there.
 */

/** The column that takes the hash holds this many characters. */
const longest = 255;

/**
 * SQL for a hash without what a framework writes before it: Django (`bcrypt$$2b$…`, `argon2$argon2id$…`) and Spring
 * (`{bcrypt}$2a$…`) wrap hashes that Auth takes as they are.
 */
export function bareHash(text: string): string {
  return `case when ${text} is null then '' when left(${text}, 1) = '$' then ${text} else regexp_replace(${text}, '^(bcrypt[$](?=[$]2)|argon2(?=[$]argon2)|[{](bcrypt|argon2)[}])', '') end`;
}

const number = (text: string, name: string): string =>
  `coalesce(substring(${text} from '[$,]${name}=([0-9]{1,9})')::bigint, 0)`;

/** SQL, and no regular expression, since most hashes are bcrypt's and PostgreSQL keeps only 32 of those compiled. */
const twoDigits = (text: string): string =>
  `length(${text}) = 2 and translate(${text}, '0123456789', '') = ''`;

/** SQL: whether Auth verifies a bare hash. */
export function isAccepted(text: string): string {
  const cost = `substr(${text}, 5, 2)`;
  return `(length(${text}) <= ${longest} and case
    when ${text} like '$2_$__$%' then length(${text}) = 60 and substr(${text}, 3, 1) in ('a', 'b', 'y')
      and ${twoDigits(cost)} and ${cost} collate "C" between '04' and '31' and substr(${text}, 8) !~ '[^./A-Za-z0-9]'
    when ${text} ~ '^[$]argon2(i|id)[$]v=19[$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]+$'
      then ${number(text, 'm')} between 1 and 1048576 and ${number(text, 't')} between 1 and 20 and ${number(text, 'p')} between 1 and 16
    when ${text} ~ '^[$]fbscrypt[$]v=1,n=[0-9]+,r=[0-9]+,p=[0-9]+' then true
    else false end)`;
}

/** SQL: what an operator calls the format of a bare hash; bcrypt with its cost. */
export function hashKind(text: string): string {
  return `case
    when ${text} = '' then 'none'
    when ${text} like '$2_$__$%' and substr(${text}, 3, 1) in ('a', 'b', 'x', 'y') and ${twoDigits(`substr(${text}, 5, 2)`)}
      then 'bcrypt ' || left(${text}, 4) || ' cost ' || substr(${text}, 5, 2)::int
    when ${text} like '$2$__$%' and ${twoDigits(`substr(${text}, 4, 2)`)} then 'bcrypt $2$ cost ' || substr(${text}, 4, 2)::int
    when ${text} ~ '^[$]argon2(i|d|id)[$]' then substring(${text} from '^[$](argon2(?:i|d|id))')
    when ${text} ~ '^[$]fbscrypt[$]' then 'firebase scrypt'
    when ${text} ~ '^[$]wp[$]' then 'wordpress bcrypt'
    when ${text} ~ '^[$][PH][$]' then 'phpass'
    when ${text} ~ '^[$]1[$]' then 'md5-crypt'
    when ${text} ~ '^[$]5[$]' then 'sha256-crypt'
    when ${text} ~ '^[$]6[$]' then 'sha512-crypt'
    when ${text} ~ '^[$][a-z0-9-]+[$]' then substring(${text} from '^[$]([a-z0-9-]+)[$]')
    when ${text} ~ '^[a-z0-9_]+[$]' then substring(${text} from '^([a-z0-9_]+)[$]')
    when ${text} ~ '^[a-z0-9]+:' then substring(${text} from '^([a-z0-9]+):')
    when ${text} ~ '^[{][A-Za-z0-9-]+[}]' then lower(substring(${text} from '^[{]([A-Za-z0-9-]+)[}]'))
    when ${text} ~ '^[0-9a-fA-F]{32}$' then '32 hex digits (MD5?)'
    when ${text} ~ '^[0-9a-fA-F]{40}$' then '40 hex digits (SHA-1?)'
    when ${text} ~ '^[0-9a-fA-F]{64}$' then '64 hex digits (SHA-256?)'
    when ${text} ~ '^!' then 'unusable'
    else 'unknown' end`;
}
