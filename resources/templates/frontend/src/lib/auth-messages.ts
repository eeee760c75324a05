/** Why signing in, registering or a new password did not work, so that a page can offer what helps. */
export type AuthProblem =
  | 'wrong-password'
  | 'unconfirmed'
  | 'rate-limited'
  | 'banned'
  | 'weak-password'
  | 'same-password'
  | 'link-expired'
  | 'closed'
  | 'offline'
  | 'failed';

const byCode: Readonly<Record<string, AuthProblem>> = {
  invalid_credentials: 'wrong-password',
  email_not_confirmed: 'unconfirmed',
  over_request_rate_limit: 'rate-limited',
  over_email_send_rate_limit: 'rate-limited',
  user_banned: 'banned',
  weak_password: 'weak-password',
  same_password: 'same-password',
  otp_expired: 'link-expired',
  session_not_found: 'link-expired',
  signup_disabled: 'closed',
  email_provider_disabled: 'closed',
};

const texts: Readonly<Record<AuthProblem, string>> = {
  'wrong-password': 'The e-mail address or the password is wrong.',
  unconfirmed: 'This address is not confirmed yet. Open the link in the mail that we sent you.',
  'rate-limited': 'Too many tries. Wait a few minutes and try again.',
  banned: 'This account is blocked. Write to us if you think that is a mistake.',
  'weak-password': 'This password is too easy to guess. Choose a longer one.',
  'same-password': 'That is the password you have already. Choose another one.',
  'link-expired': 'This link has expired or was used before. Ask for a new one.',
  closed: 'New accounts can’t be made at the moment.',
  offline: 'The server can’t be reached. Check your connection and try again.',
  failed: 'That did not work. Try again.',
};

/** What went wrong, from whatever the Supabase client gave or threw. */
export function problemOf(error: unknown): AuthProblem {
  if (typeof error !== 'object' || error === null) return 'failed';
  const code: unknown = Reflect.get(error, 'code');
  const known = typeof code === 'string' ? byCode[code] : undefined;
  if (known !== undefined) return known;
  const status: unknown = Reflect.get(error, 'status');
  if (status === 429) return 'rate-limited';
  const name: unknown = Reflect.get(error, 'name');
  if (name === 'AuthSessionMissingError') return 'link-expired';
  if (name === 'AuthRetryableFetchError' || error instanceof TypeError) return 'offline';
  return 'failed';
}

/** The problem in words for the person. */
export function messageOf(problem: AuthProblem): string {
  return texts[problem];
}
