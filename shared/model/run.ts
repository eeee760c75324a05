import { z } from 'zod';
import { errorShapeSchema } from './errors';

/** What a run moves. `--only` takes a list of these. */
export const lanes = ['database', 'users', 'objects', 'links'] as const;
export const laneSchema = z.enum(lanes);
export type Lane = z.infer<typeof laneSchema>;
/** What a run moves when nobody chooses. Links are left out: rewriting them changes rows that have arrived. */
export const usualLanes: readonly Lane[] = ['database', 'users', 'objects'];

export const effectSchema = z.enum(['read', 'create', 'overwrite', 'irreversible']);
/** The strongest thing that a step does to its target. */
export type Effect = z.infer<typeof effectSchema>;

export const runStateSchema = z.enum([
  'planned',
  'running',
  'paused',
  'cancelling',
  'cancelled',
  'failed',
  'interrupted',
  'verifying',
  'succeeded',
  'succeeded-with-warnings',
]);
/**
 * `interrupted` is what a reader concludes from a run that was under way and whose lock nobody holds. It reaches the
 * journal when a host closes in good order, and otherwise as the first event of whoever takes the run up again, so an
 * `interrupted` that a reader concluded has the sequence number that it then gets in the journal.
 */
export type RunState = z.infer<typeof runStateSchema>;

/** A run id: UTC start time and a random suffix, sortable, safe as a folder name. */
export const runIdSchema = z.string().regex(/^\d{8}T\d{6}Z-[a-z0-9]{6}$/);

export const progressSchema = z.object({
  done: z.number().nonnegative(),
  total: z.number().nonnegative(),
  /** What is counted: `rows`, `bytes`, `objects`, `users`, `entries`. */
  unit: z.string(),
});
/** Absolute, never a delta. `total` may grow while listing goes on. */
export type Progress = z.infer<typeof progressSchema>;

export const warningSchema = z.object({
  /** Stable machine name, SCREAMING_SNAKE_CASE. */
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});
export type Warning = z.infer<typeof warningSchema>;

export const evidenceSchema = z.object({
  /** What was compared: a table, a bucket, the users. */
  subject: z.string(),
  /** How: `row count and hash`, `size and ETag`, … */
  method: z.string(),
  source: z.string(),
  target: z.string(),
  equal: z.boolean(),
  /** Where it differs, or what a reader should know. */
  note: z.string().optional(),
});
/** One independent comparison of both sides. */
export type Evidence = z.infer<typeof evidenceSchema>;

export const unitPlanSchema = z.object({
  id: z.string(),
  /** What a person reads: a table name, a bucket with its key range. */
  label: z.string(),
  /** Expected size, for order and for the table view; absent when unknown. */
  expected: progressSchema.optional(),
  bytes: z.number().optional(),
});
export type UnitPlan = z.infer<typeof unitPlanSchema>;

export const stepPlanSchema = z.object({
  id: z.string(),
  title: z.string(),
  lane: laneSchema,
  effect: effectSchema,
  needs: z.array(z.string()),
  /** One sentence: what will happen, with numbers. */
  summary: z.string(),
  /** Longer facts: SQL that will run, names that will be created. */
  details: z.array(z.string()),
  warnings: z.array(warningSchema),
  units: z.array(unitPlanSchema),
});
/** A step of a plan, as an operator reads it before anything is written. */
export type StepPlan = z.infer<typeof stepPlanSchema>;

export const planSchema = z.object({
  hash: z.string(),
  createdAt: z.string(),
  only: z.array(laneSchema),
  steps: z.array(stepPlanSchema),
});
export type PlanView = z.infer<typeof planSchema>;

const base = { seq: z.number().int().nonnegative(), at: z.string() };
const onStep = { ...base, step: z.string() };
const onUnit = { ...onStep, unit: z.string() };
/** Set by the journal when a secret was taken out of the output: what the event ended is then done again on resume. */
const redacted = z.boolean().optional();

export const runHeaderSchema = z.object({
  runId: runIdSchema,
  engine: z.number().int(),
  /** Step id to step version. */
  steps: z.record(z.string(), z.number().int()),
  only: z.array(laneSchema),
  planHash: z.string(),
  /** Identity of source and target (system identifier, database, endpoint…), hashed; no secret. */
  fingerprints: z.record(z.string(), z.string()),
});
export type RunHeader = z.infer<typeof runHeaderSchema>;

/** A line of `journal.jsonl`. `seq` starts at 0 with the header and has no gap. */
export const journalEventSchema = z.discriminatedUnion('type', [
  z.object({ ...base, type: z.literal('run.header'), data: runHeaderSchema }),
  z.object({
    ...base,
    type: z.literal('run.state'),
    data: z.object({
      state: runStateSchema,
      error: errorShapeSchema.optional(),
      /** Set with `failed` when a check found a conflict, so that nothing was written. */
      refused: z.boolean().optional(),
    }),
  }),
  z.object({ ...base, type: z.literal('run.resumed'), data: z.object({ by: z.string() }) }),
  z.object({ ...onStep, type: z.literal('step.planned'), data: stepPlanSchema }),
  z.object({ ...onStep, type: z.literal('step.started'), data: z.object({}) }),
  /** The target already was as planned; with an output, when the check could tell it, the step is verified like a done one. */
  z.object({
    ...onStep,
    type: z.literal('step.satisfied'),
    data: z.object({ output: z.unknown().optional(), redacted }),
  }),
  z.object({ ...onStep, type: z.literal('step.done'), data: z.object({ output: z.unknown(), redacted }) }),
  z.object({ ...onStep, type: z.literal('step.failed'), data: z.object({ error: errorShapeSchema }) }),
  z.object({ ...onStep, type: z.literal('step.verifying'), data: z.object({}) }),
  z.object({
    ...onStep,
    type: z.literal('step.verified'),
    data: z.object({ evidence: z.array(evidenceSchema) }),
  }),
  z.object({ ...onUnit, type: z.literal('unit.begun'), data: z.object({}) }),
  z.object({ ...onUnit, type: z.literal('unit.done'), data: z.object({ output: z.unknown(), redacted }) }),
  z.object({ ...onUnit, type: z.literal('unit.failed'), data: z.object({ error: errorShapeSchema }) }),
  /** A finished unit that must be done again (its source changed, say). */
  z.object({ ...onUnit, type: z.literal('unit.reset'), data: z.object({ reason: z.string() }) }),
  z.object({ ...onStep, type: z.literal('warning'), data: warningSchema }),
  z.object({
    ...base,
    step: z.string().optional(),
    type: z.literal('log'),
    data: z.object({ level: z.enum(['info', 'warn', 'error']), message: z.string() }),
  }),
  /** Not fsynced; at most 4 a second for the whole run. */
  z.object({
    ...base,
    type: z.literal('progress'),
    data: z.object({
      items: z.array(z.object({ step: z.string(), unit: z.string().optional(), progress: progressSchema })),
    }),
  }),
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;

export const unitStateSchema = z.enum(['waiting', 'running', 'done', 'failed']);
export const stepStateSchema = z.enum([
  'waiting',
  'running',
  'done',
  'satisfied',
  'failed',
  'verifying',
  'verified',
  'differs',
]);

export const unitViewSchema = z.object({
  id: z.string(),
  label: z.string(),
  state: unitStateSchema,
  progress: progressSchema.optional(),
  bytes: z.number().optional(),
  error: errorShapeSchema.optional(),
});
export type UnitView = z.infer<typeof unitViewSchema>;

export const stepViewSchema = stepPlanSchema.omit({ units: true }).extend({
  state: stepStateSchema,
  progress: progressSchema.optional(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  error: errorShapeSchema.optional(),
  evidence: z.array(evidenceSchema),
  runWarnings: z.array(warningSchema),
  units: z.array(unitViewSchema),
});
export type StepView = z.infer<typeof stepViewSchema>;

export const logLineSchema = z.object({
  at: z.string(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  step: z.string().optional(),
});
export type LogLine = z.infer<typeof logLineSchema>;

export const runViewSchema = z.object({
  id: z.string(),
  state: runStateSchema,
  only: z.array(laneSchema),
  planHash: z.string(),
  startedAt: z.string(),
  /** Time of the last event. */
  at: z.string(),
  /** Sequence number of the last event that went into this view; a watcher starts after it. */
  seq: z.number().int(),
  error: errorShapeSchema.optional(),
  /** True when a check found a conflict and the run therefore wrote nothing. */
  refused: z.boolean().optional(),
  steps: z.array(stepViewSchema),
  /** The newest lines only. */
  log: z.array(logLineSchema),
});
/** Everything that page and CLI show of a run; made from journal events by {@link ./run-view} alone. */
export type RunView = z.infer<typeof runViewSchema>;

export const runSummarySchema = runViewSchema
  .pick({ id: true, state: true, only: true, startedAt: true, at: true, refused: true })
  .extend({
    error: errorShapeSchema.optional(),
    warnings: z.number().int(),
  });
export type RunSummary = z.infer<typeof runSummarySchema>;
