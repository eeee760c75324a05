import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerUse, RuntimeKind } from '#shared/model/deploy';
import { type ContainerStats, containerStats, stackContainers } from '../../adapters/docker/containers';
import type { DeployHost } from './deploy-host';

/** The second measurement comes soon, for there is no use of processors before it. */
const firstPauseMs = 1_000;
const pauseMs = 4_000;

/** What the containers of a stack take of their host, again and again. Containers on other nodes of a swarm are not seen. */
export async function* measureUse(
  host: DeployHost,
  stack: string,
  runtime: RuntimeKind,
  signal: AbortSignal,
): AsyncGenerator<ContainerUse[]> {
  let before = new Map<string, ContainerStats>();
  for (let pause = firstPauseMs; ; pause = pauseMs) {
    const now = new Map<string, ContainerStats>();
    const use: ContainerUse[] = [];
    // One after the other: servers limit how many channels may be open at once.
    for (const { id, service } of await stackContainers(host.docker, stack, runtime, signal)) {
      const stats = await containerStats(host.docker, id, signal);
      if (stats === undefined) continue;
      now.set(id, stats);
      const { memoryBytes, memoryLimitBytes } = stats;
      use.push({
        id: id.slice(0, 12),
        service,
        cpus: coresInUse(before.get(id), stats),
        memoryBytes,
        memoryLimitBytes,
      });
    }
    yield use.sort((a, b) => a.service.localeCompare(b.service) || a.id.localeCompare(b.id));
    before = now;
    await delay(pause, undefined, { signal });
  }
}

/** Cores that were in use on average between two measurements; null where there is one only. */
export function coresInUse(before: ContainerStats | undefined, now: ContainerStats): number | null {
  if (before === undefined) return null;
  const used = now.cpuNanoseconds - before.cpuNanoseconds;
  const passed = now.hostNanoseconds - before.hostNanoseconds;
  return passed <= 0 || used < 0 ? null : (used / passed) * now.cores;
}
