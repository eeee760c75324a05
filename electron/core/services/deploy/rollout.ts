import { setTimeout as delay } from 'node:timers/promises';
import type { DeployEvent } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import { classifyDockerMessage } from '../../adapters/docker/classify';
import { engineInfo, stackServices, stackTasks } from '../../adapters/docker/swarm';
import type { DeployHost } from './deploy-host';
import { failuresOf, rolloutOf, shortName } from './service-status';

const pollMs = 1_000;

export type Tell = (event: DeployEvent) => void;

/** The engine's clock, by which its own records are told apart as before and after. */
export async function engineTime(host: DeployHost, signal: AbortSignal): Promise<string> {
  return (await engineInfo(host.docker, signal)).SystemTime;
}

/**
 * Waits until every service of the stack runs what it was asked for, healthy. Throws `RELEASE_FAILED` when one does not, with what its
 * tasks said, and `TIMED_OUT` after the limit.
 */
export async function awaitRollout(
  host: DeployHost,
  stack: string,
  since: string,
  limitMs: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  const told = new Map<string, string>();
  for (;;) {
    const [services, tasks] = await Promise.all([
      stackServices(host.docker, stack, signal),
      stackTasks(host.docker, stack, signal),
    ]);
    const states = services.map((service) => ({ service, state: rolloutOf(service, tasks, since) }));
    for (const { service, state } of states) {
      const update = service.UpdateStatus;
      const word = state === 'under-way' ? (update?.State ?? 'starting') : state;
      const key = `${word} ${update?.Message ?? ''}`;
      if (told.get(service.ID) === key) continue;
      told.set(service.ID, key);
      tell({
        type: 'service',
        service: shortName(stack, service),
        state: word,
        message: update?.Message ?? '',
      });
    }
    const failed = states.find(({ state }) => state === 'failed');
    if (failed !== undefined) {
      const reasons = failuresOf(failed.service, tasks, since).map(({ message }) => message);
      throw failure(shortName(stack, failed.service), [...new Set(reasons)]);
    }
    if (states.length > 0 && states.every(({ state }) => state === 'done')) return;
    if (Date.now() > deadline) {
      const late = states
        .filter(({ state }) => state !== 'done')
        .map(({ service }) => shortName(stack, service));
      throw new AppError('TIMED_OUT', `${late.join(', ')} did not become healthy in ${limitMs / 1000} s.`, {
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
