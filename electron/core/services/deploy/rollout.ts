import { setTimeout as delay } from 'node:timers/promises';
import type { DeployEvent } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import { classifyDockerMessage } from '../../adapters/docker/classify';
import {
  engineInfo,
  stackServices,
  stackTasks,
  type SwarmService,
  type SwarmTask,
} from '../../adapters/docker/swarm';
import type { DeployHost } from './deploy-host';
import { failuresOf, rolloutOf, shortName } from './service-status';

const pollMs = 1_000;

export type Tell = (event: DeployEvent) => void;

/** Tells that a part of a deployment begins. */
export function phase(tell: Tell, name: string, message: string): void {
  tell({ type: 'phase', phase: name, message });
}

/** The engine's clock, by which its own records are told apart as before and after. */
export async function engineTime(host: DeployHost, signal: AbortSignal): Promise<string> {
  return (await engineInfo(host.docker, signal)).SystemTime;
}

/** What is waited for: the services as they are now, and their tasks. */
export interface Watched {
  look(signal: AbortSignal): Promise<{ services: SwarmService[]; tasks: SwarmTask[] }>;
  /** How the operator knows a service. */
  nameOf(service: SwarmService): string;
}

/** Every service of a stack. */
export const stackOf = (host: DeployHost, stack: string): Watched => ({
  look: async (signal) => {
    const [services, tasks] = await Promise.all([
      stackServices(host.docker, stack, signal),
      stackTasks(host.docker, stack, signal),
    ]);
    return { services, tasks };
  },
  nameOf: (service) => shortName(stack, service),
});

/**
 * Waits until every watched service runs what it was asked for, healthy. Throws `RELEASE_FAILED` when one does not, with what its tasks
 * said, and `TIMED_OUT` after the limit.
 */
export async function awaitRollout(
  watched: Watched,
  since: string,
  limitMs: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  const told = new Map<string, string>();
  for (;;) {
    const { services, tasks } = await watched.look(signal);
    const states = services.map((service) => ({ service, state: rolloutOf(service, tasks, since) }));
    for (const { service, state } of states) {
      const update = service.UpdateStatus;
      const word = state === 'under-way' ? (update?.State ?? 'starting') : state;
      const key = `${word} ${update?.Message ?? ''}`;
      if (told.get(service.ID) === key) continue;
      told.set(service.ID, key);
      tell({
        type: 'service',
        service: watched.nameOf(service),
        state: word,
        message: update?.Message ?? '',
      });
    }
    const failed = states.find(({ state }) => state === 'failed');
    if (failed !== undefined) {
      const reasons = failuresOf(failed.service, tasks, since).map(({ message }) => message);
      throw failure(watched.nameOf(failed.service), [...new Set(reasons)]);
    }
    if (states.length > 0 && states.every(({ state }) => state === 'done')) return;
    if (Date.now() > deadline) {
      const late = states
        .filter(({ state }) => state !== 'done')
        .map(({ service }) => watched.nameOf(service));
      const who = late.length === 0 ? 'What was to be changed' : late.join(', ');
      throw new AppError('TIMED_OUT', `${who} did not become healthy in ${limitMs / 1000} s.`, {
        hint: 'Read the service’s log. A slow start needs a longer start_period in its health check.',
        details: { services: late.join(', ') },
      });
    }
    await delay(pollMs, undefined, { signal });
  }
}

function failure(service: string, reasons: string[]): AppError {
  const words = reasons.slice(0, 3).join('; ');
  const known = classifyDockerMessage(words);
  return new AppError(
    'RELEASE_FAILED',
    `The service ${service} did not become healthy${words === '' ? '' : `: ${words}`}.`,
    {
      hint: known?.hint ?? `Read the log of ${service}; its health check or its start failed.`,
      details: { service, reasons: words, ...(known === undefined ? {} : { situation: known.code }) },
    },
  );
}
