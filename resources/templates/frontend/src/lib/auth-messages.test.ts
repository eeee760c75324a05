import { expect, test } from 'vitest';
import { messageOf, problemOf } from './auth-messages';

test.each([
  [{ code: 'invalid_credentials', status: 400 }, 'wrong-password'],
  [{ code: 'email_not_confirmed' }, 'unconfirmed'],
  [{ code: 'over_email_send_rate_limit', status: 429 }, 'rate-limited'],
  [{ code: 'something_new', status: 429 }, 'rate-limited'],
  [{ code: 'user_banned' }, 'banned'],
  [{ name: 'AuthSessionMissingError', status: 400 }, 'link-expired'],
  [{ name: 'AuthRetryableFetchError', status: 0 }, 'offline'],
  [new TypeError('Failed to fetch'), 'offline'],
  [{ code: 'unexpected_failure', status: 500 }, 'failed'],
  [undefined, 'failed'],
])('%o is %s', (error, problem) => {
  expect(problemOf(error)).toBe(problem);
  expect(messageOf(problemOf(error))).toMatch(/\.$/);
});
