import { z } from 'zod';
import { errorShapeSchema } from '../model/errors';
import {
  auditEntrySchema,
  bulkActionSchema,
  linkKindSchema,
  newUserSchema,
  savedViewSchema,
  userActionSchema,
  userDetailSchema,
  userFilterSchema,
  usersPathSchema,
  userSorts,
  userSummarySchema,
} from '../model/users';
import { call, secretInput, stream } from '../rpc/define';

export const usersQuerySchema = z.object({
  filter: userFilterSchema,
  /** Default: the newest first. */
  sort: z.object({ by: z.enum(userSorts), descending: z.boolean() }).optional(),
  /** The `next` of the page before. */
  cursor: z.string().optional(),
  limit: z.number().int().min(1).max(1000),
});
export type UsersQuery = z.infer<typeof usersQuerySchema>;

export const usersPageSchema = z.object({
  users: z.array(userSummarySchema),
  /** Where the next page begins; absent at the end. A page that is short, or empty, may have a next one. */
  next: z.string().optional(),
  /** How many users were looked through, where the service itself cannot search. */
  looked: z.number().int().optional(),
});
export type UsersPage = z.infer<typeof usersPageSchema>;

export const searchIndexSchema = z.object({
  state: z.enum(['ready', 'absent', 'impossible']),
  /** What would create it, and what removes it again. */
  createSql: z.string(),
  dropSql: z.string(),
});
export type SearchIndex = z.infer<typeof searchIndexSchema>;

export const usersOverviewSchema = z.object({
  path: usersPathSchema,
  /** What this path cannot do, one sentence each. */
  limits: z.array(z.string()),
  /** Whether the service can be asked to send mails and make links. */
  canSend: z.boolean(),
  canLink: z.boolean(),
  /** Only where there is a database connection. */
  searchIndex: searchIndexSchema.optional(),
});
export type UsersOverview = z.infer<typeof usersOverviewSchema>;

export const userOutcomeSchema = z.object({
  id: z.string(),
  /** The user's address, number or id. */
  label: z.string(),
  /** `unchanged`: it was so already. `unknown`: the service gave no answer and could not be asked. */
  status: z.enum(['done', 'unchanged', 'failed', 'unknown']),
  /** What else happened, or why nothing did. */
  note: z.string().optional(),
  error: errorShapeSchema.optional(),
});
/** What became of an action on one user. */
export type UserOutcome = z.infer<typeof userOutcomeSchema>;

export const referenceSchema = z.object({
  /** `public.orders` */
  table: z.string(),
  columns: z.array(z.string()),
  constraint: z.string(),
  /** `blocks`: the delete fails. `deletes`: these rows go too. `clears`: they stay and lose the link. */
  effect: z.enum(['blocks', 'deletes', 'clears']),
  /** Absent when they could not be counted. */
  rows: z.number().int().optional(),
});
export type UserReference = z.infer<typeof referenceSchema>;

const progress = z.object({
  done: z.number().int(),
  unchanged: z.number().int(),
  failed: z.number().int(),
  unknown: z.number().int(),
  total: z.number().int(),
});
export type BulkProgress = z.infer<typeof progress>;

export const bulkEventSchema = z.discriminatedUnion('type', [
  progress.extend({ type: z.literal('progress') }),
  /** Everything that was not done, so that it can be looked at and tried again. */
  z.object({ type: z.literal('problem'), outcome: userOutcomeSchema }),
  progress.extend({
    type: z.literal('end'),
    /** Why it stopped before the end; users that are not counted were not touched. */
    stopped: errorShapeSchema.optional(),
  }),
]);
export type BulkEvent = z.infer<typeof bulkEventSchema>;

export const importEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('columns'),
    used: z.array(z.string()),
    ignored: z.array(z.string()),
    notes: z.array(z.string()),
  }),
  z.object({
    type: z.literal('progress'),
    /** Lines read so far, of how many when that is known. */
    lines: z.number().int(),
    imported: z.number().int(),
    existing: z.number().int(),
    bad: z.number().int(),
  }),
  z.object({ type: z.literal('bad'), line: z.number().int(), reason: z.string() }),
  z.object({
    type: z.literal('end'),
    lines: z.number().int(),
    imported: z.number().int(),
    existing: z.number().int(),
    bad: z.number().int(),
    /** It stopped in the midst of these. */
    unknown: z.number().int(),
    /** Why it stopped before the end; lines that are not counted were not touched. */
    stopped: errorShapeSchema.optional(),
  }),
]);
export type ImportEvent = z.infer<typeof importEventSchema>;

export const userStatsSchema = z.object({
  total: z.number().int(),
  /** Signed in within the last day, week and month. */
  activeDay: z.number().int(),
  activeWeek: z.number().int(),
  activeMonth: z.number().int(),
  confirmed: z.number().int(),
  banned: z.number().int(),
  neverSignedIn: z.number().int(),
  /** The oldest first, every day of the span, in UTC. */
  signUps: z.array(z.object({ day: z.string(), count: z.number().int() })),
  /** As `signUps`, by the day on which each user was last seen: everybody counts once. */
  lastSeen: z.array(z.object({ day: z.string(), count: z.number().int() })),
  providers: z.array(z.object({ provider: z.string(), count: z.number().int() })),
  /** How many users were read when the figures come from a part of them only. */
  sampled: z.number().int().optional(),
});
export type UserStats = z.infer<typeof userStatsSchema>;

/** Users who were imported without a password, because the Auth service refuses their old hash or they had none. */
export const resetCountsSchema = z.object({
  /** To be written to. */
  waiting: z.number().int(),
  /** A mail went out, by whoever asked for it; no password yet. */
  mailed: z.number().int(),
  /** They have a password by now. */
  chosen: z.number().int(),
  /** Nobody writes to the banned. */
  banned: z.number().int(),
  /** Those with a number only. */
  unreachable: z.number().int(),
});
export type ResetCounts = z.infer<typeof resetCountsSchema>;

const mailsPerHour = z.number().int().min(1).max(36_000);

export const resetsStateSchema = resetCountsSchema.extend({
  /** What is being sent, or was last sent by this host. */
  run: z
    .object({
      running: z.boolean(),
      perHour: z.number(),
      sent: z.number().int(),
      refused: z.number().int(),
      /** The first of them. */
      refusals: z.array(z.object({ email: z.string(), reason: z.string() })),
      /** Why nothing is sent for the moment. */
      waiting: z.string().optional(),
      /** Why it stopped before everybody was written to. */
      stopped: errorShapeSchema.optional(),
    })
    .optional(),
});
export type ResetsState = z.infer<typeof resetsStateSchema>;

const id = z.string().min(1);

export const usersContract = {
  'users.overview': call(z.object({}), usersOverviewSchema),
  'users.list': call(usersQuerySchema, usersPageSchema),
  'users.count': call(
    z.object({ filter: userFilterSchema }),
    /** Absent where only counting them one by one would tell. */
    z.object({ count: z.number().int().optional() }),
  ),
  'users.get': call(z.object({ id }), userDetailSchema),
  'users.audit': call(
    z.object({ id }),
    z.object({ entries: z.array(auditEntrySchema), note: z.string().optional() }),
  ),
  'users.create': call(newUserSchema, userOutcomeSchema),
  /** Answers `done` or `unchanged`; rejects when it was not done, and says so when that is not known. */
  'users.act': call(z.object({ id, action: userActionSchema }), userOutcomeSchema),
  /** What a hard delete would meet and take along. */
  'users.references': call(z.object({ id }), z.array(referenceSchema)),
  /** A link that signs its holder in as the user: shown once, kept nowhere. */
  'users.link': call(
    /** `id`: whose link it has to be, where the address alone does not tell. */
    z.object({ email: z.string(), id: id.optional(), kind: linkKindSchema, redirectTo: z.url().optional() }),
    z.object({ url: z.string() }),
  ),
  'users.send': call(z.object({ email: z.string(), kind: linkKindSchema }), userOutcomeSchema),
  /** One action on many users; goes on past failures. Ends when the caller goes away, between two users. */
  'users.bulk': stream(
    z.object({ ids: z.array(id).min(1).max(100_000), action: bulkActionSchema }),
    bulkEventSchema,
  ),
  'users.export': stream(
    z.object({
      filter: userFilterSchema,
      format: z.enum(['csv', 'json']),
    }),
    z.object({ text: z.string(), users: z.number().int() }),
  ),
  /** The whole text of a CSV file. It may hold password hashes. */
  'users.import': stream(z.object({ text: secretInput(), dryRun: z.boolean() }), importEventSchema),
  'users.resets': call(z.object({}), resetsStateSchema),
  /** Goes on when the caller goes away, until everybody was written to or it is stopped. */
  'users.startResets': call(z.object({ perHour: mailsPerHour }), resetsStateSchema),
  'users.stopResets': call(z.object({}), resetsStateSchema),
  'users.stats': call(z.object({ days: z.number().int().min(1).max(366) }), userStatsSchema),
  /** Views that operators keep in the workspace, in the order of their names. */
  'users.views': call(z.object({}), z.array(savedViewSchema)),
  /** In the place of one with the same name. */
  'users.saveView': call(savedViewSchema, z.array(savedViewSchema)),
  'users.deleteView': call(z.object({ name: z.string() }), z.array(savedViewSchema)),
  /** Creates or removes the search index, exactly as its SQL says. */
  'users.searchIndex': call(z.object({ act: z.enum(['create', 'drop']) }), searchIndexSchema),
};
