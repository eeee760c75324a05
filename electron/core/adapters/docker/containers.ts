import { z } from 'zod';
import type { RuntimeKind } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import type { DockerApi } from './docker-api';
import { stackLabel } from './swarm';

/** The labels by which Compose knows its containers. */
const projectLabel = 'com.docker.compose.project';
const serviceLabel = 'com.docker.compose.service';
/** By which a swarm names the service of a container, with the stack's name before it. */
const swarmServiceLabel = 'com.docker.swarm.service.name';

const listSchema = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    Labels: z.record(z.string(), z.string()).nullish(),
    Ports: z.array(z.object({ PublicPort: z.number().optional() })).nullish(),
  }),
);

const containerSchema = z.object({
  Id: z.string(),
  Config: z.object({
    Image: z.string(),
    Env: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    Error: z.string().optional(),
    StartedAt: z.string(),
    Health: z
      .object({ Status: z.string(), Log: z.array(z.object({ Output: z.string() })).nullish() })
      .nullish(),
  }),
  HostConfig: z.object({ NanoCpus: z.number().optional(), Memory: z.number().optional() }),
});

/** A container of a Compose project. */
export interface Container {
  id: string;
  service: string;
  image: string;
  environment: [string, string][];
  /** `created`, `running`, `restarting`, `exited`, `dead`… */
  state: string;
  health: string | undefined;
  startedAt: string;
  /** Why it does not run or is not healthy, as the engine has it. */
  failure: string | undefined;
  cpus: number | undefined;
  memoryBytes: number | undefined;
}

/** The ids of a project's containers, ended ones included. */
export async function projectContainers(
  docker: DockerApi,
  project: string,
  signal: AbortSignal,
): Promise<string[]> {
  const filters = JSON.stringify({
    label: [`${projectLabel}=${project}`, 'com.docker.compose.oneoff=False'],
  });
  const found = await docker.call(
    { path: '/containers/json', query: { all: '1', filters } },
    listSchema,
    signal,
  );
  return found.map(({ Id }) => Id);
}

/** The running containers of a stack on this host, with the names of their services, whichever of the two runs them. */
export async function stackContainers(
  docker: DockerApi,
  stack: string,
  runtime: RuntimeKind,
  signal: AbortSignal,
): Promise<{ id: string; service: string }[]> {
  const [of, name] = runtime === 'swarm' ? [stackLabel, swarmServiceLabel] : [projectLabel, serviceLabel];
  const filters = JSON.stringify({ label: [`${of}=${stack}`] });
  const found = await docker.call({ path: '/containers/json', query: { filters } }, listSchema, signal);
  return found.map(({ Id, Labels }) => {
    const service = Labels?.[name] ?? '';
    return { id: Id, service: service.startsWith(`${stack}_`) ? service.slice(stack.length + 1) : service };
  });
}

const statsSchema = z.object({
  cpu_stats: z.object({
    cpu_usage: z.object({ total_usage: z.number() }),
    system_cpu_usage: z.number().optional(),
    online_cpus: z.number().optional(),
  }),
  memory_stats: z.object({
    usage: z.number().optional(),
    limit: z.number().optional(),
    stats: z.record(z.string(), z.number()).nullish(),
  }),
});

/** What a container has taken of its host: processor time since its start, and memory now. */
export interface ContainerStats {
  cpuNanoseconds: number;
  /** Of all cores together, busy or not, by the same clock. */
  hostNanoseconds: number;
  cores: number;
  memoryBytes: number;
  memoryLimitBytes: number;
}

/** One measurement; undefined for a container that has ended. */
export async function containerStats(
  docker: DockerApi,
  id: string,
  signal: AbortSignal,
): Promise<ContainerStats | undefined> {
  const query = { stream: 'false', 'one-shot': 'true' };
  const read = await docker
    .call({ path: `/containers/${id}/stats`, query }, statsSchema, signal)
    .catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    });
  const { usage, limit = 0, stats } = read?.memory_stats ?? {};
  if (read === undefined || usage === undefined) return undefined;
  // Files that the kernel may forget at any time are no use of memory; the two generations of cgroups name them differently.
  const forgettable = stats?.['inactive_file'] ?? stats?.['total_inactive_file'] ?? 0;
  return {
    cpuNanoseconds: read.cpu_stats.cpu_usage.total_usage,
    hostNanoseconds: read.cpu_stats.system_cpu_usage ?? 0,
    cores: read.cpu_stats.online_cpus ?? 1,
    memoryBytes: Math.max(usage - forgettable, 0),
    memoryLimitBytes: limit,
  };
}

/** Ports of the host that running containers publish: the project's own, and others' with their names. */
export async function publishedPorts(
  docker: DockerApi,
  project: string,
  signal: AbortSignal,
): Promise<{ own: Set<number>; others: Map<number, string> }> {
  const own = new Set<number>();
  const others = new Map<number, string>();
  for (const { Names, Labels, Ports } of await docker.call(
    { path: '/containers/json' },
    listSchema,
    signal,
  )) {
    for (const { PublicPort: port } of Ports ?? []) {
      if (port === undefined) continue;
      if (Labels?.[projectLabel] === project) own.add(port);
      else others.set(port, Names[0]?.replace(/^\//, '') ?? 'a container');
    }
  }
  return { own, others };
}

/** One container as it is now. Throws `NOT_FOUND` when it is gone. */
export async function inspectContainer(
  docker: DockerApi,
  id: string,
  signal: AbortSignal,
): Promise<Container> {
  const { Config, State, HostConfig } = await docker.call(
    { path: `/containers/${id}/json` },
    containerSchema,
    signal,
  );
  const { NanoCpus = 0, Memory = 0 } = HostConfig;
  const health = State.Health?.Status;
  return {
    id,
    service: Config.Labels?.[serviceLabel] ?? '',
    image: Config.Image,
    environment: (Config.Env ?? []).map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    }),
    state: State.Status,
    health: health === 'none' ? undefined : health,
    startedAt: State.StartedAt,
    failure:
      State.Status !== 'running' && State.Status !== 'created'
        ? State.Error === undefined || State.Error === ''
          ? `exit code ${State.ExitCode}`
          : State.Error
        : health === 'unhealthy'
          ? (State.Health?.Log?.at(-1)?.Output.trim().slice(0, 300) ?? 'unhealthy')
          : undefined,
    cpus: NanoCpus === 0 ? undefined : NanoCpus / 1e9,
    memoryBytes: Memory === 0 ? undefined : Memory,
  };
}
