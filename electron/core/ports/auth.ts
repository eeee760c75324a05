/** The Auth service of the target project. Every failure is an AppError and holds neither key nor password. */
export interface AuthPort {
  /** Version and name as the service tells them. */
  health(signal: AbortSignal): Promise<{ name: string; version: string }>;
  /** How many users the admin API counts. Throws `SUPABASE_KEY_REFUSED` when the key may not list them. */
  countUsers(signal: AbortSignal): Promise<number>;
  /** The user as the admin API tells it; undefined when there is none. An absent address or number is empty. */
  findUser(id: string, signal: AbortSignal): Promise<{ email: string; phone: string } | undefined>;
  /** Whether the service takes the password; signs in for real, so the user's last sign-in changes. */
  canSignIn(credentials: { email: string; password: string }, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}
