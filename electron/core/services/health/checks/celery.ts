import type { RedisList } from '../../../adapters/probe/redis-probe';
import type { Finding, HealthConfig } from '#shared/model/health';
import { type CheckDefinition, finding } from '../check';

export type CeleryConfig = Pick<
  HealthConfig,
  'celeryQueues' | 'queueLimit' | 'taskWaitMinutes' | 'celeryWorkers'
>;

const service = { id: 'celery', title: 'celery', group: 'application' } as const;
/** How long workers may take to answer. A worker that waits for the event loop of its pool is no better than none. */
const patienceMs = 3000;

/** Celery behind redis: its queues, which are read, and its workers, which are asked for a sign of life. */
export function celeryChecks(url: string, config: CeleryConfig): CheckDefinition[] {
  const common = { service, host: new URL(url).hostname, dependsOn: 'redis.ping', timeoutMs: 10_000 };
  const waits = waitMeter();
  const checks: CheckDefinition[] = [
    {
      ...common,
      id: 'celery.queues',
      title: 'Queues',
      intervalMs: 30_000,
      run: async (signal) => {
        // Loaded when the first check runs: the client of redis is slow to load, and few starts need it.
        const { probeRedis } = await import('../../../adapters/probe/redis-probe');
        const { lists, pingMs, oldestTakenAt } = await probeRedis(url, config.celeryQueues, signal);
        const waiting = lists.reduce((sum, { length }) => sum + length, 0);
        const findings = lists.flatMap((list) => judgeQueue(list, waits(list), config));
        return {
          latencyMs: pingMs,
          summary: findings[0]?.message ?? 'Queues are short',
          reading: `${waiting} queued`,
          facts: [
            ...lists.map(({ name, length }) => ({ label: name, value: String(length) })),
            {
              label: 'Longest under way',
              value:
                oldestTakenAt === undefined
                  ? 'nothing'
                  : readableSeconds((Date.now() - oldestTakenAt) / 1000),
            },
          ],
          findings,
        };
      },
    },
  ];
  if (config.celeryWorkers === 0) return checks;
  return [
    ...checks,
    {
      ...common,
      id: 'celery.workers',
      title: 'Workers',
      patienceMs: patienceMs + 1000,
      intervalMs: 60_000,
      run: async (signal) => {
        const { probeWorkers } = await import('../../../adapters/probe/celery-probe');
        const names = await probeWorkers(url, config.celeryWorkers, patienceMs, signal);
        const enough = names.length >= config.celeryWorkers;
        return {
          summary: `${names.length} of ${config.celeryWorkers} workers answer`,
          reading: `${names.length} workers`,
          facts: [{ label: 'Answering', value: names.length === 0 ? 'none' : names.join(', ') }],
          findings: enough
            ? []
            : [
                finding(
                  'WORKERS_SILENT',
                  names.length === 0 ? 'down' : 'degraded',
                  names.length === 0
                    ? 'No worker of celery answers.'
                    : `Only ${names.length} of ${config.celeryWorkers} workers of celery answer.`,
                  'See whether the worker containers run and what they print. One that runs and does not answer hangs: restart it.',
                ),
              ],
        };
      },
    },
  ];
}

function judgeQueue({ name, length }: RedisList, waitMs: number, config: CeleryConfig): Finding[] {
  const findings: Finding[] = [];
  if (waitMs >= config.taskWaitMinutes * 60_000) {
    findings.push(
      finding(
        'QUEUE_STUCK',
        'degraded',
        `The next task of the queue ${name} waits for at least ${readableSeconds(waitMs / 1000)}.`,
        'No worker takes from this queue: see whether one listens to it (celery -Q) and what it is busy with.',
      ),
    );
  }
  if (length > config.queueLimit) {
    findings.push(
      finding(
        'QUEUE_LONG',
        'degraded',
        `${length} tasks wait in the queue ${name}; the limit is ${config.queueLimit}.`,
        'Look whether the workers run and what they are busy with; start more of them if they are.',
      ),
    );
  }
  return findings;
}

/** A task does not tell when it was sent; for how long the same one is next is known nevertheless. Milliseconds. */
function waitMeter(): (list: RedisList) => number {
  const seen = new Map<string, { id: string; since: number }>();
  return ({ name, oldest }) => {
    const now = performance.now();
    const known = seen.get(name);
    if (oldest === undefined) {
      seen.delete(name);
      return 0;
    }
    if (known?.id === oldest) return now - known.since;
    seen.set(name, { id: oldest, since: now });
    return 0;
  };
}

function readableSeconds(seconds: number): string {
  return seconds < 120 ? `${Math.max(0, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}
