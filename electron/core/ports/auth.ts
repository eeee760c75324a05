import type { SignInAnswer } from '#shared/model/users-report';

/** A user as the admin API tells it; an absent address or number is empty. */
export interface AuthUser {
  id: string;
  email: string;
  phone: string;
  emailConfirmed: boolean;
  phoneConfirmed: boolean;
  /** Whether a ban is in force. */
  banned: boolean;
  /** Of each identity. */
  providers: readonly string[];
  userMetadata: Readonly<Record<string, unknown>>;
  appMetadata: Readonly<Record<string, unknown>>;
}

/** A user to be made by the admin API. */
export interface NewAuthUser {
  id: string;
  email: string | null;
  phone: string | null;
  /** Empty: the service makes a password that nobody knows. */
  passwordHash: string;
  emailConfirmed: boolean;
  phoneConfirmed: boolean;
  banned: boolean;
  userMetadata: Readonly<Record<string, unknown>>;
  appMetadata: Readonly<Record<string, unknown>>;
}

/** An address or a number with a password. */
export type Credentials = ({ email: string } | { phone: string }) & { password: string };

/** The Auth service of the target project. Every failure is an AppError and holds neither key nor password. */
export interface AuthPort {
  /** The project's address without a path. Throws `SETTING_MISSING` and `SETTING_INVALID`. */
  project(): string;
  /** Version and name as the service tells them. */
  health(signal: AbortSignal): Promise<{ name: string; version: string }>;
  /** How many users the admin API counts. Throws `SUPABASE_KEY_REFUSED` when the key may not list them. */
  countUsers(signal: AbortSignal): Promise<number>;
  /** The user as the admin API tells it; undefined when there is none. */
  findUser(id: string, signal: AbortSignal): Promise<AuthUser | undefined>;
  /** The users in the order of their creation, `page` counting from 1; who was made in one moment may come twice or not at all. */
  listUsers(page: number, perPage: number, signal: AbortSignal): Promise<AuthUser[]>;
  /**
   * Makes a user. Throws `USER_EXISTS` for a taken address or number, `USER_REFUSED`, `SUPABASE_AUTH_THROTTLED`, and
   * `SUPABASE_AUTH_UNAVAILABLE` or `HOST_UNREACHABLE`, after which the user may be there all the same; so it is for a taken id.
   */
  createUser(user: NewAuthUser, signal: AbortSignal): Promise<void>;
  deleteUser(id: string, signal: AbortSignal): Promise<void>;
  /** Whether the service takes the password; signs in for real, so the user's last sign-in changes. */
  canSignIn(credentials: Credentials, signal: AbortSignal): Promise<boolean>;
  /** The same with what the service says, for an operator; the session that it opens is ended again. */
  trySignIn(credentials: Credentials, signal: AbortSignal): Promise<SignInAnswer>;
  close(): Promise<void>;
}
