import { z } from 'zod';

export const activityAreas = [
  'users',
  'buckets',
  'migration',
  'deploy',
  'health',
  'connections',
  'exposure',
] as const;
export const activityAreaSchema = z.enum(activityAreas);
/** Which part of the console an act belongs to. */
export type ActivityArea = z.infer<typeof activityAreaSchema>;

/** One act of an operator, as the workspace keeps it. It holds no secret. */
export const activityEntrySchema = z.object({
  /** Unique in a workspace. */
  id: z.string(),
  /** ISO 8601, by the clock of the machine that acted. */
  at: z.string(),
  /** Who acted: the operating system's user and machine, `ada@console`. */
  by: z.string(),
  host: z.enum(['desktop', 'browser', 'cli']),
  area: activityAreaSchema,
  /** `user.ban`, `bucket.delete-objects`, `run.start`. */
  action: z.string().min(1),
  /** What it was done to, as an operator would name it. */
  target: z.string(),
  /** `partial`: some of it was done; `detail` says what was not. */
  outcome: z.enum(['done', 'failed', 'partial']),
  before: z.record(z.string(), z.json()).optional(),
  after: z.record(z.string(), z.json()).optional(),
  detail: z.string().optional(),
});
export type ActivityEntry = z.infer<typeof activityEntrySchema>;

/** What the one who acts tells; who and when are filled in. */
export type NewActivity = Omit<ActivityEntry, 'id' | 'at' | 'by' | 'host'>;
