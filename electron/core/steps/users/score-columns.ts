import { userParts, type UserPart } from '#shared/model/users-mapping';

/** A column as the catalog and a sample of its values show it. */
export interface SampledColumn {
  name: string;
  /** Letter of the type's category: S strings, B booleans, D dates, N numbers, E enums, U others. */
  category: string;
  /** Shares of the sampled values, 0 to 1, that look like an address, a password hash, an international number; 0 without values. */
  emails: number;
  hashes: number;
  phones: number;
  /** Whether any value was sampled. */
  filled: boolean;
}

/** The names that frameworks give, the surest first. */
const names: Record<UserPart, readonly string[]> = {
  email: ['email', 'email_address', 'e_mail', 'mail', 'user_email', 'login_email', 'login', 'username'],
  phone: ['phone', 'phone_number', 'mobile', 'mobile_phone', 'msisdn', 'telephone', 'tel', 'cell'],
  hash: [
    'hashed_password',
    'password_hash',
    'encrypted_password',
    'password_digest',
    'passwd_hash',
    'pw_hash',
    'pwd_hash',
    'hash',
    'user_pass',
    'password',
    'passwd',
    'pwd',
    'secret',
  ],
  active: ['is_active', 'active', 'is_enabled', 'enabled'],
  blocked: [
    'is_disabled',
    'disabled',
    'is_banned',
    'banned',
    'is_blocked',
    'blocked',
    'is_locked',
    'suspended',
  ],
  deletedAt: ['deleted_at', 'removed_at', 'deactivated_at'],
  verified: [
    'is_verified',
    'email_verified',
    'is_email_verified',
    'verified',
    'email_confirmed',
    'is_confirmed',
    'confirmed',
  ],
  verifiedAt: ['email_verified_at', 'email_confirmed_at', 'verified_at', 'confirmed_at'],
  phoneVerified: ['phone_verified', 'is_phone_verified', 'phone_confirmed'],
  createdAt: [
    'created_at',
    'created',
    'date_joined',
    'inserted_at',
    'created_on',
    'registered_at',
    'signup_date',
  ],
  updatedAt: ['updated_at', 'modified_at', 'updated', 'updated_on'],
  lastSignInAt: [
    'last_sign_in_at',
    'last_login_at',
    'last_login',
    'last_signed_in_at',
    'current_sign_in_at',
    'last_seen_at',
  ],
};

/** Categories that a part's column may have. */
const categories: Record<UserPart, string> = {
  email: 'S',
  phone: 'S',
  hash: 'S',
  active: 'BNSE',
  blocked: 'BNSE',
  deletedAt: 'D',
  verified: 'BNSE',
  verifiedAt: 'D',
  phoneVerified: 'BNSE',
  createdAt: 'D',
  updatedAt: 'D',
  lastSignInAt: 'D',
};

/** A name as it is compared: `isActive`, `IsActive` and `is_active` are one. */
export function plainName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}

/** Up to 10 for the name, up to 20 for the values; 0 when it can't be that part. */
export function scoreColumn(column: SampledColumn, part: UserPart): number {
  if (!categories[part].includes(column.category)) return 0;
  const place = names[part].indexOf(plainName(column.name));
  const byName = place === -1 ? 0 : 10 - Math.min(9, place / 2);
  const share =
    part === 'email'
      ? column.emails
      : part === 'hash'
        ? column.hashes
        : part === 'phone'
          ? column.phones
          : undefined;
  if (share === undefined) return byName;
  // Values that are something else outweigh a name: a column `login` may hold nicknames, `password` a plain flag.
  if (column.filled && share < 0.2 && (part === 'email' || byName === 0)) return 0;
  return byName === 0 && share < 0.5 ? 0 : byName + share * 20;
}

/** The likeliest column of each part; no column serves two. */
export function chooseColumns(columns: readonly SampledColumn[]): Partial<Record<UserPart, string>> {
  const scored = columns
    .flatMap((column) =>
      userParts.map((part) => ({
        part,
        name: column.name,
        score: scoreColumn(column, part),
      })),
    )
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  const chosen: Partial<Record<UserPart, string>> = {};
  const taken = new Set<string>();
  for (const { part, name } of scored) {
    if (chosen[part] !== undefined || taken.has(name)) continue;
    chosen[part] = name;
    taken.add(name);
  }
  return chosen;
}

const userMetadataNames: ReadonlySet<string> = new Set([
  'full_name',
  'name',
  'display_name',
  'nickname',
  'first_name',
  'last_name',
  'given_name',
  'family_name',
  'username',
  'avatar_url',
  'avatar',
  'picture',
  'locale',
  'language',
  'timezone',
]);
const appMetadataNames: ReadonlySet<string> = new Set([
  'role',
  'roles',
  'is_superuser',
  'is_admin',
  'is_staff',
  'permissions',
  'tenant_id',
  'organization_id',
]);

/** Columns that are copied under their own names: what people show of themselves, and what a backend authorises by. */
export function metadataColumns(columnNames: readonly string[]): { user: string[]; app: string[] } {
  return {
    user: columnNames.filter((name) => userMetadataNames.has(plainName(name))),
    app: columnNames.filter((name) => appMetadataNames.has(plainName(name))),
  };
}

const tableNames = [
  'users',
  'user',
  'accounts',
  'account',
  'auth_user',
  'app_users',
  'members',
  'customers',
  'people',
  'logins',
];

/** How likely a table is one that people sign in with, by its name and schema: 0 to 11. */
export function scoreTable(schema: string, name: string): number {
  const place = tableNames.indexOf(plainName(name));
  return (place === -1 ? 0 : tableNames.length - place) + (schema === 'public' ? 1 : 0);
}
