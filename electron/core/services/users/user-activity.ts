import type { UserOutcome } from '#shared/contract/users';
import type { NewActivity } from '#shared/model/activity';
import { toErrorShape } from '#shared/model/errors';
import type { Metadata, UserAction, UserDetail } from '#shared/model/users';
import { userLabel } from '#shared/model/users';
import type { Applied } from '../../ports/users';

/** Keys under which applications keep what nobody should read in a log. */
const secretKey = /token|secret|passw|api_?key|credential|hash|otp|pin$/i;

const shown = (metadata: Metadata): Metadata =>
  Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, secretKey.test(key) ? '•••' : value]),
  );

type Facts = NonNullable<NewActivity['before']>;

/** What a log may know of a user. */
function factsOf(user: UserDetail): Facts {
  return {
    email: user.email ?? null,
    phone: user.phone ?? null,
    emailConfirmedAt: user.emailConfirmedAt ?? null,
    phoneConfirmedAt: user.phoneConfirmedAt ?? null,
    bannedUntil: user.bannedUntil ?? null,
    deletedAt: user.deletedAt ?? null,
    userMetadata: shown(user.userMetadata),
    appMetadata: shown(user.appMetadata),
    factors: user.factors.length,
    passkeys: user.passkeys.length,
    ...(user.sessions === undefined ? {} : { sessions: user.sessions.length }),
  };
}

/** The members that differ; of a user that is gone, all of them. */
function changeOf({ before, after }: Applied): { before: Facts; after?: Facts } {
  const old = factsOf(before);
  if (after === undefined) return { before: old };
  const now = factsOf(after);
  const differing = Object.keys(old).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]));
  const only = (facts: Facts): Facts => Object.fromEntries(differing.map((key) => [key, facts[key] ?? null]));
  return { before: only(old), after: only(now) };
}

const names: Record<UserAction['kind'], string> = {
  edit: 'user.update',
  confirm: 'user.confirm',
  password: 'user.set-password',
  ban: 'user.ban',
  unban: 'user.unban',
  signOut: 'user.sign-out',
  delete: 'user.delete',
  removeFactor: 'user.remove-factor',
  removePasskey: 'user.remove-passkey',
};

/** The name of an action in the log. */
export function actionName(action: Pick<UserAction, 'kind'> & { soft?: boolean }): string {
  return action.kind === 'delete' && action.soft === true ? 'user.delete-softly' : names[action.kind];
}

/** The entry for one action that was done, or found to be so already. */
export function performedEntry(
  action: UserAction,
  outcome: UserOutcome,
  applied: Applied | undefined,
): NewActivity {
  const unchanged = outcome.status === 'unchanged' ? 'Nothing had to be changed.' : undefined;
  const detail = [unchanged, outcome.note, `id ${outcome.id}`].filter((part) => part !== undefined);
  return {
    area: 'users',
    action: actionName(action),
    target: outcome.label,
    outcome: 'done',
    detail: detail.join(' '),
    ...(applied === undefined ? {} : changeOf(applied)),
  };
}

/** The entry for what was not done, or may not have been. */
export function failedEntry(action: string, target: string, error: unknown): NewActivity {
  const { code, message } = toErrorShape(error);
  return { area: 'users', action, target, outcome: 'failed', detail: `${code}: ${message}` };
}

/** The entry for a user that came to be. */
export function createdEntry(action: string, user: UserDetail): NewActivity {
  return { area: 'users', action, target: userLabel(user), outcome: 'done', after: factsOf(user) };
}
