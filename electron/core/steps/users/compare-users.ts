import type { Evidence } from '#shared/model/run';
import type { DatabaseSession } from '../../ports/database';
import { readImported, type AuthTables } from './auth-tables';
import { readDigests, type UserDigest } from './source-users';
import type { UsersTable } from './users-table';

const pageSize = 5_000;

/** Ids shown in a note. */
const shown = 10;

/** One property of every user, counted over both sides. */
interface Tally {
  subject: string;
  method: string;
  source: number;
  target: number;
  different: string[];
}

/** Compares every user of the source with what the Auth service's tables hold, page by page in the order of ids. */
export async function compareUsers(
  source: DatabaseSession,
  target: DatabaseSession,
  table: UsersTable,
  tables: AuthTables,
  skipped: readonly string[],
  onPage: (compared: number) => void,
): Promise<Evidence[]> {
  const tally = (subject: string, method: string): Tally => ({
    subject,
    method,
    source: 0,
    target: 0,
    different: [],
  });
  const rows = tally('users', 'id and lower-case address of every user');
  const passwords = tally('passwords', 'digest of every password hash, made by each server');
  const states = tally('user states', 'confirmed and banned, of every user');
  const identities = tally('identities', 'an e-mail identity with the same address for every user');
  const tokens = tally('sign-in tokens', 'no token is NULL');
  const count = (one: Tally, id: string, equal: boolean): void => {
    one.source += 1;
    if (equal) one.target += 1;
    else if (one.different.length < shown) one.different.push(id);
  };
  let after: string | null = null;
  for (;;) {
    const users: UserDigest[] = await readDigests(source, table, after, skipped, pageSize);
    const imported = new Map(
      (
        await readImported(
          target,
          tables,
          users.map((user) => user.id),
        )
      ).map((user) => [user.id, user]),
    );
    for (const user of users) {
      const there = imported.get(user.id);
      count(rows, user.id, there?.email === user.email);
      count(passwords, user.id, there?.digest === user.digest);
      count(states, user.id, there?.inactive === user.inactive && there.verified === user.verified);
      count(identities, user.id, there?.identity === true);
      count(tokens, user.id, there?.tokens === true);
    }
    onPage(rows.source);
    const last = users.at(-1);
    if (last === undefined || users.length < pageSize) break;
    after = last.id;
  }
  return [rows, passwords, states, identities, tokens].map(
    ({ subject, method, source: there, target: here, different }) => ({
      subject,
      method,
      source: String(there),
      target: `${here} equal`,
      equal: there === here,
      ...(different.length === 0
        ? {}
        : { note: `Different: ${different.join(', ')}${there - here > shown ? ', …' : ''}` }),
    }),
  );
}
