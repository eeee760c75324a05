import { canonicalJson } from '../../engine/canonical-json';
import type { Metadata, UserAction, UserDetail } from '#shared/model/users';
import { userChanged } from './refusals';

type Edit = Extract<UserAction, { kind: 'edit' }>;

/** The number as the service keeps it. */
export const phoneDigits = (phone: string): string => phone.replace(/[^0-9]/g, '');

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

/** Top-level keys replaced, and those with null removed: as the service merges. */
export function mergeMetadata(old: Metadata, changes: Metadata): Metadata {
  return Object.fromEntries(
    Object.entries({ ...old, ...changes }).filter(([key, value]) => value !== null || !(key in changes)),
  );
}

/** Throws `USER_CHANGED` when a member that is about to be changed is no longer what the operator saw. */
export function refuseStale({ seen, ...edit }: Edit, user: UserDetail): void {
  if (seen === undefined) return;
  const stale: string[] = [];
  if (edit.email !== undefined && (seen.email ?? '') !== (user.email ?? '')) stale.push('the address');
  if (edit.phone !== undefined && phoneDigits(seen.phone ?? '') !== (user.phone ?? ''))
    stale.push('the number');
  for (const name of ['userMetadata', 'appMetadata'] as const) {
    for (const key of Object.keys(edit[name] ?? {})) {
      if (!same(seen[name]?.[key], user[name][key]))
        stale.push(`${name === 'userMetadata' ? 'user' : 'app'} metadata ${key}`);
    }
  }
  if (stale.length > 0) throw userChanged(stale);
}

/** What of an edit differs from the user as it is; undefined when nothing does. */
export function effectiveEdit(edit: Edit, user: UserDetail): Omit<Edit, 'kind' | 'seen'> | undefined {
  const email = edit.email?.toLowerCase();
  const phone = edit.phone === undefined ? undefined : phoneDigits(edit.phone);
  const differs = (name: 'userMetadata' | 'appMetadata'): boolean => {
    const changes = edit[name];
    return changes !== undefined && !same(mergeMetadata(user[name], changes), user[name]);
  };
  const effective = {
    ...(email === undefined || email === user.email ? {} : { email }),
    ...(phone === undefined || phone === user.phone ? {} : { phone }),
    ...(differs('userMetadata') && edit.userMetadata !== undefined
      ? { userMetadata: edit.userMetadata }
      : {}),
    ...(differs('appMetadata') && edit.appMetadata !== undefined ? { appMetadata: edit.appMetadata } : {}),
  };
  return Object.keys(effective).length === 0 ? undefined : effective;
}

/** Whether a user is banned at this moment. */
export const isBanned = (user: UserDetail): boolean =>
  user.bannedUntil !== undefined && Date.parse(user.bannedUntil) > Date.now();

/** Whether there is something left to confirm. */
export const isConfirmed = (user: UserDetail): boolean =>
  (user.email === undefined || user.emailConfirmedAt !== undefined) &&
  (user.phone === undefined || user.phoneConfirmedAt !== undefined);
