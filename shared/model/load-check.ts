import { z } from 'zod';

/** With whose right the routes are asked: nobody's, the canary user's after a sign-in, or the token of the settings. */
export const loadTokens = ['none', 'canary', 'setting'] as const;
const loadTokenSchema = z.enum(loadTokens);
export type LoadToken = z.infer<typeof loadTokenSchema>;

/** Which side of a cutover a load check belongs to, so that both can be laid side by side. */
export const loadMoments = ['before', 'after', 'other'] as const;
const loadMomentSchema = z.enum(loadMoments);
export type LoadMoment = z.infer<typeof loadMomentSchema>;

/** What a load check does: so many users ask the routes again and again, each as soon as it has its answer. */
export const loadCheckSchema = z
  .object({
    /** Scheme, host and port. */
    origin: z
      .url({ protocol: /^https?$/ })
      .refine((text) => URL.canParse(text) && new URL(text).origin === text, {
        message: 'Give scheme, host and port only.',
      }),
    /** The users are divided among them; each is asked with GET. */
    paths: z
      .array(
        z
          .string()
          .max(2000)
          .regex(/^\/[^\s#]*$/),
      )
      .min(1)
      .max(20),
    users: z.number().int().min(1).max(1000),
    /** How long all users ask; what is measured. */
    seconds: z.number().int().min(2).max(300),
    /** In which time the users come, before anything is measured. */
    rampSeconds: z.number().int().min(0).max(120),
    token: loadTokenSchema,
    moment: loadMomentSchema,
    goal: z.object({
      p95Ms: z.number().int().min(1).max(60_000),
      /** Share of the requests that may fail, from 0 to 1. */
      errorShare: z.number().min(0).max(1),
    }),
  })
  .refine(({ users, paths }) => users >= paths.length, {
    message: 'There are more routes than users.',
    path: ['users'],
  });
export type LoadCheck = z.infer<typeof loadCheckSchema>;

export const loadCheckDefaults = {
  paths: ['/'],
  users: 100,
  seconds: 30,
  rampSeconds: 5,
  token: 'none',
  moment: 'other',
  goal: { p95Ms: 200, errorShare: 0 },
} satisfies Omit<LoadCheck, 'origin'>;

/** What was measured. Latencies are milliseconds from sending a request to its whole answer; absent without an answer. */
export const loadFiguresSchema = z.object({
  requests: z.number(),
  perSecond: z.number(),
  /** Answers from status 400 on, and requests without an answer. */
  errors: z.number(),
  /** Errors by what they are: `status 503`, `TIMED_OUT`, `ECONNREFUSED`. */
  errorKinds: z.record(z.string(), z.number()),
  p50: z.number().optional(),
  p95: z.number().optional(),
  p99: z.number().optional(),
  max: z.number().optional(),
  bytes: z.number(),
});
export type LoadFigures = z.infer<typeof loadFiguresSchema>;

const loadRouteSchema = loadFiguresSchema.extend({ path: z.string(), users: z.number() });

/** A moment of a load check, four times a second. */
export const loadTickSchema = z.object({
  phase: z.enum(['ramp', 'hold']),
  /** Milliseconds since the first request. */
  elapsedMs: z.number(),
  users: z.number(),
  /** The last second. */
  recent: loadFiguresSchema,
  /** Since all users ask; in the ramp since its begin. */
  total: loadFiguresSchema,
});
export type LoadTick = z.infer<typeof loadTickSchema>;

/** What came of a load check. */
export const loadMeasurementSchema = z.object({
  measuredMs: z.number(),
  total: loadFiguresSchema,
  routes: z.array(loadRouteSchema),
  /** Share of the time in which the generator was busy, from 0 to 1; near 1 this machine measures itself. */
  generatorBusy: z.number(),
});
export type LoadMeasurement = z.infer<typeof loadMeasurementSchema>;

export const loadResultSchema = loadMeasurementSchema.extend({
  id: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  endedAt: z.string(),
  by: z.string(),
  check: loadCheckSchema,
  /** `stopped`: by itself, to spare the service; `cancelled`: by an operator. */
  outcome: z.enum(['completed', 'stopped', 'cancelled']),
  passed: z.boolean(),
  /** Why it did not pass. */
  reasons: z.array(z.string()),
});
export type LoadResult = z.infer<typeof loadResultSchema>;

/** A number before and after. */
export interface LoadDifference {
  /** `all` or the path of a route. */
  of: string;
  figure: 'p50' | 'p95' | 'p99' | 'perSecond' | 'errors';
  before: number | undefined;
  after: number | undefined;
}

const figures = ['p50', 'p95', 'p99', 'perSecond', 'errors'] as const;

/** Two load checks side by side: everything together, then each route that both have asked. */
export function compareLoad(before: LoadResult, after: LoadResult): LoadDifference[] {
  const rows = (of: string, a: LoadFigures, b: LoadFigures): LoadDifference[] =>
    figures.map((figure) => ({ of, figure, before: a[figure], after: b[figure] }));
  return [
    ...rows('all', before.total, after.total),
    ...before.routes.flatMap((route) => {
      const same = after.routes.find(({ path }) => path === route.path);
      return same === undefined ? [] : rows(route.path, route, same);
    }),
  ];
}

/** The newest load checks of both sides of a cutover that put the same load on; undefined while one is missing. */
export function beforeAndAfter(
  results: readonly LoadResult[],
): { before: LoadResult; after: LoadResult } | undefined {
  const newest = results.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  const after = newest.find(({ check }) => check.moment === 'after');
  const before = newest.find(
    ({ check }) =>
      check.moment === 'before' &&
      (after === undefined ||
        (check.users === after.check.users && check.paths.some((path) => after.check.paths.includes(path)))),
  );
  return before === undefined || after === undefined ? undefined : { before, after };
}
