import { z } from 'zod';

/**
 * Where a value of a user comes from: a column of the users table, a column of a joined table, or an SQL expression over
 * both (`t` is the users table, a joined one goes by its alias).
 */
export const userExpressionSchema = z.union([
  z.string().min(1).max(200),
  z.strictObject({ from: z.string().min(1), column: z.string().min(1) }),
  z.strictObject({ sql: z.string().min(1).max(2_000) }),
]);
export type UserExpression = z.infer<typeof userExpressionSchema>;

export const userJoinSchema = z.strictObject({
  /** Its name in expressions. */
  alias: z.string().regex(/^(?!t$|r$|a$|h$)[a-z][a-z0-9_]{0,30}$/),
  schema: z.string().min(1),
  name: z.string().min(1),
  /** Column of the joined table, unique in it, that equals `equals` of the users table. */
  column: z.string().min(1),
  equals: z.string().min(1),
});

/** What of a user Supabase Auth has a column for. */
export const userParts = [
  'email',
  'phone',
  'hash',
  'active',
  'blocked',
  'deletedAt',
  'verified',
  'verifiedAt',
  'phoneVerified',
  'createdAt',
  'updatedAt',
  'lastSignInAt',
] as const;
export const userPartSchema = z.enum(userParts);
export type UserPart = z.infer<typeof userPartSchema>;

const metadata = z.record(z.string().min(1), userExpressionSchema);
const sourceShape = {
  schema: z.string().min(1),
  name: z.string().min(1),
  /** Column that identifies a user. A uuid stays the user's id; anything else gets one, kept in a lasting map. */
  id: z.string().min(1),
  joins: z.array(userJoinSchema),
  fields: z.partialRecord(userPartSchema, userExpressionSchema),
  /** What the user may read and change, by key. */
  userMetadata: metadata,
  /** What a backend authorises by, by key. */
  appMetadata: metadata,
};

const addressed = ({ fields }: { fields: Partial<Record<UserPart, UserExpression>> }): boolean =>
  fields.email !== undefined || fields.phone !== undefined;
const unaddressed = 'A source of users needs an e-mail address or a phone number.';

/** A table of users with what belongs to them. */
export const userSourceSchema = z.strictObject(sourceShape).refine(addressed, unaddressed);
export type UserSource = z.infer<typeof userSourceSchema>;

const choicesShape = {
  /** What becomes of users who are not active: banned, left out, or let in. */
  inactive: z.enum(['ban', 'skip', 'import']),
  /** Whether addresses that were never verified stay unconfirmed. */
  unverified: z.enum(['unconfirmed', 'confirm']),
  /** Users (`public.users:42`) who keep a disputed address or number, over what would be proposed. */
  keep: z.array(z.string()),
  /** Users whose address somebody has at the Auth service already: refuse the run, or leave them out. */
  clashes: z.enum(['refuse', 'skip']),
  /** Whether triggers that the application has on `auth.users` fire for imported users. */
  triggers: z.enum(['skip', 'fire']),
  /**
   * For ids that are no uuid. `bridge`: the users table gets a column with the new id; `follow`: every foreign key that
   * points at it gets one too; `leave`: only the map is kept.
   */
  otherIds: z.enum(['bridge', 'follow', 'leave']),
};
export const userChoicesSchema = z.strictObject(choicesShape);

const versionSchema = z.literal(1);
const mappingShape = {
  version: versionSchema,
  sources: z.array(userSourceSchema).min(1).max(20),
  choices: userChoicesSchema,
};
/** How the application's users become users of Supabase Auth. Holds no secret and nobody's data. */
export const usersMappingSchema = z.strictObject(mappingShape);
export type UsersMapping = z.infer<typeof usersMappingSchema>;

/** What is chosen where an operator says nothing. */
export const defaultUserChoices: z.infer<typeof userChoicesSchema> = {
  inactive: 'ban',
  unverified: 'unconfirmed',
  keep: [],
  clashes: 'refuse',
  triggers: 'skip',
  otherIds: 'bridge',
};

/** A mapping as a person writes it: what is left out has its default. */
export const writtenMappingSchema = z
  .strictObject({
    version: versionSchema.default(1),
    sources: z
      .array(
        z
          .strictObject({
            ...sourceShape,
            joins: sourceShape.joins.default([]),
            userMetadata: metadata.default({}),
            appMetadata: metadata.default({}),
          })
          .refine(addressed, unaddressed),
      )
      .min(1)
      .max(20),
    choices: userChoicesSchema.partial().default({}),
  })
  .transform(({ choices, ...mapping }): UsersMapping => ({
    ...mapping,
    choices: {
      ...defaultUserChoices,
      ...Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined)),
    },
  }));
