import { z } from 'zod';
import { usersMappingSchema } from './users-mapping';

/** A user of the source with everything personal masked. */
export const userSampleSchema = z.object({
  id: z.string(),
  email: z.string(),
  phone: z.string(),
  /** The beginning of the hash that tells its format, or the format's name. */
  password: z.string(),
  inactive: z.boolean(),
  verified: z.boolean(),
  /** `YYYY-MM-DD`, empty when unknown. */
  createdAt: z.string(),
  userMetadata: z.record(z.string(), z.string()),
  appMetadata: z.record(z.string(), z.string()),
});
export type UserSample = z.infer<typeof userSampleSchema>;

const disputedUserSchema = z.object({
  /** `table:id`, as the mapping's `keep` names users. */
  ref: z.string(),
  /** Masked. */
  address: z.string(),
  lastSignIn: z.string(),
  createdAt: z.string(),
  inactive: z.boolean(),
});
export const disputeSchema = z.object({
  keep: disputedUserSchema,
  why: z.string(),
  others: z.array(disputedUserSchema),
});
/** Users who want the same address or number, and the proposal of who keeps it. */
export type Dispute = z.infer<typeof disputeSchema>;

export const usersReportSchema = z.object({
  /** The tables of the mapping in force. */
  table: z.string(),
  count: z.number(),
  hashes: z.array(z.object({ kind: z.string(), users: z.number(), accepted: z.boolean() })),
  unverified: z.number(),
  inactive: z.number(),
  /** How many are not imported as they stand, by reason. */
  exceptions: z.record(z.string(), z.number()),
  /** Numbers that can not be kept because their country is missing. */
  badPhones: z.number(),
  ids: z.array(
    z.object({
      table: z.string(),
      type: z.string(),
      /** Whether ids stay as they are. */
      kept: z.boolean(),
      /** Foreign keys that point at them: `table.column`. */
      references: z.array(z.string()),
    }),
  ),
  /** Users whose id, address or number somebody else has at the Auth service. */
  clashes: z.number(),
  triggers: z.array(z.string()),
  mapping: usersMappingSchema,
  /** Whether an operator chose the mapping. */
  chosen: z.boolean(),
  /** Other tables that look like one of users. */
  others: z.array(z.string()),
  samples: z.array(z.object({ table: z.string(), users: z.array(userSampleSchema) })),
  /** The first of them. */
  disputes: z.array(disputeSchema),
  /** What would give whoever signs up after the move a row in the application's table too; nothing of it is run. */
  profileTriggers: z.array(
    z.object({
      table: z.string(),
      sql: z.string(),
      /** Columns that need a value which nobody has at a sign-up; without a default every sign-up would fail. */
      obstacles: z.array(z.string()),
    }),
  ),
});
export type UsersReport = z.infer<typeof usersReportSchema>;

/** What changed at the application since its users were imported; all are numbers of users. */
export const userDeltaSchema = z.object({
  /** False when it was only counted. */
  applied: z.boolean(),
  /** Signed up since. */
  added: z.number(),
  passwords: z.number(),
  /** Changed on both sides: the one at the Auth service stays. */
  passwordsKept: z.number(),
  bans: z.number(),
  unbans: z.number(),
  confirmations: z.number(),
  emails: z.number(),
  /** New addresses that somebody else has at the Auth service, or of users who changed theirs there as well. */
  emailsKept: z.number(),
  /** Deleted at the Auth service since; they stay deleted. */
  gone: z.number(),
  /** Gone from the application since; they stay at the Auth service. */
  missing: z.number(),
  /** Not carried, because somebody else at the Auth service has the address or number: `table:id`, the first of them. */
  clashes: z.array(z.string()),
  clashCount: z.number(),
  /** By the admin API: changes of users who are there can be neither seen nor carried, so their numbers are 0. */
  addedOnly: z.boolean(),
});
export type UserDelta = z.infer<typeof userDeltaSchema>;

/** What the Auth service said to a password. */
export const signInAnswerSchema = z.discriminatedUnion('taken', [
  z.object({ taken: z.literal(true), userId: z.string() }),
  z.object({ taken: z.literal(false), why: z.string() }),
]);
export type SignInAnswer = z.infer<typeof signInAnswerSchema>;

/** A delta in words, for every host: what is or was carried over, and what stays as it is. */
export function describeDelta(delta: UserDelta): {
  carried: { users: number; what: string }[];
  left: { users: number; what: string }[];
  /** What this way can not tell. */
  limit?: string;
} {
  const of = (users: number, one: string, several: string): { users: number; what: string } => ({
    users,
    what: users === 1 ? one : several,
  });
  const named = `${delta.clashes.join(', ')}${delta.clashCount > delta.clashes.length ? ', …' : ''}`;
  return {
    carried: [
      of(delta.added, 'user who signed up since the import', 'users who signed up since the import'),
      of(delta.passwords, 'changed password', 'changed passwords'),
      of(delta.bans, 'user who was deactivated', 'users who were deactivated'),
      of(delta.unbans, 'user who was activated again', 'users who were activated again'),
      of(delta.confirmations, 'confirmed address', 'confirmed addresses'),
      of(delta.emails, 'changed address', 'changed addresses'),
    ],
    left: [
      of(
        delta.passwordsKept,
        'password that was changed on both sides: the one at Supabase stays',
        'passwords that were changed on both sides: those at Supabase stay',
      ),
      of(
        delta.emailsKept,
        'address that is taken, or was changed on both sides',
        'addresses that are taken, or were changed on both sides',
      ),
      of(
        delta.clashCount,
        `user whose address somebody else has at Supabase: ${named}`,
        `users whose address somebody else has at Supabase: ${named}`,
      ),
      of(
        delta.gone,
        'user who was deleted at Supabase and stays so',
        'users who were deleted at Supabase and stay so',
      ),
      of(
        delta.missing,
        'user who is gone from the application and stays at Supabase',
        'users who are gone from the application and stay at Supabase',
      ),
    ].filter(({ users }) => users > 0),
    ...(delta.addedOnly
      ? {
          limit:
            'Without SUPABASE_DB_URL only who signed up can be carried over: the admin API takes no changed password hashes.',
        }
      : {}),
  };
}
