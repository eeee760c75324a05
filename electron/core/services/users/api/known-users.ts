import { toAppError } from '#shared/model/errors';
import type { AdminApi } from '../../../adapters/supabase/admin-api';
import type { UserDirectory } from '../../../ports/users';
import { listByApi } from './list';

/** After so many questions in a row it is cheaper to read everybody once: the service looks through all its users for each. */
const patience = 50;
/** Milliseconds for which what was read is believed, and after which questions are no longer in a row. */
const lifetime = 60_000;

/**
 * Who has an address. `sure`: somebody has, so the service is asked again where what was read does not tell; otherwise what was read is the
 * answer.
 */
export type FindKnown = (email: string, sure: boolean, signal: AbortSignal) => Promise<string | undefined>;

/** Answers for the lines of a file, which ask for thousands of addresses. */
export function knownUsers(api: AdminApi, findByEmail: UserDirectory['findByEmail']): FindKnown {
  let asked = 0;
  let lastAsked = 0;
  let kept: { until: number; ids: Promise<Map<string, string>> } | undefined;
  const everybody = (signal: AbortSignal): Promise<Map<string, string>> => {
    if (kept !== undefined && kept.until > Date.now()) return kept.ids;
    const reading = { until: Infinity, ids: readEverybody(api, signal) };
    kept = reading;
    void reading.ids.then(
      () => (reading.until = Date.now() + lifetime),
      () => (reading.until = 0),
    );
    return reading.ids;
  };
  return async (email, sure, signal) => {
    const now = Date.now();
    asked = now - lastAsked > lifetime ? 1 : asked + 1;
    lastAsked = now;
    if (asked > patience) {
      const id = (await everybody(signal)).get(email.toLowerCase());
      if (!sure) return id;
      if (id !== undefined && (await emailOf(api, id, signal)) === email.toLowerCase()) return id;
    }
    return (await findByEmail(email, signal))?.id;
  };
}

async function readEverybody(api: AdminApi, signal: AbortSignal): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await listByApi(
      api,
      { filter: {}, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) },
      signal,
    );
    for (const { id, email } of page.users) if (email !== undefined) ids.set(email, id);
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

async function emailOf(api: AdminApi, id: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await api.getUser(id, signal)).email;
  } catch (error) {
    if (toAppError(error).code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
