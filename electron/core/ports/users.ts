import type { UserReference, UsersPage, UsersQuery, UserStats } from '#shared/contract/users';
import type { LinkKind, NewUser, UserAction, UserDetail, UserFilter, UsersPath } from '#shared/model/users';
import type { AppError } from '#shared/model/errors';
import type { z } from 'zod';
import type { auditEntrySchema } from '#shared/model/users';

/** What an action did to a user. Neither holds a secret. */
export interface Applied {
  /** False when it was so already, and nothing was written. */
  changed: boolean;
  /** The user as it was, for the log and for finding out what a lost answer meant. */
  before: UserDetail;
  /** Absent when the user is gone, or could not be read again after the change was made. */
  after?: UserDetail;
  /** What came with it: `2 sessions ended`. */
  note?: string;
}

export interface LinkRequest {
  email: string;
  /** Whose link it has to be. */
  id?: string | undefined;
  kind: LinkKind;
  redirectTo?: string | undefined;
}

/** A user of a file, checked: what is absent is left to the service. */
export interface ImportedUser {
  id?: string | undefined;
  email?: string | undefined;
  phone?: string | undefined;
  passwordHash?: string | undefined;
  emailConfirmed: boolean;
  phoneConfirmed: boolean;
  createdAt?: string | undefined;
  lastSignInAt?: string | undefined;
  bannedUntil?: string | undefined;
  userMetadata: Record<string, z.core.util.JSONType>;
  appMetadata: Record<string, z.core.util.JSONType>;
}

export type ImportResult =
  | { status: 'imported' }
  | { status: 'existing' }
  | { status: 'bad'; reason: string }
  /** The import stopped before this user. */
  | { status: 'untouched' }
  /** The import stopped in the midst of this user. */
  | { status: 'unknown' };

/** One result for each user, in their order, and why it stopped before the end. */
export interface ImportedBatch {
  results: ImportResult[];
  stopped?: AppError;
}

/**
 * The users of a project, by one way or the other. Every failure is an AppError: `NOT_FOUND` for a user that is not there, `USER_EXISTS`,
 * `USER_REFUSED`, `USER_CHANGED`, `USER_DELETE_BLOCKED`, `USERS_PATH_LIMIT` for what this way cannot do, and those of the connection.
 */
export interface UserDirectory {
  readonly path: UsersPath;
  /** What this path cannot do, one sentence each. */
  readonly limits: readonly string[];
  list(query: UsersQuery, signal: AbortSignal): Promise<UsersPage>;
  /** Undefined where only reading them all would tell. */
  count(filter: UserFilter, signal: AbortSignal): Promise<number | undefined>;
  get(id: string, signal: AbortSignal): Promise<UserDetail>;
  /** As {@link get}; a change that is under way is waited for where this way can see it. */
  settled(id: string, signal: AbortSignal): Promise<UserDetail>;
  /** The user with exactly this address, in any letter case; of several the one who spells it so, else the one whom the service would take. */
  findByEmail(email: string, signal: AbortSignal): Promise<UserDetail | undefined>;
  audit(
    id: string,
    signal: AbortSignal,
  ): Promise<{ entries: z.infer<typeof auditEntrySchema>[]; note?: string }>;
  create(user: NewUser, signal: AbortSignal): Promise<UserDetail>;
  /** Writes whole or not at all. After a lost answer the caller has to look. */
  act(id: string, action: UserAction, signal: AbortSignal): Promise<Applied>;
  references(id: string, signal: AbortSignal): Promise<UserReference[]>;
  /**
   * A link for the address; `invite` makes the user when it is not there. Throws `USER_REFUSED` when it would be somebody else's than the
   * user's with `id`.
   */
  link(request: LinkRequest, signal: AbortSignal): Promise<string>;
  /** Rejects only when none of them was looked at. */
  importUsers(users: readonly ImportedUser[], dryRun: boolean, signal: AbortSignal): Promise<ImportedBatch>;
  stats(days: number, signal: AbortSignal): Promise<UserStats>;
  close(): Promise<void>;
}
