import { z } from 'zod';
import type { ReleasePlan, ServiceChange, ServiceStatus } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import {
  type Container,
  inspectContainer,
  projectContainers,
  publishedPorts,
} from '../../adapters/docker/containers';
import type { ComposeBundle } from './compose-bundle';
import type { DeployHost } from './deploy-host';
import { variableChanges } from './release-plan';
import { releaseComposeFile } from './release-store';
import { awaitRollout, phase, type ServiceProgress, type Tell, type Watched } from './rollout';
import type { Runtime } from './runtime';
import { engineLog, merged } from './service-log';
import { composeRefused, noSuchService } from './swarm-runtime';

/** A container without a health check counts as started once it has run for so long. */
const settledMs = 5_000;

/** Said wherever somebody could take Compose for what a swarm does. */
const gap = 'Compose stops a container before its successor runs: requests fail in between.';

/** The services as containers of one Compose project, on a host without a swarm. */
export function composeRuntime(host: DeployHost, stack: string): Runtime {
  const containers = async (signal: AbortSignal): Promise<Container[]> =>
    Promise.all(
      (await projectContainers(host.docker, stack, signal)).map((id) =>
        inspectContainer(host.docker, id, signal),
      ),
    );
  const of = async (name: string, signal: AbortSignal): Promise<Container[]> => {
    const all = await containers(signal);
    const found = all.filter(({ service }) => service === name);
    if (found.length > 0) return found;
    throw noSuchService(stack, name, [...new Set(all.map(({ service }) => service))].sort());
  };
  const watch =
    (names: readonly string[]): Watched =>
    async (signal) =>
      progressOf(await containers(signal), names);
  const compose = async (
    args: readonly string[],
    folder: string,
    signal: AbortSignal,
    tell?: Tell,
  ): Promise<string> =>
    host.runCompose(['-p', stack, '-f', releaseComposeFile, ...args], signal, {
      in: folder,
      ...(tell === undefined
        ? {}
        : {
            onOutput: (text) => {
              for (const line of text.split('\n').filter((part) => part.trim() !== ''))
                tell({ type: 'log', source: 'docker', line });
            },
          }),
    });
  return {
    kind: 'compose',
    services: async (signal) => statusOf(await containers(signal)),
    plan: async (bundle, signal) => planOf(stack, bundle, await containers(signal)),
    ports: (signal) => publishedPorts(host.docker, stack, signal),
    validate: async (folder, signal) => {
      await compose(['config', '-q'], folder, signal).catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code !== 'HOST_COMMAND_FAILED') throw error;
        throw composeRefused(error.details?.output ?? error.message);
      });
    },
    deploy: async (record, folder, { prune, limitMs }, tell, signal) => {
      phase(tell, 'deploy', `Replace the containers by those of ${record.id}. ${gap}`);
      await compose(['up', '-d', '--no-build', ...(prune ? ['--remove-orphans'] : [])], folder, signal, tell);
      phase(tell, 'rollout', 'Wait until every container is healthy');
      await awaitRollout(watch(Object.keys(record.images)), limitMs, tell, signal);
    },
    scale: async (name, replicas, folder, limitMs, tell, signal) => {
      await of(name, signal);
      if (folder === undefined) {
        throw new AppError('RELEASE_NOT_FOUND', 'The host keeps no release that serves.', {
          hint: 'Make a release first.',
        });
      }
      const args = [
        'up',
        '-d',
        '--no-build',
        '--no-deps',
        '--no-recreate',
        '--scale',
        `${name}=${replicas}`,
        name,
      ];
      await compose(args, folder, signal, tell);
      if (replicas > 0) await awaitRollout(watch([name]), limitMs, tell, signal);
    },
    restart: async (name, limitMs, tell, signal) => {
      for (const { id } of await of(name, signal)) {
        await host.docker.call({ method: 'POST', path: `/containers/${id}/restart` }, z.unknown(), signal);
        await awaitRollout(watch([name]), limitMs, tell, signal);
      }
    },
    logs: async (filter, signal) => {
      const all = await containers(signal);
      const chosen = all.filter(
        ({ service }) => filter.services === undefined || filter.services.includes(service),
      );
      const sources = chosen.map(({ id, service }) =>
        engineLog(host.docker, `/containers/${id}/logs`, service, filter, signal),
      );
      return { environment: all.flatMap(({ environment }) => environment), lines: merged(sources) };
    },
  };
}

type Health = 'healthy' | 'starting' | 'failed';

function healthOf({ state, health, startedAt }: Container): Health {
  if (state !== 'running') return state === 'created' ? 'starting' : 'failed';
  if (health === 'unhealthy') return 'failed';
  if (health === 'starting') return 'starting';
  return health === 'healthy' || Date.now() - Date.parse(startedAt) > settledMs ? 'healthy' : 'starting';
}

function statusOf(containers: readonly Container[]): ServiceStatus[] {
  const names = [...new Set(containers.map(({ service }) => service))];
  return names.map((name) => {
    const own = containers.filter(({ service }) => service === name);
    const [first] = own;
    const running = own.filter((container) => healthOf(container) === 'healthy').length;
    const starting = own.some((container) => healthOf(container) === 'starting');
    return {
      name,
      image: first?.image ?? '',
      replicas: { running, desired: own.length },
      health: running === own.length ? 'healthy' : running > 0 ? 'degraded' : starting ? 'starting' : 'down',
      limits: {
        ...(first?.cpus === undefined ? {} : { cpus: first.cpus }),
        ...(first?.memoryBytes === undefined ? {} : { memoryBytes: first.memoryBytes }),
      },
      changedAt:
        own
          .map(({ startedAt }) => startedAt)
          .sort()
          .at(-1) ?? '',
      failures: own.flatMap(({ failure, startedAt }) =>
        failure === undefined ? [] : [{ at: startedAt, message: failure }],
      ),
    };
  });
}

function planOf(stack: string, bundle: ComposeBundle, containers: readonly Container[]): ReleasePlan {
  const services: ServiceChange[] = [];
  const environment: ReleasePlan['environment'] = [];
  for (const wanted of bundle.services) {
    const now = containers.find(({ service }) => service === wanted.name);
    if (now === undefined) {
      services.push({ service: wanted.name, change: 'created', differences: [wanted.image] });
      continue;
    }
    const own = new Map(now.environment.filter(([name]) => wanted.environment.has(name)));
    // What the image brings is in the container's environment too, so a variable that goes is not told.
    const changes = variableChanges(own, wanted.environment);
    environment.push(...changes.map((change) => ({ service: wanted.name, ...change })));
    const differences = [
      ...(now.image.startsWith(wanted.image) ? [] : [`${now.image} → ${wanted.image}`]),
      ...(changes.length === 0 ? [] : [`${changes.length} of its environment`]),
    ];
    services.push({
      service: wanted.name,
      change: differences.length === 0 ? 'unchanged' : 'changed',
      differences,
    });
  }
  const kept = new Set(bundle.services.map(({ name }) => name));
  for (const name of new Set(containers.map(({ service }) => service)))
    if (!kept.has(name)) services.push({ service: name, change: 'removed', differences: [] });
  return { stack, services, environment, warnings: [{ message: gap }, ...bundle.warnings] };
}

/** The services of these names, as far as their containers have come. */
function progressOf(containers: readonly Container[], names: readonly string[]): ServiceProgress[] {
  return names.map((name) => {
    const own = containers.filter(({ service }) => service === name);
    const failed = own.filter((container) => healthOf(container) === 'failed');
    const done = own.length > 0 && own.every((container) => healthOf(container) === 'healthy');
    const state = failed.length > 0 ? 'failed' : done ? 'done' : 'under-way';
    return {
      name,
      state,
      word: state === 'under-way' ? 'starting' : state,
      message: '',
      reasons: failed.map(({ failure }) => failure ?? 'its container ended'),
    };
  });
}
