import { z } from 'zod';
import { activityAreaSchema, activityEntrySchema } from '../model/activity';
import { call } from '../rpc/define';

export const activityFilterSchema = z.object({
  /** Absent: all of them. */
  areas: z.array(activityAreaSchema).optional(),
  /** In any letter case, in action, target, person or detail. */
  text: z.string().optional(),
  /** ISO 8601, inclusive. */
  from: z.string().optional(),
  /** ISO 8601, exclusive. */
  to: z.string().optional(),
  /** Only what is older than this entry: the `next` of the page before. */
  before: z.string().optional(),
  limit: z.number().int().min(1).max(500),
});
export type ActivityFilter = z.infer<typeof activityFilterSchema>;

export const activityPageSchema = z.object({
  /** The newest first. */
  entries: z.array(activityEntrySchema),
  /** Where the next page begins; absent at the end. */
  next: z.string().optional(),
});
export type ActivityPage = z.infer<typeof activityPageSchema>;

export const activityContract = {
  'activity.list': call(activityFilterSchema, activityPageSchema),
};
