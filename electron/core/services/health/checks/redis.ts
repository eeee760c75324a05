import { probeRedis, type RedisFacts } from '../../../adapters/probe/redis-probe';
import { formatBytes } from '#shared/model/format-bytes';
import type { Finding } from '#shared/model/health';
import { type CheckDefinition, finding } from '../check';
import { celeryChecks, type CeleryConfig } from './celery';

/** Redis itself, and celery with its queues in it. */
export function redisChecks(url: string, config: CeleryConfig): CheckDefinition[] {
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
    ...celeryChecks(url, config),
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
