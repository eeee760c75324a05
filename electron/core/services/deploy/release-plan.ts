import type { EnvironmentChange, ReleasePlan, ServiceChange } from '#shared/model/deploy';
import type { VariableChange } from '#shared/model/easypanel';
import type { SwarmService } from '../../adapters/docker/swarm';
import type { BundleService, ComposeBundle } from './compose-bundle';
import { desiredReplicas, shortName } from './service-status';

/** What a release would do to the services that the host runs now. Values of the environment are compared and never told. */
export function planRelease(
  stack: string,
  bundle: ComposeBundle,
  running: readonly SwarmService[],
): ReleasePlan {
  const now = new Map(running.map((service) => [shortName(stack, service), service]));
  const services: ServiceChange[] = [];
  const environment: EnvironmentChange[] = [];
  for (const wanted of bundle.services) {
    const service = now.get(wanted.name);
    if (service === undefined) {
      services.push({ service: wanted.name, change: 'created', differences: [wanted.image] });
      continue;
    }
    const changes = environmentChanges(wanted, service);
    environment.push(...changes);
    const differences = [
      ...imageChange(wanted.image, service),
      ...(wanted.replicas === desiredReplicas(service)
        ? []
        : [`${desiredReplicas(service)} → ${wanted.replicas} replicas`]),
      ...(changes.length === 0 ? [] : [`${changes.length} of its environment`]),
    ];
    services.push({
      service: wanted.name,
      change: differences.length === 0 ? 'unchanged' : 'changed',
      differences,
    });
  }
  const wantedNames = new Set(bundle.services.map(({ name }) => name));
  for (const [name, service] of now) {
    if (wantedNames.has(name)) continue;
    const image = withoutDigest(service.Spec.TaskTemplate.ContainerSpec.Image);
    services.push({ service: name, change: 'removed', differences: [image] });
  }
  return { stack, services, environment, warnings: bundle.warnings };
}

/** The engine adds the digest that it found for a tag. */
export function withoutDigest(image: string): string {
  return image.replace(/@sha256:[0-9a-f]+$/, '');
}

function imageChange(wanted: string, service: SwarmService): string[] {
  const image = service.Spec.TaskTemplate.ContainerSpec.Image;
  if (image === wanted || withoutDigest(image) === wanted) return [];
  return [`${withoutDigest(image)} → ${wanted}`];
}

/** What the containers of a service see. */
export function environmentOf(service: SwarmService): [string, string][] {
  return (service.Spec.TaskTemplate.ContainerSpec.Env ?? []).map((line) => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
}

function environmentChanges(wanted: BundleService, service: SwarmService): EnvironmentChange[] {
  const now = new Map(environmentOf(service));
  return variableChanges(now, wanted.environment).map((change) => ({ service: wanted.name, ...change }));
}

/** The names of variables that come, go or get another value. */
export function variableChanges(
  now: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): VariableChange[] {
  const names = [...new Set([...wanted.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => {
    const before = now.get(name);
    const after = wanted.get(name);
    if (before === after) return [];
    return [{ name, change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed' }];
  });
}
