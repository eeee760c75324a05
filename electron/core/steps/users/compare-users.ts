import type { Evidence } from '#shared/model/run';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { quoteName } from '../common/sql-text';
import { tableLabel } from '../common/tables';
import { nilUuid, tokenColumns, type AuthTables } from './auth-tables';
import { isAccepted } from './hash-formats';
import { digestOf, ownAppKeys } from './insert-users';
import { isLeftOut, type UserException } from './source-users';
import { readAhead } from './read-ahead';
import { Tally } from './tally';
import { usersSql, type ResolvedMapping, type ResolvedSource } from './source-sql';
import { mapTable } from './user-map';

const pageSize = 10_000;

/** A date to the microsecond, as both servers write it. */
const dateOf = (column: string): string => `coalesce(to_char(${column}, 'YYYY-MM-DD HH24:MI:SS.US'), '')`;

const digestRow = z.object({
  key: z.string(),
  id: z.string().nullable(),
  email: z.string(),
  phone: z.string(),
  password: z.string(),
  inactive: z.boolean(),
  verified: z.boolean(),
  phone_verified: z.boolean(),
  created: z.string(),
  metadata: z.string(),
});
type SourceDigest = z.infer<typeof digestRow>;

function readDigests(
  session: DatabaseSession,
  source: ResolvedSource,
  choices: ResolvedMapping['choices'],
  after: string | null,
): Promise<SourceDigest[]> {
  return session.query(
    digestRow,
    `select u.key, u.id::text as id, coalesce(u.email, '') as email, coalesce(u.phone, '') as phone,
       ${digestOf(`case when ${isAccepted('u.hash')} then u.hash else '' end`)} as password,
       ${choices.inactive === 'import' ? 'false' : 'u.inactive'} as inactive, ${choices.unverified === 'confirm' ? 'true' : 'u.verified'} as verified,
       u.phone_verified, ${dateOf('u.created_at')} as created,
       md5(u.own::text || (u.app - ${ownAppKeys})::text) as metadata
     from (${usersSql(source, { paged: true })} offset 0) u`,
    [after, pageSize],
  );
}

const importedRow = z.object({
  key: z.string(),
  id: z.string(),
  email: z.string(),
  phone: z.string(),
  password: z.string(),
  inactive: z.boolean(),
  verified: z.boolean(),
  phone_verified: z.boolean(),
  created: z.string(),
  metadata: z.string(),
  identities: z.boolean(),
  tokens: z.boolean(),
});

function readImported(target: DatabaseSession, tables: AuthTables, source: string, keys: readonly string[]) {
  const tokens = tokenColumns
    .filter((column) => tables.users.has(column))
    .map((column) => `a.${quoteName(column)} is not null`);
  const identity = (provider: string): string =>
    `(a.${provider} is null or exists (select from auth.identities i where i.user_id = a.id and i.provider = '${provider}'
       and i.provider_id = a.id::text and i.identity_data ->> '${provider}' = a.${provider}))`;
  return target.query(
    importedRow,
    `select m.old_id as key, a.id::text as id, coalesce(a.email, '') as email, coalesce(a.phone, '') as phone,
       ${digestOf(`coalesce(a.encrypted_password, '')`)} as password, a.banned_until is not null and a.banned_until > now() as inactive,
       a.email_confirmed_at is not null as verified, a.phone_confirmed_at is not null as phone_verified, ${dateOf('a.created_at')} as created,
       md5(a.raw_user_meta_data::text || (a.raw_app_meta_data - ${ownAppKeys})::text) as metadata,
       ${identity('email')} and ${identity('phone')} as identities,
       ${tokens.length === 0 ? 'true' : tokens.join(' and ')} as tokens
     from ${mapTable} m join auth.users a on a.id = m.user_id
     where m.source = $1 and m.old_id = any ($2::text[]) and a.instance_id = '${nilUuid}'`,
    [source, keys],
  );
}

/** Compares every user of the source with what the Auth service's tables hold, page by page in the order of ids. */
export async function compareUsers(
  sessions: { source: DatabaseSession; target: DatabaseSession },
  mapping: ResolvedMapping,
  tables: AuthTables,
  exceptions: ReadonlyMap<string, UserException>,
  onPage: (compared: number) => void,
): Promise<Evidence[]> {
  const rows = new Tally('users', 'id, address and number of every user');
  const passwords = new Tally('passwords', 'digest of every password hash, made by each server');
  const states = new Tally('user states', 'confirmed and banned, of every user');
  const metadata = new Tally(
    'metadata',
    'digest of user and app metadata, and date of creation, of every user',
  );
  const identities = new Tally('identities', 'an identity for the address and the number of every user');
  const tokens = new Tally('sign-in tokens', 'no token is NULL');
  const compareOne = (
    user: SourceDigest,
    there: z.infer<typeof importedRow> | undefined,
    phone: string,
  ): void => {
    rows.count(
      user.key,
      there !== undefined &&
        there.email === user.email &&
        there.phone === phone &&
        (user.id ?? there.id) === there.id,
    );
    passwords.count(user.key, there?.password === user.password);
    states.count(
      user.key,
      there?.inactive === user.inactive &&
        there.verified === (user.verified && user.email !== '') &&
        there.phone_verified === (user.phone_verified && phone !== ''),
    );
    metadata.count(
      user.key,
      there?.metadata === user.metadata && (user.created === '' || there.created === user.created),
    );
    identities.count(user.key, there?.identities === true);
    tokens.count(user.key, there?.tokens === true);
  };
  for (const source of mapping.sources) {
    let after: string | null = null;
    const pages = readAhead(pageSize, (from: string | null) =>
      readDigests(sessions.source, source, mapping.choices, from),
    );
    for (;;) {
      const page: SourceDigest[] = await pages.read(after);
      const users = page.map((user) => ({
        user,
        exception: exceptions.get(`${tableLabel(source)}:${user.key}`),
      }));
      const coming = users.filter(({ exception }) => exception === undefined || !isLeftOut(exception.reason));
      const imported = new Map(
        (
          await readImported(
            sessions.target,
            tables,
            tableLabel(source),
            coming.map(({ user }) => user.key),
          )
        ).map((user) => [user.key, user]),
      );
      for (const { user, exception } of coming) {
        compareOne(user, imported.get(user.key), exception?.reason === 'phone-duplicate' ? '' : user.phone);
      }
      onPage(rows.counted);
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) break;
      after = last.key;
    }
  }
  return [rows, passwords, states, metadata, identities, tokens].map((tally) => tally.evidence());
}
