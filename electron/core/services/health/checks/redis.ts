import { probeRedis, type RedisFacts } from '../../../adapters/probe/redis-probe';
import { formatBytes } from '#shared/model/format-bytes';
import type { Finding } from '#shared/model/health';
import { type CheckDefinition, finding } from '../check';

/** Redis itself, and the queues that celery keeps in it. Reads only. */
export function redisChecks(url: string, queues: readonly string[], queueLimit: number): CheckDefinition[] {
  const host = new URL(url).hostname;
  let evictedBefore: number | undefined;
  return [
    {
      id: 'redis.ping',
      title: 'Ping and memory',
      service: { id: 'redis', title: 'redis', group: 'application' },
      host,
      intervalMs: 30_000,
      timeoutMs: 10_000,
      run: async (signal) => {
        const facts = await probeRedis(url, [], signal);
        const findings = memoryFindings(facts, evictedBefore);
        evictedBefore = facts.evictedKeys;
        return {
          latencyMs: facts.pingMs,
          summary: findings[0]?.message ?? `${formatBytes(facts.usedMemory)} in use`,
          facts: [
            { label: 'Version', value: facts.version },
            { label: 'Memory', value: formatBytes(facts.usedMemory) },
            { label: 'Limit', value: facts.maxMemory === 0 ? 'none' : formatBytes(facts.maxMemory) },
            { label: 'Evicted keys', value: String(facts.evictedKeys) },
            { label: 'Clients', value: String(facts.connectedClients) },
          ],
          findings,
        };
      },
    },
    {
      id: 'celery.queues',
      title: 'Queues',
      service: { id: 'celery', title: 'celery', group: 'application' },
      host,
      dependsOn: 'redis.ping',
      intervalMs: 30_000,
      timeoutMs: 10_000,
      run: async (signal) => {
        const { lists, pingMs } = await probeRedis(url, queues, signal);
        const waiting = lists.reduce((sum, { length }) => sum + length, 0);
        const long = lists.filter(({ length }) => length > queueLimit);
        return {
          latencyMs: pingMs,
          summary:
            long.length === 0 ? 'Queues are short' : `${long.map(({ name }) => name).join(', ')} too long`,
          reading: `${waiting} queued`,
          facts: lists.map(({ name, length }) => ({ label: name, value: String(length) })),
          findings: long.map(({ name, length }) =>
            finding(
              'QUEUE_LONG',
              'degraded',
              `${length} tasks wait in the queue ${name}; the limit is ${queueLimit}.`,
              'Look whether the workers run and what they are busy with; start more of them if they are.',
            ),
          ),
        };
      },
    },
  ];
}

function memoryFindings(facts: RedisFacts, evictedBefore: number | undefined): Finding[] {
  const findings: Finding[] = [];
  if (facts.maxMemory > 0 && facts.usedMemory > facts.maxMemory * 0.9) {
    findings.push(
      finding(
        'REDIS_MEMORY_HIGH',
        'degraded',
        `redis uses ${formatBytes(facts.usedMemory)} of ${formatBytes(facts.maxMemory)}.`,
        'Raise maxmemory, or find keys without an expiry.',
      ),
    );
  }
  if (evictedBefore !== undefined && facts.evictedKeys > evictedBefore) {
    findings.push(
      finding(
        'REDIS_EVICTS',
        'degraded',
        `redis has thrown away ${facts.evictedKeys - evictedBefore} keys since the last look.`,
        'A broker must not lose keys: set maxmemory-policy noeviction and raise maxmemory.',
      ),
    );
  }
  return findings;
}
