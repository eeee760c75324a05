import type { InspectReport } from '#shared/contract/migration';
import type { MigrationPorts } from '../../ports/migration-ports';
import { tableLabel } from '../common/tables';
import { countUsers, readSkipped } from './source-users';
import { findUsersTable } from './users-table';

type Findings = InspectReport['findings'];

/** What the application's users are like, and which of them will not arrive as they are. Reads the source. */
export async function inspectUsers(
  ports: Pick<MigrationPorts, 'database'>,
  signal: AbortSignal,
): Promise<{ users: InspectReport['users']; findings: Findings }> {
  return ports.database.source.use(signal, async (source) => {
    const table = await findUsersTable(source);
    if (table === undefined) {
      const message = 'No table has both an e-mail address and a password hash.';
      return {
        users: undefined,
        findings: [
          {
            code: 'USERS_TABLE_NOT_FOUND',
            severity: 'blocker',
            lane: 'users',
            message,
            hint: 'Leave the users out.',
          },
        ],
      };
    }
    const counts = await countUsers(source, table);
    const skipped = await readSkipped(source, table);
    const duplicates = skipped.filter((user) => user.reason === 'duplicate').length;
    const findings: Findings = [];
    if (table.idType !== 'uuid') {
      findings.push({
        code: 'USERS_ID_NOT_UUID',
        severity: 'blocker',
        lane: 'users',
        message: `The ids of ${tableLabel(table)} are of type ${table.idType}; Supabase Auth takes uuid only.`,
        hint: 'Add a uuid column that becomes the id, or leave the users out.',
      });
    }
    if (duplicates > 0) {
      findings.push({
        code: 'USERS_CASE_DUPLICATES',
        severity: 'warning',
        lane: 'users',
        message: `${duplicates} users have the address of another one in other letter case. The one who signed in last is imported.`,
      });
    }
    const refused = Object.entries(counts.refused);
    if (refused.length > 0) {
      findings.push({
        code: 'USERS_HASH_REFUSED',
        severity: 'warning',
        lane: 'users',
        message: `${refused.map(([kind, users]) => `${users} of ${kind}`).join(', ')}: password hashes that the Auth service can not verify.`,
        hint: 'Those users arrive without a password and sign in by a reset.',
      });
    }
    return {
      users: {
        table: tableLabel(table),
        count: counts.users,
        hashes: counts.hashes,
        unverified: counts.unverified,
        inactive: counts.inactive,
        caseDuplicates: duplicates,
      },
      findings,
    };
  });
}
