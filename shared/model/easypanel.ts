import { z } from 'zod';

/** How a panel is spoken to: tRPC up to 2.30, its own RPC in 2.31 and 2.32, flat addresses since 2.33. */
export const easypanelGenerationSchema = z.enum(['trpc', 'rpc', 'flat']);
export type EasypanelGeneration = z.infer<typeof easypanelGenerationSchema>;

const panelNameSchema = z
  .string()
  .regex(/^[a-z0-9-_]+$/, 'Names in Easypanel hold lower-case letters, digits, - and _.');

/** A service of the panel by its two names. */
export const panelServiceIdSchema = z.object({ project: panelNameSchema, service: panelNameSchema });
export type PanelServiceId = z.infer<typeof panelServiceIdSchema>;

export const panelServiceSchema = panelServiceIdSchema.extend({
  /** `app`, `compose`, `postgres`, `redis`… */
  type: z.string(),
  /** Of an app that runs an image. */
  image: z.string().optional(),
  domains: z.array(z.string()),
  /** What can't be done with this kind of service, in sentences. */
  limits: z.array(z.string()),
});
export type PanelService = z.infer<typeof panelServiceSchema>;

export const panelViewSchema = z.object({
  generation: easypanelGenerationSchema,
  projects: z.array(z.string()),
  services: z.array(panelServiceSchema),
});
export type PanelView = z.infer<typeof panelViewSchema>;

export const variableChangeSchema = z.object({
  name: z.string(),
  change: z.enum(['added', 'changed', 'removed']),
});
export type VariableChange = z.infer<typeof variableChangeSchema>;

/** A host name without scheme and path. */
export const panelDomainSchema = z.object({
  host: z
    .string()
    .max(253)
    .regex(/^(?=.*\.)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i, 'A domain looks like shop.example.com.'),
  port: z.number().int().min(1).max(65_535),
  https: z.boolean(),
  /** Of a compose service: which of its services answers. */
  composeService: z.string().optional(),
});
export type PanelDomain = z.infer<typeof panelDomainSchema>;
