import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { hash } from 'bcryptjs';
import type { Evidence } from '#shared/model/run';
import type { AuthPort, AuthUser } from '../../ports/auth';
import type { DatabaseSession } from '../../ports/database';
import { apiIdOf, newAuthUser, readAuthUsers } from './api-users';
import { batchesOf } from './batches';
import { canaryUser, isCanary, signInEvidence } from './canary';
import type { ResolvedMapping } from './source-sql';
import type { SourceUser, UserException } from './source-users';
import { Tally } from './tally';

/** Keys of the app metadata that the service sets by itself. */
const ownKeys = new Set(['provider', 'providers']);

const without = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !ownKeys.has(key)));

function compareOne(
  user: SourceUser,
  there: AuthUser | undefined,
  tallies: Record<'rows' | 'states' | 'metadata' | 'identities', Tally>,
): void {
  const wanted = newAuthUser(user);
  const email = wanted.email ?? '';
  const phone = wanted.phone ?? '';
  tallies.rows.count(user.key, there?.email === email && there.phone === phone);
  tallies.states.count(
    user.key,
    there?.banned === wanted.banned &&
      there.emailConfirmed === (wanted.emailConfirmed && email !== '') &&
      there.phoneConfirmed === (wanted.phoneConfirmed && phone !== ''),
  );
  tallies.metadata.count(
    user.key,
    there !== undefined &&
      isDeepStrictEqual(there.userMetadata, wanted.userMetadata) &&
      isDeepStrictEqual(without(there.appMetadata), without(wanted.appMetadata)),
  );
  tallies.identities.count(
    user.key,
    there !== undefined &&
      (email === '' || there.providers.includes('email')) &&
      (phone === '' || there.providers.includes('phone')),
  );
}

/**
 * Compares every user of the source with what the admin API tells, and signs in with a user made for this. Password hashes are not among what
 * it tells.
 */
export async function verifyByApi(
  source: DatabaseSession,
  auth: AuthPort,
  mapping: ResolvedMapping,
  exceptions: ReadonlyMap<string, UserException>,
  onBatch: (compared: number) => void,
  signal: AbortSignal,
): Promise<Evidence[]> {
  const there = await readAuthUsers(auth, signal);
  const tallies = {
    rows: new Tally('users', 'id, address and number of every user, asked of the admin API'),
    states: new Tally('user states', 'confirmed and banned, of every user'),
    metadata: new Tally('metadata', 'user and app metadata of every user'),
    identities: new Tally('identities', 'an identity for the address and the number of every user'),
  };
  let compared = 0;
  for await (const users of batchesOf(source, mapping, exceptions)) {
    for (const user of users) {
      const id = apiIdOf(user);
      compareOne(user, there.get(id) ?? (await auth.findUser(id, signal)), tallies);
    }
    compared += users.length;
    onBatch(compared);
  }
  // Those of a process that was killed between making and removing one.
  for (const user of there.values()) if (isCanary(user)) await auth.deleteUser(user.id, signal);
  return [...Object.values(tallies).map((tally) => tally.evidence()), await tryCanaryByApi(auth, signal)];
}

/** As `tryCanary`, by the admin API alone. */
async function tryCanaryByApi(auth: AuthPort, signal: AbortSignal): Promise<Evidence> {
  const password = randomBytes(24).toString('base64url');
  const canary = canaryUser(await hash(password, 4));
  try {
    await auth.createUser(newAuthUser(canary), signal);
    return {
      ...(await signInEvidence(auth, canary.key, password, signal)),
      note: 'The admin API gives no password hash back, so those that were sent are not compared. Try users whose password you know.',
    };
  } finally {
    // Also when the run is being cancelled: nobody else would remove it.
    await auth.deleteUser(apiIdOf(canary), AbortSignal.timeout(15_000)).catch(() => undefined);
  }
}
