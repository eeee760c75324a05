import { z } from 'zod';
import { secretInput } from '../rpc/define';

/** Which way leads to the users: the tables of the Auth service, or its admin API. */
export const usersPathSchema = z.enum(['sql', 'api']);
export type UsersPath = z.infer<typeof usersPathSchema>;

/** Key of the app metadata that says that a user came from elsewhere, and from where. */
export const migratedMark = 'migrated_from';

export const metadataSchema = z.record(z.string(), z.json());
export type Metadata = z.infer<typeof metadataSchema>;

/** A moment as ISO 8601 in UTC, with as many digits as the service keeps. */
const moment = z.string();

export const userSummarySchema = z.object({
  id: z.string(),
  email: z.string().optional(),
  /** Digits without the plus, as the service keeps them. */
  phone: z.string().optional(),
  name: z.string().optional(),
  createdAt: moment.optional(),
  updatedAt: moment.optional(),
  lastSignInAt: moment.optional(),
  emailConfirmedAt: moment.optional(),
  phoneConfirmedAt: moment.optional(),
  invitedAt: moment.optional(),
  bannedUntil: moment.optional(),
  /** Set by a soft delete. */
  deletedAt: moment.optional(),
  providers: z.array(z.string()),
  /** Whether a second factor is verified. */
  mfa: z.boolean(),
  migrated: z.boolean(),
  anonymous: z.boolean(),
});
/** A user as a row of a list. */
export type UserSummary = z.infer<typeof userSummarySchema>;

export const userDetailSchema = userSummarySchema.extend({
  role: z.string().optional(),
  hasPassword: z.boolean().optional(),
  userMetadata: metadataSchema,
  appMetadata: metadataSchema,
  identities: z.array(
    z.object({
      provider: z.string(),
      /** The user's id at the provider. */
      providerId: z.string(),
      email: z.string().optional(),
      createdAt: moment.optional(),
      lastSignInAt: moment.optional(),
    }),
  ),
  factors: z.array(
    z.object({
      id: z.string(),
      name: z.string().optional(),
      type: z.string(),
      status: z.string(),
      createdAt: moment.optional(),
    }),
  ),
  passkeys: z.array(z.object({ id: z.string(), name: z.string().optional(), createdAt: moment.optional() })),
  /** Absent where the path cannot see them. */
  sessions: z
    .array(
      z.object({
        id: z.string(),
        createdAt: moment.optional(),
        refreshedAt: moment.optional(),
        userAgent: z.string().optional(),
        ip: z.string().optional(),
        aal: z.string().optional(),
      }),
    )
    .optional(),
});
/** Everything about one user but secrets. */
export type UserDetail = z.infer<typeof userDetailSchema>;

export const auditEntrySchema = z.object({
  id: z.string(),
  at: moment.optional(),
  action: z.string(),
  by: z.string().optional(),
  ip: z.string().optional(),
});

export const userSorts = ['created', 'lastSignIn', 'email'] as const;
export const userSearchFields = ['any', 'email', 'emailStart', 'phone', 'id', 'name', 'metadata'] as const;
export const userStates = ['confirmed', 'unconfirmed', 'banned', 'deleted', 'anonymous'] as const;
export const userStateSchema = z.enum(userStates);
export type UserState = z.infer<typeof userStateSchema>;

export const userFilterSchema = z.object({
  /** Looked for in any letter case; `%`, `_` and the like mean themselves. */
  text: z.string().max(200).optional(),
  /** Where; default `any`. `emailStart`, `phone` and `id` compare the beginning, which needs no further index. */
  field: z.enum(userSearchFields).optional(),
  state: userStateSchema.optional(),
  provider: z.string().min(1).max(100).optional(),
  mfa: z.boolean().optional(),
  migrated: z.boolean().optional(),
  /** ISO 8601, inclusive. */
  createdFrom: z.string().optional(),
  /** ISO 8601, exclusive. */
  createdTo: z.string().optional(),
  signedInFrom: z.string().optional(),
  signedInTo: z.string().optional(),
  /** Only who never signed in. */
  neverSignedIn: z.boolean().optional(),
});
export type UserFilter = z.infer<typeof userFilterSchema>;

/** A way to look at the list that an operator keeps under a name. */
export const savedViewSchema = z.object({
  name: z.string().trim().min(1).max(60),
  text: z.string().max(200),
  filter: userFilterSchema.omit({ text: true }),
  sort: z.object({ by: z.enum(userSorts), descending: z.boolean() }),
  /** Columns that the page does not know any more are left out. */
  columns: z.array(z.string().max(40)).max(40),
});
export type SavedView = z.infer<typeof savedViewSchema>;

/** The state in which an operator sees a user; a ban outweighs a confirmation. */
export function userStateOf(user: UserSummary, now: Date): UserState {
  if (user.deletedAt !== undefined) return 'deleted';
  if (user.bannedUntil !== undefined && Date.parse(user.bannedUntil) > now.getTime()) return 'banned';
  if (user.anonymous) return 'anonymous';
  return user.emailConfirmedAt === undefined && user.phoneConfirmedAt === undefined
    ? 'unconfirmed'
    : 'confirmed';
}

/** How an operator would name a user. */
export function userLabel(user: Pick<UserSummary, 'id' | 'email' | 'phone'>): string {
  return user.email ?? (user.phone === undefined ? user.id : `+${user.phone}`);
}

const emailAddress = z.string().trim().min(3).max(255);
/** With or without the plus. */
const phoneNumber = z
  .string()
  .trim()
  .regex(/^\+?[1-9][0-9]{5,14}$/, 'Give the number with its country, digits only: +49301234567.');

/** The longest ban that the service can express, as hours: about a hundred years. */
export const foreverHours = 876_000;

export const userActionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('edit'),
    email: emailAddress.optional(),
    phone: phoneNumber.optional(),
    /** Top-level keys to set; null removes one. Keys that are not named stay. */
    userMetadata: metadataSchema.optional(),
    appMetadata: metadataSchema.optional(),
    /** What the operator saw before the change; when it is something else by now, nothing is changed. */
    seen: z
      .object({
        email: z.string().optional(),
        phone: z.string().optional(),
        userMetadata: metadataSchema.optional(),
        appMetadata: metadataSchema.optional(),
      })
      .optional(),
  }),
  /** Marks address and number as confirmed, whichever the user has. */
  z.object({ kind: z.literal('confirm') }),
  z.object({ kind: z.literal('password'), password: secretInput().max(72) }),
  z.object({ kind: z.literal('ban'), hours: z.number().positive().max(foreverHours) }),
  z.object({ kind: z.literal('unban') }),
  z.object({ kind: z.literal('signOut') }),
  z.object({ kind: z.literal('delete'), soft: z.boolean() }),
  z.object({ kind: z.literal('removeFactor'), factorId: z.string() }),
  z.object({ kind: z.literal('removePasskey'), passkeyId: z.string() }),
]);
/** Something to be done to one user. */
export type UserAction = z.infer<typeof userActionSchema>;

/** Actions that make sense for many users at once. */
export const bulkActionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('confirm') }),
  z.object({ kind: z.literal('ban'), hours: z.number().positive().max(foreverHours) }),
  z.object({ kind: z.literal('unban') }),
  z.object({ kind: z.literal('signOut') }),
  z.object({ kind: z.literal('delete'), soft: z.boolean() }),
]);
export type BulkAction = z.infer<typeof bulkActionSchema>;

export const newUserSchema = z.object({
  email: emailAddress.optional(),
  phone: phoneNumber.optional(),
  password: secretInput().max(72).optional(),
  /** Whether address and number count as confirmed from the start. */
  confirmed: z.boolean(),
  userMetadata: metadataSchema.optional(),
  appMetadata: metadataSchema.optional(),
});
export type NewUser = z.infer<typeof newUserSchema>;

export const linkKinds = ['recovery', 'magiclink', 'invite'] as const;
export const linkKindSchema = z.enum(linkKinds);
export type LinkKind = z.infer<typeof linkKindSchema>;
