import { z } from 'zod';
import { errorShapeSchema } from '../model/errors';
import {
  alertChannelSchema,
  healthConfigSchema,
  healthOverviewSchema,
  incidentSchema,
} from '../model/health';
import { call, stream } from '../rpc/define';
import { settingViewSchema } from './connections';

const seriesSchema = z.object({
  check: z.string(),
  from: z.string(),
  to: z.string(),
  /** Length of a point, milliseconds. */
  stepMs: z.number(),
  /** Oldest first; times without a result are left out. Latencies in milliseconds, absent where nothing answered. */
  points: z.array(
    z.object({
      at: z.string(),
      p50: z.number().optional(),
      p95: z.number().optional(),
      p99: z.number().optional(),
      max: z.number().optional(),
      /** Share of the known time in which it answered, from 0 to 1. */
      up: z.number().optional(),
    }),
  ),
  total: z.object({
    p50: z.number().optional(),
    p95: z.number().optional(),
    p99: z.number().optional(),
    up: z.number().optional(),
    /** Milliseconds of which something is known. */
    knownMs: z.number(),
  }),
});
export type HealthSeries = z.infer<typeof seriesSchema>;

const share = z.number().optional();
/** Of a service: the share of the known time in which its worst check answered, from 0 to 1; absent where nothing is known. */
const uptimeSchema = z.object({
  service: z.string(),
  title: z.string(),
  day: share,
  week: share,
  month: share,
  quarter: share,
});
export type ServiceUptime = z.infer<typeof uptimeSchema>;

const healthSettingsSchema = z.object({ config: healthConfigSchema, settings: z.array(settingViewSchema) });
export type HealthSettings = z.infer<typeof healthSettingsSchema>;

export const healthContract = {
  'health.overview': call(z.object({}), healthOverviewSchema),
  /** The overview again whenever something in it has changed, at most every two seconds. */
  'health.watch': stream(z.object({}), healthOverviewSchema),
  /** Runs the checks of one service or all at once, or only those that are `due`, and answers when they have run. */
  'health.checkNow': call(
    z.object({ service: z.string().optional(), due: z.boolean().optional() }),
    healthOverviewSchema,
  ),
  'health.settings': call(z.object({}), healthSettingsSchema),
  'health.configure': call(z.object({ config: healthConfigSchema }), healthSettingsSchema),
  /** Times are ISO 8601, `to` exclusive. */
  'health.series': call(
    z.object({
      check: z.string(),
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      points: z.number().int().min(10).max(2000),
    }),
    seriesSchema,
  ),
  /** Of every service, over the last day, 7, 30 and 90 days. */
  'health.uptime': call(z.object({}), z.array(uptimeSchema)),
  'health.incidents': call(z.object({}), z.array(incidentSchema)),
  /** Sends a test message to every receiver that is set up, and says how that went. */
  'health.testAlert': call(
    z.object({}),
    z.array(z.object({ channel: alertChannelSchema, error: errorShapeSchema.optional() })),
  ),
  'health.note': call(z.object({ id: z.string(), text: z.string().min(1).max(2000) }), z.object({})),
};
