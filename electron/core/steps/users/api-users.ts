import { createHash } from 'node:crypto';
import { migratedMark } from '#shared/model/users';
import { z } from 'zod';
import type { AuthPort, AuthUser, NewAuthUser } from '../../ports/auth';
import type { SourceUser } from './source-users';

/** Key of the app metadata under which a user who came by the admin API has the id of the application, where that is no uuid. */
export const oldIdMark = 'migrated_id';

/** The namespace of the ids below; it must never change. */
const namespace = Buffer.from('c1b3a6f05d6e4f0c9a2c7f4d1e8b3a95', 'hex');

/**
 * The Auth user's id of a user who comes by the admin API: the own uuid, else one made of table and id (RFC 9562, version 5). It is
 * the same in every run, so nobody comes twice, and the old id leads to the new one without a table.
 */
export function apiIdOf({ id, source, key }: Pick<SourceUser, 'id' | 'source' | 'key'>): string {
  if (id !== null) return id;
  const hash = createHash('sha1').update(namespace).update(`${source}:${key}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const metadata = z.record(z.string(), z.unknown());

/** What is asked of the service for a user. */
export function newAuthUser(user: SourceUser): NewAuthUser {
  return {
    id: apiIdOf(user),
    email: user.email,
    phone: user.phone,
    passwordHash: user.hash,
    emailConfirmed: user.verified,
    phoneConfirmed: user.phone_verified,
    banned: user.inactive,
    userMetadata: metadata.parse(JSON.parse(user.own)),
    appMetadata: {
      [migratedMark]: user.source,
      ...(user.id === null ? { [oldIdMark]: user.key } : {}),
      ...metadata.parse(JSON.parse(user.app)),
    },
  };
}

/** Whether this is the user whom an earlier import by the admin API made. */
export const isImported = (there: AuthUser, user: SourceUser): boolean =>
  there.id === apiIdOf(user) && there.appMetadata[migratedMark] === user.source;

/** Users of a request to the list. */
const perPage = 1_000;

/** Everybody at the Auth service by id. Who was made in one moment with others may be missing: ask for those one by one. */
export async function readAuthUsers(auth: AuthPort, signal: AbortSignal): Promise<Map<string, AuthUser>> {
  const users = new Map<string, AuthUser>();
  for (let page = 1; ; page += 1) {
    const read = await auth.listUsers(page, perPage, signal);
    for (const user of read) users.set(user.id, user);
    if (read.length < perPage) return users;
  }
}

/** Which of these users find their id, address or number taken by somebody else at the Auth service. */
export function takenByOthers(there: ReadonlyMap<string, AuthUser>): (user: SourceUser) => boolean {
  const emails = new Map<string, string>();
  const phones = new Map<string, string>();
  for (const { id, email, phone } of there.values()) {
    if (email !== '') emails.set(email.toLowerCase(), id);
    if (phone !== '') phones.set(phone, id);
  }
  return (user) => {
    const id = apiIdOf(user);
    const same = there.get(id);
    if (same !== undefined && !isImported(same, user)) return true;
    const others = [emails.get(user.email ?? ''), phones.get(user.phone ?? '')];
    return others.some((other) => other !== undefined && other !== id);
  };
}
