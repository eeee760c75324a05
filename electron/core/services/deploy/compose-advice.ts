import { z } from 'zod';

const advisedSchema = z.looseObject({
  image: z.string().optional(),
  container_name: z.string().optional(),
  build: z.unknown().optional(),
  healthcheck: z.looseObject({ disable: z.boolean().optional() }).optional(),
  stop_grace_period: z.string().optional(),
  ports: z.array(z.unknown()).optional(),
  deploy: z
    .looseObject({
      replicas: z.number().optional(),
      update_config: z
        .looseObject({ order: z.string().optional(), failure_action: z.string().optional() })
        .optional(),
    })
    .optional(),
  volumes: z.array(z.unknown()).optional(),
});

/** What of a service makes a release drop requests or go live unseen; each in a sentence. */
export function adviceOn(service: string, given: unknown): { service: string; message: string }[] {
  const parsed = advisedSchema.safeParse(given);
  if (!parsed.success) return [];
  const {
    image = '',
    container_name,
    build,
    healthcheck,
    ports = [],
    deploy,
    stop_grace_period,
  } = parsed.data;
  const messages: string[] = [];
  if (container_name !== undefined)
    messages.push('container_name is ignored: two versions run side by side during an update.');
  if (build !== undefined) messages.push('build is ignored: the host only runs images that were pushed.');
  if (healthcheck === undefined || healthcheck.disable === true)
    messages.push('It has no health check, so a broken version counts as running.');
  const order = deploy?.update_config?.order;
  // A volume with state is why a service may have to stop before its successor starts.
  if (order !== 'start-first' && (parsed.data.volumes ?? []).length === 0)
    messages.push('Its update stops the old version first (update_config.order): requests fail in between.');
  if (deploy?.update_config?.failure_action !== 'rollback')
    messages.push('A failing update pauses instead of going back (update_config.failure_action).');
  if (stop_grace_period === undefined)
    messages.push('It has 10 s to end what it does (stop_grace_period), which may cut long requests.');
  if (ports.some((port) => z.looseObject({ mode: z.literal('host') }).safeParse(port).success))
    messages.push('It publishes a port of the host itself, so two versions can’t run side by side.');
  if (!/@sha256:/.test(image) && /(^[^:]*$|:latest$)/.test(image.replace(/^[^/]*:\d+\//, '')))
    messages.push(`The image ${image} has no tag of its own, so a rollback may not find the version before.`);
  return messages.map((message) => ({ service, message }));
}
