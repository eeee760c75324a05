import { z } from 'zod';
import {
  journalEventSchema,
  laneSchema,
  planSchema,
  runIdSchema,
  runSummarySchema,
  runViewSchema,
  warningSchema,
} from '../model/run';
import { databaseChoicesSchema } from '../model/database-choices';
import { usersMappingSchema } from '../model/users-mapping';
import { signInAnswerSchema, userDeltaSchema, usersReportSchema } from '../model/users-report';
import { call, secretInput, stream } from '../rpc/define';
import { bucketReportSchema, inspectProgressSchema, objectsEstimateSchema } from './inspect-objects';

export const databaseEstimateSchema = z.object({
  /** Of the whole job: schema, rows, indexes and proof. */
  seconds: z.object({ least: z.number(), most: z.number() }),
  assumes: z.string(),
});
/** How long moving the database may take, from samples of both lines. */
export type DatabaseEstimate = z.infer<typeof databaseEstimateSchema>;

export const inspectReportSchema = z.object({
  at: z.string(),
  database: z
    .object({
      version: z.string(),
      name: z.string(),
      bytes: z.number(),
      /** Settings of both servers that decide how values are kept and compared. */
      settings: z.array(z.object({ name: z.string(), source: z.string(), target: z.string() })),
      estimate: databaseEstimateSchema.optional(),
      tables: z.array(
        z.object({
          schema: z.string(),
          name: z.string(),
          rows: z.number(),
          bytes: z.number(),
          /** Of `bytes`, those of its indexes. */
          indexBytes: z.number(),
          partitionOf: z.string().optional(),
        }),
      ),
      extensions: z.array(z.string()),
    })
    .optional(),
  users: usersReportSchema.optional(),
  objects: z.object({ buckets: z.array(bucketReportSchema), estimate: objectsEstimateSchema }).optional(),
  findings: z.array(
    warningSchema.extend({ severity: z.enum(['info', 'warning', 'blocker']), lane: laneSchema }),
  ),
});
/** What is there, before anything is written. */
export type InspectReport = z.infer<typeof inspectReportSchema>;

const only = z.array(laneSchema).min(1);

export const migrationContract = {
  /** Reads the source; cancelling stops it. */
  'migration.inspect': stream(
    z.object({ only }),
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('progress'), progress: inspectProgressSchema }),
      z.object({ type: z.literal('done'), result: inspectReportSchema }),
    ]),
  ),
  /** Keeps a mapping of the users for the workspace after trying it on the source; null goes back to what is found by itself. */
  'migration.mapUsers': call(z.object({ mapping: usersMappingSchema.nullable() }), z.object({})),
  /** What the workspace leaves out of the database. */
  'migration.databaseChoices': call(z.object({}), databaseChoicesSchema),
  /** Keeps it after trying it on the source. */
  'migration.chooseDatabase': call(databaseChoicesSchema, z.object({})),
  /** Counts, or with `apply` carries over, what changed at the application since its users were imported. */
  'migration.carryUsers': call(z.object({ apply: z.boolean() }), userDeltaSchema),
  /** Signs in at the Auth service with what an operator typed, and ends that session. Nothing of it is kept but who and whether. */
  'migration.trySignIn': call(
    z.object({ login: z.string().trim().min(3).max(255), password: secretInput().max(1000) }),
    signInAnswerSchema,
  ),
  /** Reads both sides and plans; writes nothing. */
  'migration.plan': call(z.object({ only }), planSchema),
  /**
   * Plans and begins; refuses with `PLAN_CHANGED` unless the hash is the one that was read. Without a hash (null) it begins whatever the plan is,
   * and a caller who goes away meanwhile begins nothing.
   */
  'runs.start': call(z.object({ only, planHash: z.string().nullable() }), z.object({ runId: runIdSchema })),
  'runs.resume': call(z.object({ runId: runIdSchema }), z.object({ runId: runIdSchema })),
  'runs.pause': call(z.object({ runId: runIdSchema }), z.object({})),
  'runs.continue': call(z.object({ runId: runIdSchema }), z.object({})),
  'runs.cancel': call(z.object({ runId: runIdSchema }), z.object({})),
  'runs.list': call(z.object({}), z.array(runSummarySchema)),
  'runs.get': call(z.object({ runId: runIdSchema }), runViewSchema),
  /** Compares both sides again, now. */
  'runs.verify': call(z.object({ runId: runIdSchema }), runViewSchema),
  'runs.report': call(
    z.object({ runId: runIdSchema, format: z.enum(['html', 'json']) }),
    z.object({ fileName: z.string(), mediaType: z.string(), text: z.string() }),
  ),
  /** The run's journal as it grows, whoever executes it. Numbered by journal sequence; ends when the run has settled. */
  'runs.watch': stream(z.object({ runId: runIdSchema }), journalEventSchema),
};
