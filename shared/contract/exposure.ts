import { z } from 'zod';
import { call } from '../rpc/define';

export const exposureFindingSchema = z.object({
  /** Unique in a report: code and object. */
  id: z.string(),
  code: z.enum([
    'RLS_DISABLED_IN_PUBLIC',
    'POLICY_EXISTS_RLS_DISABLED',
    'SENSITIVE_COLUMNS_EXPOSED',
    'MIGRATIONS_EXPOSED',
    'SECURITY_DEFINER_VIEW',
    'AUTH_USERS_EXPOSED',
    'MATERIALIZED_VIEW_EXPOSED',
    'SECURITY_DEFINER_FUNCTION',
    'RLS_OFF_WITHOUT_RIGHTS',
  ]),
  severity: z.enum(['must-fix', 'check', 'note']),
  /** What it is about, as SQL names it. */
  object: z.string(),
  message: z.string(),
  /** Statements that close it, to be read before they are applied. */
  sql: z.string(),
});
export type ExposureFinding = z.infer<typeof exposureFindingSchema>;

export const exposureProofSchema = z.object({
  /** The table or view. */
  object: z.string(),
  /** `rows`: anybody with the publishable key reads rows. `empty`: it answers, without rows. `refused`: it refuses. `failed`: an error that tells neither. */
  answer: z.enum(['rows', 'empty', 'refused', 'failed']),
  status: z.number(),
});
export type ExposureProof = z.infer<typeof exposureProofSchema>;

export const exposureReportSchema = z.object({
  at: z.string(),
  /** Schemas that the REST interface serves. */
  schemas: z.array(z.string()),
  findings: z.array(exposureFindingSchema),
  /** What the REST interface answered to the publishable key; absent when it was not asked. */
  proofs: z.array(exposureProofSchema).optional(),
});
/** What of the target's tables, views and functions anybody can reach. */
export type ExposureReport = z.infer<typeof exposureReportSchema>;

export const exposureContract = {
  /** Reads the target's catalogs; with `ask` also asks the REST interface for each table and view, as anybody could. Writes nothing. */
  'exposure.show': call(z.object({ ask: z.boolean() }), exposureReportSchema),
  /** Applies fixes that were read, all or none. Refuses with `PLAN_CHANGED` when one is another by now. */
  'exposure.apply': call(
    z.object({ fixes: z.array(exposureFindingSchema.pick({ id: true, sql: true })).min(1) }),
    z.object({ applied: z.array(z.string()) }),
  ),
};
