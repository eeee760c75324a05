import { z } from 'zod';
import type { DockerApi } from './docker-api';

/** The label by which `docker stack` knows the services of a stack. */
export const stackLabel = 'com.docker.stack.namespace';

const resourcesSchema = z.object({ NanoCPUs: z.number().optional(), MemoryBytes: z.number().optional() });

const serviceSchema = z.object({
  ID: z.string(),
  CreatedAt: z.string(),
  UpdatedAt: z.string(),
  Version: z.object({ Index: z.number() }),
  // Kept whole: an update sends back what it did not mean to change.
  Spec: z.looseObject({
    Name: z.string(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Mode: z.looseObject({ Replicated: z.looseObject({ Replicas: z.number().optional() }).optional() }),
    TaskTemplate: z.looseObject({
      ForceUpdate: z.number().optional(),
      ContainerSpec: z.looseObject({
        Image: z.string(),
        Env: z.array(z.string()).nullish(),
        Healthcheck: z.looseObject({}).nullish(),
      }),
      Resources: z.looseObject({ Limits: resourcesSchema.nullish() }).nullish(),
    }),
  }),
  Endpoint: z
    .object({ Ports: z.array(z.object({ PublishedPort: z.number().optional() })).nullish() })
    .nullish(),
  UpdateStatus: z
    .object({
      State: z.string().optional(),
      Message: z.string().optional(),
      StartedAt: z.string().optional(),
      CompletedAt: z.string().optional(),
    })
    .nullish(),
  ServiceStatus: z
    .object({ RunningTasks: z.number().optional(), DesiredTasks: z.number().optional() })
    .nullish(),
});
export type SwarmService = z.infer<typeof serviceSchema>;

const taskSchema = z.object({
  ID: z.string(),
  ServiceID: z.string().optional(),
  CreatedAt: z.string(),
  DesiredState: z.string(),
  Spec: z.looseObject({ ContainerSpec: z.looseObject({ Image: z.string() }).optional() }),
  Status: z.object({
    Timestamp: z.string(),
    State: z.string(),
    Message: z.string().optional(),
    Err: z.string().optional(),
    ContainerStatus: z
      .object({ ContainerID: z.string().optional(), ExitCode: z.number().optional() })
      .nullish(),
  }),
});
export type SwarmTask = z.infer<typeof taskSchema>;

const infoSchema = z.object({
  NCPU: z.number(),
  MemTotal: z.number(),
  DockerRootDir: z.string(),
  SystemTime: z.string(),
  OperatingSystem: z.string(),
  Swarm: z.object({
    LocalNodeState: z.string(),
    ControlAvailable: z.boolean().optional(),
    Nodes: z.number().optional(),
  }),
});
export type EngineInfo = z.infer<typeof infoSchema>;

/** What the engine says of itself and its host. */
export function engineInfo(docker: DockerApi, signal: AbortSignal): Promise<EngineInfo> {
  return docker.call({ path: '/info' }, infoSchema, signal);
}

/** Every service of the swarm, with how many of its tasks run. Throws `SWARM_INACTIVE`. */
export function listServices(docker: DockerApi, signal: AbortSignal): Promise<SwarmService[]> {
  return docker.call({ path: '/services', query: { status: 'true' } }, z.array(serviceSchema), signal);
}

/** The services of one stack. */
export async function stackServices(
  docker: DockerApi,
  stack: string,
  signal: AbortSignal,
): Promise<SwarmService[]> {
  return docker.call(
    {
      path: '/services',
      query: { status: 'true', filters: JSON.stringify({ label: [`${stackLabel}=${stack}`] }) },
    },
    z.array(serviceSchema),
    signal,
  );
}

/** The service of this name with its tasks; none when there is no such service. */
export async function serviceNamed(
  docker: DockerApi,
  name: string,
  signal: AbortSignal,
): Promise<{ services: SwarmService[]; tasks: SwarmTask[] }> {
  const query = (key: string) => ({ filters: JSON.stringify({ [key]: [name] }) });
  const found = await docker.call(
    { path: '/services', query: { status: 'true', ...query('name') } },
    z.array(serviceSchema),
    signal,
  );
  // The engine's filter takes names that begin so, too.
  const services = found.filter((service) => service.Spec.Name === name);
  if (services.length === 0) return { services, tasks: [] };
  return {
    services,
    tasks: await docker.call({ path: '/tasks', query: query('service') }, z.array(taskSchema), signal),
  };
}

/** The tasks of one stack, ended ones that the swarm still remembers included. */
export async function stackTasks(
  docker: DockerApi,
  stack: string,
  signal: AbortSignal,
): Promise<SwarmTask[]> {
  return docker.call(
    { path: '/tasks', query: { filters: JSON.stringify({ label: [`${stackLabel}=${stack}`] }) } },
    z.array(taskSchema),
    signal,
  );
}

/** Changes one service; the engine refuses when it was changed meanwhile. */
export async function updateService(
  docker: DockerApi,
  service: SwarmService,
  spec: SwarmService['Spec'],
  signal: AbortSignal,
): Promise<void> {
  await docker.call(
    {
      method: 'POST',
      path: `/services/${service.ID}/update`,
      query: { version: String(service.Version.Index) },
      body: spec,
    },
    z.unknown(),
    signal,
  );
}

/** Makes the host the manager of a swarm of its own. */
export async function initialiseSwarm(
  docker: DockerApi,
  advertiseAddress: string,
  signal: AbortSignal,
): Promise<void> {
  await docker.call(
    {
      method: 'POST',
      path: '/swarm/init',
      body: { ListenAddr: '127.0.0.1:2377', AdvertiseAddr: advertiseAddress },
    },
    z.unknown(),
    signal,
  );
}
