import type { InspectReport } from '#shared/contract/migration';
import { usersMappingSchema } from '#shared/model/users-mapping';
import type { MigrationPorts } from '../../ports/migration-ports';
import type { DatabaseSession } from '../../ports/database';
import { tableLabel } from '../common/tables';
import { readTakenUsers, readTriggers } from './auth-side';
import { findUserTables } from './detect-users';
import { readDisputes } from './disputes';
import { passwordColumnWarnings } from './password-columns';
import { planWarnings } from './plan-users';
import { planProfileTriggers } from './profile-trigger';
import { readReferences } from './references';
import { mappingInForce } from './resolve-mapping';
import { readSamples } from './samples';
import type { ResolvedMapping } from './source-sql';
import { surveyUsers } from './source-users';

type Findings = InspectReport['findings'];
type Users = NonNullable<InspectReport['users']>;

const samplesShown = 5;
const disputesShown = 50;

async function readIds(source: DatabaseSession, mapping: ResolvedMapping): Promise<Users['ids']> {
  const ids: Users['ids'] = [];
  for (const one of mapping.sources) {
    const references = await readReferences(source, one);
    ids.push({
      table: tableLabel(one),
      type: one.idType,
      kept: one.idKind === 'uuid',
      references: references.map((reference) => `${tableLabel(reference)}.${reference.column}`),
    });
  }
  return ids;
}

/** What the application's users are like, and which of them will not arrive as they are. Reads both sides. */
export async function inspectUsers(
  ports: Pick<MigrationPorts, 'database' | 'auth' | 'usersMapping'>,
  signal: AbortSignal,
): Promise<{ users: InspectReport['users']; findings: Findings }> {
  return ports.database.source.use(signal, async (source) => {
    const mapping = await mappingInForce(source, ports.usersMapping);
    if (mapping === undefined) {
      const message = 'No table has both an e-mail address and a password hash.';
      const hint = 'Name the table and its columns in a mapping, or leave the users out.';
      return {
        users: undefined,
        findings: [{ code: 'USERS_TABLE_NOT_FOUND', severity: 'blocker', lane: 'users', message, hint }],
      };
    }
    const { counts, exceptions } = await surveyUsers(source, mapping);
    const triggers = await readTriggers(ports, signal);
    const taken = await readTakenUsers(ports, source, mapping, exceptions, signal);
    const bySql = ports.database.target.configured;
    const left = bySql
      ? await ports.database.target.use(signal, (target) => passwordColumnWarnings(target, mapping))
      : [];
    const refused = counts.hashes.filter((one) => !one.accepted && one.kind !== 'none');
    const ids = await readIds(source, mapping);
    const labels = new Set(mapping.sources.map(tableLabel));
    const skipTaken = mapping.choices.clashes === 'skip';
    const warnings = [
      ...planWarnings({
        way: bySql ? 'sql' : 'api',
        mapping,
        about: 0,
        exceptions: [...exceptions, ...(skipTaken ? taken : [])],
        refused: refused.map((one) => `${one.kind} (${one.users})`),
        triggers,
      }),
      ...left,
    ].map((warning): Findings[number] => ({ ...warning, severity: 'warning', lane: 'users' }));
    const clash: Findings =
      taken.length === 0 || skipTaken
        ? []
        : [
            {
              code: 'USERS_CONFLICT',
              severity: 'blocker',
              lane: 'users',
              message: `${taken.length} users have an id, address or number that somebody else has at the Auth service.`,
              hint: 'Delete those there, or choose in the mapping to leave them out.',
            },
          ];
    const mapped: Findings = ids
      .filter((one) => !one.kept)
      .map((one) => ({
        code: 'USERS_IDS_MAPPED',
        severity: 'info',
        lane: 'users',
        message: `The ids of ${one.table} are of type ${one.type}; every user gets a uuid. ${one.references.length === 0 ? 'No foreign key points at them.' : `Foreign keys that point at them: ${one.references.join(', ')}.`}`,
      }));
    const samples: Users['samples'] = [];
    for (const one of mapping.sources) {
      samples.push({ table: tableLabel(one), users: await readSamples(source, mapping, one, samplesShown) });
    }
    const reasons: Record<string, number> = {};
    for (const { reason } of exceptions) reasons[reason] = (reasons[reason] ?? 0) + 1;
    return {
      users: {
        table: [...labels].join(' and '),
        count: counts.users,
        hashes: counts.hashes,
        unverified: counts.unverified,
        inactive: counts.inactive,
        exceptions: reasons,
        badPhones: counts.badPhones,
        ids,
        clashes: taken.length,
        triggers,
        mapping: plainMapping(mapping),
        chosen: ports.usersMapping !== undefined,
        others: (await findUserTables(source))
          .map((one) => tableLabel(one.source))
          .filter((label) => !labels.has(label)),
        samples,
        disputes: await readDisputes(source, mapping, exceptions, disputesShown),
        profileTriggers: await planProfileTriggers(source, mapping),
      },
      findings: [...clash, ...mapped, ...warnings],
    };
  });
}

/** The mapping as an operator writes it, without what was looked up. */
function plainMapping(mapping: ResolvedMapping): Users['mapping'] {
  return usersMappingSchema.parse({
    ...mapping,
    sources: mapping.sources.map(({ idType: _type, idKind: _kind, ...source }) => source),
  });
}
