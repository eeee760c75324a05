import { z } from 'zod';
import {
  containerUseSchema,
  deployEventSchema,
  deployStatusSchema,
  preflightFindingSchema,
  releaseIdSchema,
  releasePlanSchema,
  releasePreviewSchema,
  runtimeKindSchema,
} from '../model/deploy';
import { applicationViewSchema } from '../model/application';
import { panelServiceIdSchema } from '../model/easypanel';
import { call, secretInput, stream } from '../rpc/define';

/** Where a release's files stand on the machine of the core. */
export const releaseSourceSchema = z.object({
  /** Absent: `deploy` in the workspace. */
  folder: z.string().optional(),
  /** In the folder; default `docker-compose.prod.yml`. */
  composeFile: z.string().optional(),
  /** In the folder; default `.env.production`. */
  envFile: z.string().optional(),
});
export type ReleaseSource = z.infer<typeof releaseSourceSchema>;

/** What a release's files are made of. */
export const renderInputSchema = z.object({
  /** Folder with the two templates; absent: those that ship. */
  from: z.string().optional(),
  /** File of variables. */
  values: z.string().optional(),
  /** Typed values; they beat the file. */
  given: z.record(z.string(), secretInput()),
  /** Whether the files that were rendered before fill what is left. */
  keep: z.boolean(),
});
export type RenderInput = z.infer<typeof renderInputSchema>;

export const deployActionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('apply'),
    source: releaseSourceSchema,
    /** Public addresses that must answer afterwards. */
    probes: z.array(z.url()),
    /** Run once before the services change. */
    migration: z.object({ service: z.string(), command: z.array(z.string()).min(1) }).optional(),
    prune: z.boolean(),
    runtime: runtimeKindSchema,
    /** For all services to become healthy. */
    limitSeconds: z.number().int().min(10).max(3600),
  }),
  z.object({ kind: z.literal('rollback'), release: releaseIdSchema }),
  z.object({ kind: z.literal('scale'), service: z.string(), replicas: z.number().int().min(0).max(100) }),
  z.object({ kind: z.literal('restart'), service: z.string() }),
  /** An App service of Easypanel, with its switch for no downtime. */
  z.object({
    kind: z.literal('panel-deploy'),
    target: panelServiceIdSchema,
    image: z.string().min(1),
    limitSeconds: z.number().int().min(10).max(3600),
  }),
]);
export type DeployAction = z.infer<typeof deployActionSchema>;

export const logLineSchema = z.object({
  service: z.string(),
  /** ISO 8601, by the clock of the host. */
  at: z.string(),
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
});
export type LogLine = z.infer<typeof logLineSchema>;

/** A deployment of this process, under way or ended. */
export const operationSchema = z.object({
  id: z.string(),
  kind: z.string(),
  at: z.string(),
  ended: z.boolean(),
});
export type DeployOperation = z.infer<typeof operationSchema>;

export const deployContract = {
  'deploy.status': call(z.object({}), deployStatusSchema),
  /** What the containers take of the host, measured again and again. */
  'deploy.use': stream(z.object({}), z.array(containerUseSchema)),
  /** The files of a release as they would be; writes nothing. */
  'deploy.previewFiles': call(renderInputSchema, releasePreviewSchema),
  /** Writes them into the workspace's folder for releases. */
  'deploy.writeFiles': call(renderInputSchema, releasePreviewSchema),
  /** Of the host, and of the release in the source where there is one. */
  'deploy.preflight': call(releaseSourceSchema, z.array(preflightFindingSchema)),
  'deploy.plan': call(releaseSourceSchema, releasePlanSchema),
  /** Begins; `deploy.watch` tells how it goes. It goes on when the page closes. */
  'deploy.start': call(deployActionSchema, operationSchema),
  /** The last one of this process. */
  'deploy.operation': call(z.object({}), operationSchema.nullable()),
  'deploy.watch': stream(z.object({ id: z.string() }), deployEventSchema),
  'deploy.cancel': call(z.object({ id: z.string() }), z.object({})),
  'deploy.logs': stream(
    z.object({
      services: z.array(z.string()).optional(),
      tail: z.number().int().min(0).max(5000),
      follow: z.boolean(),
    }),
    logLineSchema,
  ),
  'deploy.initialiseSwarm': call(z.object({}), z.object({})),
  /** What becomes of the application's repository; its last commit is read, and nothing changes. */
  'deploy.application': call(z.object({ repo: z.string().min(1) }), applicationViewSchema),
  /** Writes those changes on a new branch, unless another commit than `head` is the last one. */
  'deploy.writeBranch': call(
    z.object({ repo: z.string().min(1), head: z.string(), branch: z.string().min(1) }),
    z.object({ commit: z.string() }),
  ),
};
