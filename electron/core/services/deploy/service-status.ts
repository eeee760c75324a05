import { isDeepStrictEqual } from 'node:util';
import { releaseIdSchema, type ServiceStatus } from '#shared/model/deploy';
import type { SwarmService, SwarmTask } from '../../adapters/docker/swarm';
import { releaseLabel } from './compose-bundle';

const endedStates = new Set(['failed', 'rejected', 'orphaned']);
/** What the engine writes when an update did not end well. */
const failedUpdates = new Set(['paused', 'rollback_paused', 'rollback_completed']);

/** Failures of tasks that the status lists. */
const shownFailures = 5;

export function desiredReplicas(service: SwarmService): number {
  return service.Spec.Mode.Replicated?.Replicas ?? service.ServiceStatus?.DesiredTasks ?? 1;
}

/** Name within the stack. */
export function shortName(stack: string, service: SwarmService): string {
  return service.Spec.Name.startsWith(`${stack}_`)
    ? service.Spec.Name.slice(stack.length + 1)
    : service.Spec.Name;
}

/** Tasks that run what the service asks for now: an update is through when there are enough of them and no others. */
function currentTasks(service: SwarmService, tasks: readonly SwarmTask[]): { current: number; old: number } {
  const running = tasks.filter(
    (task) =>
      task.ServiceID === service.ID && task.Status.State === 'running' && task.DesiredState === 'running',
  );
  const wanted = service.Spec.TaskTemplate;
  const current = running.filter(
    (task) =>
      isDeepStrictEqual(task.Spec.ContainerSpec, wanted.ContainerSpec) &&
      (task.Spec.ForceUpdate ?? 0) === (wanted.ForceUpdate ?? 0),
  ).length;
  return { current, old: running.length - current };
}

/** Why tasks of a service ended, the newest first. */
export function failuresOf(
  service: SwarmService,
  tasks: readonly SwarmTask[],
  since = '',
): { at: string; message: string }[] {
  return tasks
    .filter(
      (task) =>
        task.ServiceID === service.ID &&
        endedStates.has(task.Status.State) &&
        (since === '' || Date.parse(task.CreatedAt) >= Date.parse(since)),
    )
    .map((task) => ({
      at: task.Status.Timestamp,
      message: task.Status.Err ?? task.Status.Message ?? task.Status.State,
    }))
    .sort((a, b) => b.at.localeCompare(a.at));
}

export type Rollout = 'under-way' | 'done' | 'failed';

/**
 * How far the last change of a service has come. `since` is the engine's time at which it began: the first start of a service knows no
 * failing, so it has failed once three of its tasks have.
 */
export function rolloutOf(service: SwarmService, tasks: readonly SwarmTask[], since: string): Rollout {
  const update = service.UpdateStatus?.State;
  const updateIsOld = Date.parse(service.UpdateStatus?.StartedAt ?? '') < Date.parse(since);
  if (update !== undefined && failedUpdates.has(update) && !updateIsOld) return 'failed';
  const { current, old } = currentTasks(service, tasks);
  const finished = update === undefined || update === 'completed' || update === '' || updateIsOld;
  if (finished && current >= desiredReplicas(service) && old === 0) return 'done';
  if (finished && failuresOf(service, tasks, since).length >= 3) return 'failed';
  return 'under-way';
}

/** A service as the console shows it. */
export function serviceStatus(
  stack: string,
  service: SwarmService,
  tasks: readonly SwarmTask[],
): ServiceStatus {
  const desired = desiredReplicas(service);
  const { current, old } = currentTasks(service, tasks);
  const running = current + old;
  const release = releaseIdSchema.safeParse(service.Spec.Labels?.[releaseLabel]);
  const limits = service.Spec.TaskTemplate.Resources?.Limits;
  const update = service.UpdateStatus;
  const starting = tasks.some(
    (task) =>
      task.ServiceID === service.ID &&
      task.DesiredState === 'running' &&
      ['new', 'pending', 'assigned', 'accepted', 'preparing', 'ready', 'starting'].includes(
        task.Status.State,
      ),
  );
  return {
    name: shortName(stack, service),
    image: service.Spec.TaskTemplate.ContainerSpec.Image,
    replicas: { running, desired },
    health:
      desired === 0
        ? 'stopped'
        : running >= desired
          ? 'healthy'
          : running > 0
            ? 'degraded'
            : starting
              ? 'starting'
              : 'down',
    ...(update?.State === undefined || update.State === ''
      ? {}
      : { update: { state: update.State, message: update.Message ?? '' } }),
    ...(release.success ? { release: release.data } : {}),
    limits: {
      ...(limits?.NanoCPUs === undefined ? {} : { cpus: limits.NanoCPUs / 1e9 }),
      ...(limits?.MemoryBytes === undefined ? {} : { memoryBytes: limits.MemoryBytes }),
    },
    changedAt: service.UpdatedAt,
    failures: failuresOf(service, tasks).slice(0, shownFailures),
  };
}
