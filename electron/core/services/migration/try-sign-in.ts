import { toAppError } from '#shared/model/errors';
import type { SignInAnswer } from '#shared/model/users-report';
import type { AuthPort } from '../../ports/auth';
import type { ActivityLog } from '../activity/activity-log';

const number = /^[+][0-9 ()./-]{6,20}$/;

/**
 * Signs in with an address or a number and the password that an operator typed. It is a real sign-in: the user's last one changes, and
 * Activity says who tried; the password goes to the service alone.
 */
export async function trySignIn(
  auth: AuthPort,
  log: Pick<ActivityLog, 'record'>,
  { login, password }: { login: string; password: string },
  signal: AbortSignal,
): Promise<SignInAnswer> {
  const entry = { area: 'migration', action: 'users.try-sign-in', target: login } as const;
  const who = number.test(login) ? { phone: login.replace(/[^0-9]/g, '') } : { email: login.toLowerCase() };
  let answer: SignInAnswer;
  try {
    answer = await auth.trySignIn({ ...who, password }, signal);
  } catch (error) {
    await log.record({ ...entry, outcome: 'failed', detail: toAppError(error).message });
    throw error;
  }
  await log.record({
    ...entry,
    outcome: answer.taken ? 'done' : 'failed',
    detail: answer.taken ? 'Signed in, and out again.' : answer.why,
  });
  return answer;
}
