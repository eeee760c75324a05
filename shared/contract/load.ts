import { z } from 'zod';
import { loadCheckSchema, loadResultSchema, loadTickSchema, loadTokens } from '../model/load-check';
import { errorShapeSchema } from '../model/errors';
import { call, stream } from '../rpc/define';

const loadEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('tick'), tick: loadTickSchema }),
  z.object({ type: z.literal('result'), result: loadResultSchema }),
  z.object({ type: z.literal('failed'), error: errorShapeSchema }),
]);
export type LoadEvent = z.infer<typeof loadEventSchema>;

const loadOverviewSchema = z.object({
  /** The id of the one that is under way. */
  running: z.string().optional(),
  /** The newest first. */
  results: z.array(loadResultSchema),
  /** Origins that count as the operator's own: those of the settings. */
  own: z.array(z.string()),
  /** Tokens that can be had with the settings. */
  tokens: z.array(z.enum(loadTokens)),
});
export type LoadOverview = z.infer<typeof loadOverviewSchema>;

export const loadContract = {
  'load.overview': call(z.object({}), loadOverviewSchema),
  /**
   * Asks each route once, then begins. Throws `LOAD_NEEDS_CONSENT` for a host that is not the operator's own unless `consent` is its name,
   * `LOAD_ROUTE_FAILS` and `LOAD_RUNNING`.
   */
  'load.start': call(
    z.object({ check: loadCheckSchema, consent: z.string().optional() }),
    z.object({ id: z.string() }),
  ),
  /** What it tells from the number after, until its result. Throws `NOT_FOUND`. */
  'load.watch': stream(z.object({ id: z.string() }), loadEventSchema),
  'load.stop': call(z.object({ id: z.string() }), z.object({})),
};
