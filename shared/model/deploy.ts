import { z } from 'zod';
import { errorShapeSchema } from './errors';

/** Name of a Docker stack: the first part of the names of its services. */
export const stackNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,40}$/,
    'A stack’s name holds lower-case letters, digits, _ and -, and begins with a letter or digit.',
  );

/** `20261124T001503Z-9f3a`: when it was made, and four digits that keep two of one second apart. */
export const releaseIdSchema = z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{4}$/);
export type ReleaseId = z.infer<typeof releaseIdSchema>;

/**
 * `prepared`: its files are on the host. `applying`: its services are being changed. `interrupted`: so they were when the deployment was cut
 * off, and nobody goes on with it. `live`: it serves. `replaced`: it served until a later one did. `failed`: it did not become healthy, or its services were not even changed.
 */
export const releaseStateSchema = z.enum([
  'prepared',
  'applying',
  'interrupted',
  'live',
  'replaced',
  'failed',
]);

/** What runs the services: a swarm replaces them without a gap, Compose stops one before the next runs. */
export const runtimeKindSchema = z.enum(['swarm', 'compose']);
export type RuntimeKind = z.infer<typeof runtimeKindSchema>;

/** What the host keeps of a release, beside its compose file and environment files. No secret is in it. */
export const releaseRecordSchema = z.object({
  id: releaseIdSchema,
  stack: stackNameSchema,
  at: z.string(),
  /** Who made it: user and machine. */
  by: z.string(),
  state: releaseStateSchema,
  runtime: runtimeKindSchema.default('swarm'),
  /** Image by service, with the tag or digest that the compose file names. */
  images: z.record(z.string(), z.string()),
  /** The images of a registry with the digests that were pulled: a rollback runs these even when their tags were moved meanwhile. */
  pinned: z.record(z.string(), z.string()).default({}),
  /** Fingerprint of all environment values together: equal when nothing changed. */
  environment: z.string(),
  /** Why it failed. */
  error: errorShapeSchema.optional(),
});
export type ReleaseRecord = z.infer<typeof releaseRecordSchema>;

export const serviceHealthSchema = z.enum(['healthy', 'starting', 'degraded', 'down', 'stopped']);

export const serviceStatusSchema = z.object({
  /** Without the stack's name. */
  name: z.string(),
  image: z.string(),
  replicas: z.object({ running: z.number(), desired: z.number() }),
  health: serviceHealthSchema,
  /** Docker's own word for the last change: `updating`, `completed`, `rollback_completed`, `paused`… */
  update: z.object({ state: z.string(), message: z.string() }).optional(),
  release: releaseIdSchema.optional(),
  limits: z.object({ cpus: z.number().optional(), memoryBytes: z.number().optional() }),
  changedAt: z.string(),
  /** Why tasks ended lately, the newest first. */
  failures: z.array(z.object({ at: z.string(), message: z.string() })),
});
export type ServiceStatus = z.infer<typeof serviceStatusSchema>;

export const deployStatusSchema = z.object({
  stack: stackNameSchema,
  engine: z.string(),
  runtime: runtimeKindSchema,
  services: z.array(serviceStatusSchema),
  /** The newest first. */
  releases: z.array(releaseRecordSchema),
  live: releaseIdSchema.optional(),
  /** A deployment under way, by whom; `stale` once nobody has touched it for half a minute: it was cut off. */
  lock: z
    .object({ release: releaseIdSchema.optional(), by: z.string(), at: z.string(), stale: z.boolean() })
    .optional(),
});
export type DeployStatus = z.infer<typeof deployStatusSchema>;

export const preflightFindingSchema = z.object({
  id: z.string(),
  severity: z.enum(['ok', 'warning', 'blocker']),
  title: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});
export type PreflightFinding = z.infer<typeof preflightFindingSchema>;

export const serviceChangeSchema = z.object({
  service: z.string(),
  change: z.enum(['created', 'changed', 'unchanged', 'removed']),
  /** What differs, in words and without values of the environment. */
  differences: z.array(z.string()),
});
export type ServiceChange = z.infer<typeof serviceChangeSchema>;

export const environmentChangeSchema = z.object({
  service: z.string(),
  name: z.string(),
  change: z.enum(['added', 'changed', 'removed']),
});
export type EnvironmentChange = z.infer<typeof environmentChangeSchema>;

export const releasePlanSchema = z.object({
  stack: stackNameSchema,
  services: z.array(serviceChangeSchema),
  environment: z.array(environmentChangeSchema),
  warnings: z.array(z.object({ service: z.string().optional(), message: z.string() })),
});
export type ReleasePlan = z.infer<typeof releasePlanSchema>;

/** Where a value of a release's files came from: shown instead of the value. `previous`: the files that were rendered before. */
export const valueOriginSchema = z.enum(['given', 'workspace', 'previous', 'template', 'empty']);
export type ValueOrigin = z.infer<typeof valueOriginSchema>;

/** A variable of the environment file; its value never leaves the core. */
export const renderedVariableSchema = z.object({
  name: z.string(),
  group: z.string(),
  explanation: z.string(),
  secret: z.boolean(),
  optional: z.boolean(),
  origin: valueOriginSchema,
});
export type RenderedVariable = z.infer<typeof renderedVariableSchema>;

/** The files of a release before they are written. */
export const releasePreviewSchema = z.object({
  /** Where they would be written. */
  folder: z.string(),
  variables: z.array(renderedVariableSchema),
  /** The Compose file, in which no secret stands; absent while values are missing. */
  compose: z.string().optional(),
});
export type ReleasePreview = z.infer<typeof releasePreviewSchema>;

/** What a container of the stack takes of its host, as the engine measures it. */
export const containerUseSchema = z.object({
  id: z.string(),
  service: z.string(),
  /** Cores in use since the measurement before; null in the first one. */
  cpus: z.number().nullable(),
  memoryBytes: z.number(),
  /** What it may take: its limit, or the host's memory. */
  memoryLimitBytes: z.number(),
});
export type ContainerUse = z.infer<typeof containerUseSchema>;

/** What a deployment tells while it goes on. */
export const deployEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('phase'), phase: z.string(), message: z.string() }),
  z.object({ type: z.literal('log'), source: z.string(), line: z.string() }),
  z.object({ type: z.literal('service'), service: z.string(), state: z.string(), message: z.string() }),
  z.object({
    type: z.literal('end'),
    release: releaseIdSchema.optional(),
    outcome: z.enum(['done', 'rolled-back', 'failed', 'cancelled']),
    error: errorShapeSchema.optional(),
  }),
]);
export type DeployEvent = z.infer<typeof deployEventSchema>;
