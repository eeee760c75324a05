import {
  migratedMark,
  type UserDetail,
  userStateOf,
  type UserFilter,
  type UserSummary,
} from '#shared/model/users';
import type { ApiPasskey, ApiUser } from '../../../adapters/supabase/admin-api';

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** A user of the admin API as a row of the list. */
export function summaryOf(user: ApiUser): UserSummary {
  const name = text(user.user_metadata.full_name) ?? text(user.user_metadata.name);
  return compact({
    id: user.id,
    email: user.email,
    phone: user.phone,
    name,
    createdAt: user.created_at,
    updatedAt: user.updated_at,
    lastSignInAt: user.last_sign_in_at,
    emailConfirmedAt: user.email_confirmed_at,
    phoneConfirmedAt: user.phone_confirmed_at,
    invitedAt: user.invited_at,
    bannedUntil: user.banned_until,
    deletedAt: user.deleted_at,
    providers: [...new Set(user.identities.map((identity) => identity.provider))].sort(),
    mfa: user.factors.some((factor) => factor.status === 'verified'),
    migrated: migratedMark in user.app_metadata,
    anonymous: user.is_anonymous,
  });
}

/** Everything that the admin API tells; sessions are not among it. */
export function detailOf(user: ApiUser, passkeys: readonly ApiPasskey[]): UserDetail {
  return {
    ...summaryOf(user),
    ...compact({ role: user.role }),
    userMetadata: user.user_metadata,
    appMetadata: user.app_metadata,
    identities: user.identities.map(({ id, provider, email, created_at, last_sign_in_at }) =>
      compact({ provider, providerId: id, email, createdAt: created_at, lastSignInAt: last_sign_in_at }),
    ),
    factors: user.factors.map(({ id, friendly_name, factor_type, status, created_at }) =>
      compact({ id, name: friendly_name, type: factor_type, status, createdAt: created_at }),
    ),
    passkeys: passkeys.map(({ id, friendly_name, created_at }) =>
      compact({ id, name: friendly_name, createdAt: created_at }),
    ),
  };
}

type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same without members that are undefined. */
function compact<T extends object>(record: T): Compact<T>;
function compact(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

const holds = (value: string | undefined, sought: string): boolean =>
  value?.toLowerCase().includes(sought) === true;

/** JSON as the database writes it, so that both ways find the same. No line break is left of a value's own. */
const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 1)
    .replace(/([{[])\n\s*/g, '$1')
    .replace(/\n\s*([}\]])/g, '$1')
    .replace(/,\n\s*/g, ', ');

function holdsText(user: ApiUser, summary: UserSummary, filter: UserFilter): boolean {
  const sought = filter.text?.trim().toLowerCase() ?? '';
  if (sought === '') return true;
  const forms = [JSON.stringify(sought).slice(1, -1), sought];
  const digits = sought.replace(/[^0-9]/g, '');
  const inMetadata = () =>
    [user.user_metadata, user.app_metadata]
      .map(jsonText)
      .some((text) => forms.some((form) => holds(text, form)));
  switch (filter.field ?? 'any') {
    case 'emailStart':
      return summary.email?.toLowerCase().startsWith(sought) === true;
    case 'email':
      return holds(summary.email, sought);
    case 'phone':
      return digits !== '' && summary.phone?.startsWith(digits) === true;
    case 'id':
      return summary.id.startsWith(sought);
    case 'name':
      return holds(summary.name, sought);
    case 'metadata':
      return inMetadata();
    case 'any':
      return holds(summary.email, sought) || holds(summary.name, sought);
  }
}

const within = (value: string | undefined, from: string | undefined, to: string | undefined): boolean => {
  if (from === undefined && to === undefined) return true;
  if (value === undefined) return false;
  const time = Date.parse(value);
  return (from === undefined || time >= Date.parse(from)) && (to === undefined || time < Date.parse(to));
};

/** Whether a user fits the filter; what the service cannot select is selected here. */
export function matches(user: ApiUser, filter: UserFilter, now: Date): boolean {
  const summary = summaryOf(user);
  return (
    holdsText(user, summary, filter) &&
    (filter.state === undefined || userStateOf(summary, now) === filter.state) &&
    (filter.provider === undefined || summary.providers.includes(filter.provider)) &&
    (filter.mfa === undefined || summary.mfa === filter.mfa) &&
    (filter.migrated === undefined || summary.migrated === filter.migrated) &&
    within(summary.createdAt, filter.createdFrom, filter.createdTo) &&
    within(summary.lastSignInAt, filter.signedInFrom, filter.signedInTo) &&
    (filter.neverSignedIn !== true || summary.lastSignInAt === undefined)
  );
}
