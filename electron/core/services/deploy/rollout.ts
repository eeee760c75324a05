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
import { failuresOf, type Rollout, rolloutOf, shortName } from './service-status';

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

/** How far one service has come. */
export interface ServiceProgress {
  /** As the operator knows it. */
  name: string;
  state: Rollout;
  /** What is told of it: the engine's word while it is under way. */
  word: string;
  message: string;
  /** Why it failed, the newest first. */
  reasons: readonly string[];
}

/** What is waited for, as it stands now. */
export type Watched = (signal: AbortSignal) => Promise<ServiceProgress[]>;

/** How far a service of a swarm has come with what began at `since`, by the engine's clock. */
export function swarmProgress(
  name: string,
  service: SwarmService,
  tasks: readonly SwarmTask[],
  since: string,
): ServiceProgress {
  const state = rolloutOf(service, tasks, since);
  const update = service.UpdateStatus;
  return {
    name,
    state,
    word: state === 'under-way' ? (update?.State ?? 'starting') : state,
    message: update?.Message ?? '',
    reasons: state === 'failed' ? failuresOf(service, tasks, since).map(({ message }) => message) : [],
  };
}

/** Every service of a stack. */
export const stackOf =
  (host: DeployHost, stack: string, since: string): Watched =>
  async (signal) => {
    const [services, tasks] = await Promise.all([
      stackServices(host.docker, stack, signal),
      stackTasks(host.docker, stack, signal),
    ]);
    return services.map((service) => swarmProgress(shortName(stack, service), service, tasks, since));
  };

/**
 * Waits until every watched service runs what it was asked for, healthy. Throws `RELEASE_FAILED` when one does not, with the reasons that
 * are known, and `TIMED_OUT` after the limit.
 */
export async function awaitRollout(
  watched: Watched,
  limitMs: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  const told = new Map<string, string>();
  for (;;) {
    const services = await watched(signal);
    for (const { name, word, message } of services) {
      const key = `${word} ${message}`;
      if (told.get(name) === key) continue;
      told.set(name, key);
      tell({ type: 'service', service: name, state: word, message });
    }
    const failed = services.find(({ state }) => state === 'failed');
    if (failed !== undefined) throw failure(failed.name, [...new Set(failed.reasons)]);
    const late = services.filter(({ state }) => state !== 'done').map(({ name }) => name);
    if (services.length > 0 && late.length === 0) return;
    if (Date.now() > deadline) {
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
