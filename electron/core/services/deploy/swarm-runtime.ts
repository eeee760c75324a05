import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '#shared/model/errors';
import {
  listServices,
  stackServices,
  stackTasks,
  type SwarmService,
  updateService,
} from '../../adapters/docker/swarm';
import type { DeployHost } from './deploy-host';
import { environmentOf, planRelease } from './release-plan';
import { releaseComposeFile } from './release-store';
import { awaitRollout, engineTime, phase, stackOf, type Tell } from './rollout';
import type { Runtime } from './runtime';
import { engineLog, merged } from './service-log';
import { serviceStatus, shortName } from './service-status';

const pollMs = 1_000;

/** A stack of services in the host's swarm. */
export function swarmRuntime(host: DeployHost, stack: string): Runtime {
  const change = async (
    name: string,
    limitMs: number,
    tell: Tell,
    signal: AbortSignal,
    spec: (service: SwarmService) => SwarmService['Spec'],
  ) => {
    const service = await findService(host, stack, name, signal);
    const since = await engineTime(host, signal);
    await updateService(host.docker, service, spec(service), signal);
    await awaitRollout(stackOf(host, stack, since), limitMs, tell, signal);
  };
  return {
    kind: 'swarm',
    services: async (signal) => {
      const [services, tasks] = await Promise.all([
        stackServices(host.docker, stack, signal),
        stackTasks(host.docker, stack, signal),
      ]);
      return services.map((service) => serviceStatus(stack, service, tasks));
    },
    plan: async (bundle, signal) =>
      planRelease(stack, bundle, await stackServices(host.docker, stack, signal)),
    ports: async (signal) => {
      const own = new Set<number>();
      const others = new Map<number, string>();
      for (const service of await listServices(host.docker, signal)) {
        for (const { PublishedPort: port } of service.Endpoint?.Ports ?? []) {
          if (port === undefined) continue;
          if (service.Spec.Name.startsWith(`${stack}_`)) own.add(port);
          else others.set(port, service.Spec.Name);
        }
      }
      return { own, others };
    },
    validate: (folder, signal) => validate(host, folder, signal),
    deploy: async (record, folder, { prune, limitMs }, tell, signal) => {
      phase(tell, 'deploy', `Change the services to ${record.id}`);
      const since = await engineTime(host, signal);
      const args = ['stack', 'deploy', '--with-registry-auth', ...(prune ? ['--prune'] : [])];
      await host.runDocker([...args, '-c', releaseComposeFile, stack], signal, {
        in: folder,
        onOutput: (text) => {
          for (const line of text.split('\n').filter((part) => part.trim() !== ''))
            tell({ type: 'log', source: 'docker', line });
        },
      });
      phase(tell, 'rollout', 'Wait until every service is healthy');
      await awaitRollout(stackOf(host, stack, since), limitMs, tell, signal);
    },
    scale: async (name, replicas, _folder, limitMs, tell, signal) => {
      await change(name, limitMs, tell, signal, ({ Spec }) => ({
        ...Spec,
        Mode: { ...Spec.Mode, Replicated: { ...Spec.Mode.Replicated, Replicas: replicas } },
      }));
      if (replicas === 0) await awaitDrained(host, stack, name, limitMs, tell, signal);
    },
    restart: (name, limitMs, tell, signal) =>
      change(name, limitMs, tell, signal, ({ Spec }) => ({
        ...Spec,
        TaskTemplate: { ...Spec.TaskTemplate, ForceUpdate: (Spec.TaskTemplate.ForceUpdate ?? 0) + 1 },
      })),
    logs: async (filter, signal) => {
      const all = await stackServices(host.docker, stack, signal);
      const chosen = all.filter(
        (service) => filter.services === undefined || filter.services.includes(shortName(stack, service)),
      );
      const sources = chosen.map((service) =>
        engineLog(host.docker, `/services/${service.ID}/logs`, shortName(stack, service), filter, signal),
      );
      return { environment: all.flatMap(environmentOf), lines: merged(sources) };
    },
  };
}

async function findService(
  host: DeployHost,
  stack: string,
  name: string,
  signal: AbortSignal,
): Promise<SwarmService> {
  const services = await stackServices(host.docker, stack, signal);
  const found = services.find((service) => shortName(stack, service) === name);
  if (found !== undefined) return found;
  throw noSuchService(
    stack,
    name,
    services.map((service) => shortName(stack, service)),
  );
}

/** Waits for the containers that still end what they do. */
async function awaitDrained(
  host: DeployHost,
  stack: string,
  name: string,
  limitMs: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const { ID } = await findService(host, stack, name, signal);
  const deadline = Date.now() + limitMs;
  let told = -1;
  for (;;) {
    const tasks = await stackTasks(host.docker, stack, signal);
    const left = tasks.filter(
      ({ ServiceID, Status }) => ServiceID === ID && Status.State === 'running',
    ).length;
    if (left === 0) return;
    if (left !== told)
      tell({ type: 'service', service: name, state: 'draining', message: `${left} still at work` });
    told = left;
    if (Date.now() > deadline) {
      throw new AppError('TIMED_OUT', `${name} still works after ${limitMs / 1000} s.`, {
        hint: 'It is ended when its stop_grace_period is over; look again later.',
      });
    }
    await delay(pollMs, undefined, { signal });
  }
}

/** A name that none of the stack's services has. */
export function noSuchService(stack: string, name: string, known: readonly string[]): AppError {
  return new AppError('NOT_FOUND', `The stack ${stack} has no service ${name}.`, {
    hint: known.length === 0 ? 'Nothing is deployed yet.' : `It has ${known.join(', ')}.`,
  });
}

/** Only clients from 23.0 can say what they make of a file; an older one reads it when it deploys. */
async function validate(host: DeployHost, folder: string, signal: AbortSignal): Promise<void> {
  try {
    await host.runDocker(['stack', 'config', '-c', releaseComposeFile], signal, { in: folder });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'HOST_COMMAND_FAILED') throw error;
    const words = error.details?.output ?? error.message;
    if (/unknown (shorthand )?flag|is not a docker command|Usage:/i.test(words)) return;
    throw composeRefused(words);
  }
}

/** The host's client does not take the compose file. */
export function composeRefused(words: string): AppError {
  return new AppError('COMPOSE_INVALID', `Docker on the host refuses the compose file: ${words}`, {
    hint: 'Correct what is named, then render and try again.',
    details: { output: words },
  });
}
